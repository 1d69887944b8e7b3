from __future__ import annotations

import csv
import io
from dataclasses import replace

import numpy as np
import pytest

from gossamer import Optimize, TFLiteConverter, experimental
from gossamer.errors import GossamerError
from gossamer.experimental import QuantizationDebugger, QuantizationDebugOptions
from gossamer.flatbuffer.read import read
from gossamer.flatbuffer.write import write
from gossamer.ir.rewrite import substitute, with_subgraph
from gossamer.ir.types import DType
from gossamer.quantization.verifiers import with_verifiers
from tests.explain import spoiled
from tests.quantization import graphs, judge

COLUMNS = (
    "op_name,tensor_idx,num_elements,stddev,mean_error,max_abs_error,"
    "mean_squared_error,scale,zero_point,tensor_name"
)

NAMES = {node.output.name for node in graphs.network().main.nodes}


def data(count=4, seed=3):
    model = graphs.network()
    return lambda: (list(s.values()) for s in graphs.samples(model, count, seed))


def converter_of(graph=graphs.network):
    converter = TFLiteConverter(lambda _: graph())
    converter.optimizations = [Optimize.DEFAULT]
    converter.representative_dataset = data(32, 100)
    return converter


def debugger_of(**options):
    return QuantizationDebugger(
        converter=converter_of(),
        debug_dataset=data(),
        debug_options=QuantizationDebugOptions(**options),
    )


@pytest.fixture(scope="module")
def done():
    debugger = debugger_of()
    debugger.run()
    return debugger


def dump(debugger):
    text = io.StringIO(newline="")
    debugger.layer_statistics_dump(text)
    return text.getvalue()


def float_operators(content):
    """The names of what operators compute in float, conversions apart."""
    return {
        y.name
        for node in read(content).main.nodes
        for y in node.outputs
        if y.dtype is DType.FLOAT32 and node.op.name not in ("QUANTIZE", "DEQUANTIZE")
    }


def test_the_names_stand_where_tensorflow_lite_has_them():
    assert experimental.QuantizationDebugger is QuantizationDebugger
    assert experimental.QuantizationDebugOptions is QuantizationDebugOptions


def test_layers_that_only_round_are_off_by_a_root_of_twelve(done):
    for name, metrics in done.layer_statistics.items():
        assert name.startswith("NumericVerify/")
        assert metrics["mean_squared_error"] >= metrics["mean_error"] ** 2
    rows = {row["tensor_name"]: row for row in csv.DictReader(io.StringIO(dump(done)))}
    for name in ("side", "total", "half"):
        row = rows[name]
        steps = float(row["mean_squared_error"]) ** 0.5 / float(row["scale"])
        assert steps == pytest.approx(1 / np.sqrt(12), abs=0.06)


def test_the_dump_has_the_columns_of_tensorflow_lite(done):
    lines = dump(done).splitlines()
    assert lines[0] == COLUMNS
    assert len(lines) == len(done.layer_statistics) + 1
    model = read(done.get_debug_quantized_model())
    for row in csv.DictReader(io.StringIO(dump(done))):
        tensor = model.main.tensors[int(row["tensor_idx"])]
        assert tensor.name.removesuffix("_int8") == row["tensor_name"]
        assert row["tensor_name"] in NAMES
        scale, zero_point = tensor.quantization.pair()
        assert (float(row["scale"]), int(row["zero_point"])) == (scale, zero_point)
        assert float(row["num_elements"]) == tensor.type.size
        producer = model.main.producers()[tensor]
        assert row["op_name"] == producer.op.name


def test_both_models_answer_alike(done):
    debug = read(done.get_debug_quantized_model())
    plain = read(done.get_nondebug_quantized_model())
    verifiers = [n for n in debug.main.nodes if n.op.name == "NumericVerify"]
    assert len(verifiers) == len(done.layer_statistics)
    assert not [n for n in plain.main.nodes if n.op.name == "NumericVerify"]
    sample = graphs.samples(plain, 1, seed=3)[0]
    pairs = zip(judge.litert(debug, sample), judge.ours(plain, sample), strict=True)
    for one, other in pairs:
        np.testing.assert_array_equal(one, other)


def test_the_debug_model_can_be_given_instead_of_the_converter(done):
    again = QuantizationDebugger(
        quant_debug_model_content=done.get_debug_quantized_model(),
        debug_dataset=data(),
    )
    again.run()
    assert again.layer_statistics == done.layer_statistics
    with pytest.raises(ValueError, match="No converter found, use this function"):
        again.get_nondebug_quantized_model()


def test_what_is_on_a_denylist_stays_in_float():
    debugger = debugger_of(denylisted_nodes=["side"], denylisted_ops=["SOFTMAX"])
    debugger.run()
    measured = {name.split("/", 1)[1] for name in debugger.layer_statistics}
    assert not [name for name in measured if name.startswith(("side:", "answer"))]
    content = debugger.get_nondebug_quantized_model()
    assert float_operators(content) == {"side", "answer"}


def test_setting_options_quantizes_anew():
    debugger = debugger_of()
    debugger.run()
    before = len(debugger.layer_statistics)
    assert float_operators(debugger.get_nondebug_quantized_model()) == set()
    debugger.options = QuantizationDebugOptions(denylisted_ops=["CONV_2D"])
    assert debugger.layer_statistics is None
    debugger.run()
    assert len(debugger.layer_statistics) == before - 2
    content = debugger.get_nondebug_quantized_model()
    assert float_operators(content) == {"stem", "side"}


@pytest.mark.parametrize("whole", [False, True])
def test_ends_are_integers_where_the_model_is_quantized_fully(whole):
    debugger = debugger_of(fully_quantize=whole)
    debugger.run()
    model = read(debugger.get_nondebug_quantized_model())
    expected = DType.INT8 if whole else DType.FLOAT32
    assert {x.dtype for x in (*model.main.inputs, *model.main.outputs)} == {expected}


def test_metrics_of_users():
    def in_steps(real, stored, scale, zero_point):
        back = scale * (stored.astype(np.int32) - zero_point)
        return np.abs(real - back).max() / scale

    def same_class(real, quantized):
        return float(np.argmax(real[0]) == np.argmax(quantized[0]))

    debugger = debugger_of(
        layer_debug_metrics={"least": np.min},
        layer_direct_compare_metrics={"steps": in_steps},
        model_debug_metrics={"same": same_class},
    )
    debugger.run()
    assert debugger.model_statistics == {"same": 1.0}
    side = next(v for k, v in debugger.layer_statistics.items() if "/side:" in k)
    assert 0.4 < side["steps"] < 1
    assert side["least"] < 0
    assert "mean_squared_error,least,steps,scale" in dump(debugger).splitlines()[0]


def test_one_name_for_two_metrics_is_refused():
    with pytest.raises(ValueError, match="Provided metrics have duplicate keys"):
        QuantizationDebugOptions(
            layer_debug_metrics={"x": np.min}, model_debug_metrics={"x": max}
        )


def without(**attributes):
    converter = converter_of()
    for name, value in attributes.items():
        setattr(converter, name, value)
    return {"converter": converter}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (without(optimizations=[]), "must set optimizations to lite.Optimize.DEFAULT"),
        (without(representative_dataset=None), "must set representative_dataset"),
        ({"quant_debug_model_content": write(graphs.network())}, "is in debug mode"),
        ({}, "must be specified"),
    ],
)
def test_what_cannot_be_debugged(arguments, words):
    with pytest.raises(ValueError, match=words) as caught:
        QuantizationDebugger(debug_dataset=data(), **arguments)
    assert isinstance(caught.value, GossamerError)


def test_no_samples_and_no_run_are_told():
    debugger = QuantizationDebugger(converter=converter_of(), debug_dataset=list)
    with pytest.raises(ValueError, match=r"Call run\(\) before"):
        debugger.layer_statistics_dump(io.StringIO())
    with pytest.raises(ValueError, match="gave no samples"):
        debugger.run()


def test_weights_are_compared_as_they_are_stored():
    """What is left is the rounding of results, however coarse the weights are."""
    model, made = spoiled.network()
    coarse = spoiled.coarse_weights(made, "side/weights", keep=0xF0)
    debugger = QuantizationDebugger(
        quant_debug_model_content=write(with_verifiers(model, coarse)),
        debug_dataset=data(),
    )
    debugger.run()
    name, side = next(x for x in debugger.layer_statistics.items() if "/side:" in x[0])
    row = next(
        each
        for each in csv.DictReader(io.StringIO(dump(debugger)))
        if f"side:{each['tensor_idx']}" in name
    )
    steps = side["mean_squared_error"] ** 0.5 / float(row["scale"])
    assert steps == pytest.approx(1 / np.sqrt(12), abs=0.05)


def test_differences_that_a_file_calls_integers_are_real_numbers(done):
    """TensorFlow's converter writes them so, with the layer's name and a digit."""
    debug = read(done.get_debug_quantized_model())
    tensors = {x.name: x for x in debug.main.tensors}
    verify = next(
        x for x in tensors.values() if x.name.startswith("NumericVerify/side")
    )
    side = tensors["side"]
    name = verify.name.replace("side", "side1")
    stated = replace(verify, name=name, type=side.type, quantization=side.quantization)
    stored = replace(side, name="side1")
    real = replace(tensors["side_float"], name="side")
    changed = {verify: stated, side: stored, tensors["side_float"]: real}
    model = with_subgraph(debug, 0, substitute(debug.main, changed), changed)
    again = QuantizationDebugger(
        quant_debug_model_content=write(model), debug_dataset=data()
    )
    again.run()
    assert again.layer_statistics[name] == done.layer_statistics[verify.name]
    rows = csv.DictReader(io.StringIO(dump(again)))
    assert {row["tensor_name"] for row in rows} <= NAMES
