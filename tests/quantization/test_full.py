from __future__ import annotations

import numpy as np
import pytest

from gossamer.errors import QuantizationError
from gossamer.ir.build import Builder
from gossamer.ir.types import DType
from gossamer.quantization.full import full_integer
from tests.quantization import graphs, judge

F32, I8, U8 = DType.FLOAT32, DType.INT8, DType.UINT8
GRAPHS = [
    graphs.network,
    graphs.classifier,
    graphs.with_float_island,
    graphs.pinned_and_free,
    graphs.padded_sigmoid,
    graphs.several_outputs,
    graphs.upsampled,
    graphs.free_batch,
]


def quantized(model, input_type=I8, output_type=I8, **options):
    samples = graphs.samples(model)
    return full_integer(
        model, samples, input_type=input_type, output_type=output_type, **options
    )


def kinds(model):
    return [node.op.name for node in model.main.nodes]


def both_ways(model, made, sample):
    """Real outputs of the float model and of the quantized one."""
    entered = {x.name: judge.as_input(x, sample[x.name]) for x in made.main.inputs}
    wanted = judge.ours(model, sample)
    outputs = zip(made.main.outputs, judge.ours(made, entered), strict=True)
    return wanted, [judge.real(tensor, array) for tensor, array in outputs]


@pytest.mark.parametrize("graph", GRAPHS)
def test_the_integer_model_computes_what_the_float_model_does(graph):
    model = graph()
    made = quantized(model)
    noise = []
    for sample in graphs.samples(model, 8, seed=7):
        for wanted, found in zip(*both_ways(model, made, sample), strict=True):
            if wanted.dtype == np.float32:
                noise.append(judge.signal_to_noise(wanted, found))
    # Eight bits over the range give 40 dB and more for one tensor; a few layers
    # of them in a row lose some. A wrong scale anywhere falls below 10 dB.
    assert np.mean(noise) > 28
    assert np.min(noise) > 18


@pytest.mark.parametrize("graph", GRAPHS)
@pytest.mark.parametrize("boundary", [(F32, F32), (I8, I8), (U8, U8), (I8, F32)])
def test_litert_gives_the_same_bits(graph, boundary):
    model = graph()
    made = quantized(model, *boundary)
    for sample in graphs.samples(model, 3, seed=9):
        entered = {x.name: judge.as_input(x, sample[x.name]) for x in made.main.inputs}
        pairs = zip(judge.ours(made, entered), judge.litert(made, entered), strict=True)
        for mine, theirs in pairs:
            np.testing.assert_array_equal(mine, theirs)


def test_shape_arithmetic_is_left_alone():
    model = graphs.free_batch()
    made = quantized(model)
    assert kinds(made) == kinds(model)
    before, after = model.main.nodes, made.main.nodes
    assert after[0].input(0) is made.main.inputs[0]
    # SHAPE reads the int8 tensor; STRIDED_SLICE and PACK are the very same nodes.
    assert after[1:3] == before[1:3]
    assert made.main.inputs[0].signature == (-1, 4, 4)
    batch = graphs.normal(1, 5, 4, 4)
    entered = made.main.inputs[0].quantization.quantize(batch, I8)
    assert judge.ours(made, {"x": entered})[0].shape == (5, 4)


def test_an_operator_that_answers_with_integers_reads_int8():
    made = quantized(graphs.several_outputs())
    best = made.main.nodes[-1]
    assert best.op.name == "ARG_MAX"
    assert best.input(0).dtype is I8
    assert made.main.outputs[1].dtype is DType.INT32
    assert not made.main.outputs[1].is_quantized


def test_a_dead_channel_with_a_large_bias_keeps_its_bias():
    build = Builder()
    x = build.input("x", graphs.floats(1, 8))
    weights = graphs.normal(1, 4, 8, spread=0.3)
    weights[2] = 0
    bias = np.float32([0.1, -0.2, 7.5, 0.3])
    constants = (build.constant("weights", weights), build.constant("bias", bias))
    y = build.node(graphs.FullyConnected(), x, *constants, name="y")
    model = graphs.model_of(build, [x], [y])
    made = quantized(model)
    sample = graphs.samples(model, 1)[0]
    (found,) = both_ways(model, made, sample)[1]
    step, _ = made.main.outputs[0].quantization.pair()
    assert found[0, 2] == pytest.approx(7.5, abs=step)


def test_float_ends_keep_their_names_and_types():
    model = graphs.network()
    made = quantized(model, F32, F32)
    assert kinds(made) == ["QUANTIZE", *kinds(model), "DEQUANTIZE", "DEQUANTIZE"]
    assert [str(x) for x in made.main.inputs] == ["image: float32[1x8x8x3]"]
    assert [str(y) for y in made.main.outputs] == [
        "scores: float32[1x5]",
        "answer: float32[1x5]",
    ]


def test_uint8_ends_are_int8_moved_by_128():
    model = graphs.classifier()
    made, plain = quantized(model, U8, U8), quantized(model)
    assert kinds(made) == ["QUANTIZE", *kinds(model), "QUANTIZE"]
    ends = zip(
        (*made.main.inputs, *made.main.outputs),
        (*plain.main.inputs, *plain.main.outputs),
        strict=True,
    )
    for unsigned, signed in ends:
        assert unsigned.dtype is U8
        assert unsigned.name == signed.name
        scale, zero_point = signed.quantization.pair()
        assert unsigned.quantization.pair() == (scale, zero_point + 128)


def test_an_operator_without_int8_form_stays_in_float_between_conversions():
    told = []
    model = graphs.with_float_island()
    made = quantized(model, log=told.append)
    assert kinds(made) == [
        "FULLY_CONNECTED",
        "DEQUANTIZE",
        "NEG",
        "QUANTIZE",
        "FULLY_CONNECTED",
    ]
    assert told == ["NEG 'negative' stays in float: NEG has no int8 form"]


def test_strict_names_every_operator_without_int8_form():
    with pytest.raises(QuantizationError) as caught:
        quantized(graphs.with_float_island(), strict=True)
    text = str(caught.value)
    assert "1 operator cannot run on int8" in text
    assert "NEG 'negative': NEG has no int8 form" in text
    assert "OpsSet.TFLITE_BUILTINS" in text


def test_strict_accepts_what_is_all_int8():
    assert kinds(quantized(graphs.network(), strict=True)) == kinds(graphs.network())


def test_strict_refuses_before_it_takes_a_sample():
    def samples():
        raise AssertionError("a sample was taken")
        yield

    with pytest.raises(QuantizationError, match="NEG"):
        full_integer(
            graphs.with_float_island(),
            samples(),
            input_type=I8,
            output_type=I8,
            strict=True,
        )


def test_a_quantized_model_is_refused():
    model = graphs.classifier()
    with pytest.raises(QuantizationError, match=r"'image' is quantized already"):
        full_integer(quantized(model), [], input_type=I8, output_type=I8, strict=False)


def test_other_boundary_types_are_refused():
    with pytest.raises(QuantizationError, match=r"input type .* int16; expected"):
        quantized(graphs.classifier(), DType.INT16)


def test_no_samples_are_an_error_and_not_a_float_model():
    with pytest.raises(QuantizationError, match="gave no samples"):
        full_integer(
            graphs.classifier(), [], input_type=F32, output_type=F32, strict=False
        )


def test_the_runner_is_given_the_model_and_shows_what_ranges_are_made_of():
    model = graphs.classifier()
    asked = []

    def runner(given, subgraph):
        asked.append((given, subgraph))

        def run(inputs, see):
            for tensor in given.main.tensors:
                see(tensor, np.full(tensor.shape, 2.55, tensor.dtype.numpy))

        return run

    made = quantized(model, runner=runner)
    assert asked == [(model, 0)]
    assert made.main.outputs[0].quantization.pair() == (np.float32(0.01), -128)
