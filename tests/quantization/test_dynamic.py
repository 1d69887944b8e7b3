from __future__ import annotations

import numpy as np
import pytest

from gossamer.ir.build import Builder
from gossamer.ir.types import DType
from gossamer.ops import Gather, TransposeConv
from gossamer.quantization.dynamic import dynamic_range
from tests.quantization import graphs, judge


def wide(build):
    """An FC with many weights behind a convolution with many and one with few."""
    image = build.input("image", graphs.floats(1, 8, 8, 8))
    few = graphs.conv(build, image, 8, seed=1, name="few", activation="relu6")
    many = graphs.conv(build, few, 32, seed=2, name="many", activation="relu")
    deep = graphs.depthwise(build, many, seed=3, name="deep")
    flat = build.node(
        graphs.Mean(), deep, build.constant("axes", graphs.ints(1, 2)), name="flat"
    )
    scores = graphs.dense(build, flat, 40, seed=4, name="scores")
    return graphs.model_of(build, [image], [scores])


def transposed(build):
    x = build.input("x", graphs.floats(1, 4, 4, 8))
    weights = build.constant("weights", graphs.normal(5, 16, 3, 3, 8, spread=0.1))
    shape = build.constant("shape", graphs.ints(1, 8, 8, 16))
    op = TransposeConv(padding="same", stride_w=2, stride_h=2)
    y = build.node(op, shape, weights, x, name="up")
    return graphs.model_of(build, [x], [y])


def lookup(build):
    table = build.constant("table", graphs.normal(6, 200, 16))
    tokens = build.input("tokens", graphs.TensorType(DType.INT32, (5,)))
    rows = build.node(Gather(axis=0), table, tokens, name="rows")
    return graphs.model_of(build, [tokens], [rows])


def tensors(model):
    return {tensor.name: tensor for tensor in model.main.tensors}


def nodes(model):
    return {node.output.name: node for node in model.main.nodes}


@pytest.mark.parametrize("name", ["many", "scores"])
def test_large_weights_are_int8_per_channel(name):
    model = wide(Builder())
    weights = tensors(dynamic_range(model))[f"{name}/weights"]
    real = tensors(model)[f"{name}/weights"].data
    assert weights.dtype is DType.INT8
    assert weights.quantization.axis == 0
    assert weights.quantization.scale.shape == (real.shape[0],)
    assert weights.data.min() >= -127
    error = np.abs(weights.quantization.dequantize(weights.data) - real)
    assert (
        error.reshape(real.shape[0], -1).max(axis=1)
        <= 0.501 * weights.quantization.scale
    ).all()


@pytest.mark.parametrize("name", ["few", "deep"])
def test_weights_below_1024_elements_stay_in_float(name):
    model = wide(Builder())
    told = []
    made = dynamic_range(model, log=told.append)
    assert tensors(made)[f"{name}/weights"] is tensors(model)[f"{name}/weights"]
    assert any(f"'{name}'" in line and "fewer than 1024" in line for line in told)


def test_activations_and_biases_stay_in_float():
    model = wide(Builder())
    made = dynamic_range(model)
    assert made.main.inputs == model.main.inputs
    assert made.main.outputs == model.main.outputs
    for tensor in made.main.tensors:
        if not tensor.name.endswith("weights"):
            assert tensor.dtype is not DType.INT8


def test_fully_connected_gives_its_input_a_zero_point():
    model = wide(Builder())
    before, after = nodes(model)["scores"], nodes(dynamic_range(model))["scores"]
    assert not before.op.asymmetric_quantize_inputs
    assert after.op.asymmetric_quantize_inputs


def test_operator_versions_are_those_that_readers_check():
    made = nodes(dynamic_range(wide(Builder())))
    versions = {name: node.op.version(node) for name, node in made.items()}
    assert versions["many"] == 5
    assert versions["scores"] == 12
    assert versions["few"] == 1


def test_weights_of_an_operator_without_hybrid_kernel_are_dequantized():
    made = dynamic_range(transposed(Builder()))
    kinds = [node.op.name for node in made.main.nodes]
    assert kinds == ["DEQUANTIZE", "TRANSPOSE_CONV"]
    assert tensors(made)["weights"].dtype is DType.INT8


def test_a_table_stays_int8_up_to_the_rows_found():
    made = dynamic_range(lookup(Builder()))
    kinds = [node.op.name for node in made.main.nodes]
    assert kinds == ["GATHER", "DEQUANTIZE"]
    table = tensors(made)["table"]
    assert table.dtype is DType.INT8
    assert not table.quantization.is_per_channel
    assert [str(y) for y in made.main.outputs] == ["rows: float32[5x16]"]


def test_weights_used_twice_are_stored_once():
    build = Builder()
    x = build.input("x", graphs.floats(1, 32))
    weights = build.constant("shared", graphs.normal(1, 32, 32, spread=0.2))
    one = build.node(graphs.FullyConnected(), x, weights, None, name="one")
    two = build.node(graphs.FullyConnected(), one, weights, None, name="two")
    made = nodes(dynamic_range(graphs.model_of(build, [x], [two])))
    assert made["one"].inputs[1] is made["two"].inputs[1]


@pytest.mark.parametrize("graph", [wide, transposed])
def test_it_computes_what_the_float_model_does_and_what_litert_does(graph):
    model = graph(Builder())
    made = dynamic_range(model)
    for sample in graphs.samples(model, 3):
        (wanted,), (found,) = judge.ours(model, sample), judge.ours(made, sample)
        assert judge.signal_to_noise(wanted, found) > 30
        (theirs,) = judge.litert(made, sample)
        np.testing.assert_allclose(found, theirs, atol=1e-5 * np.abs(theirs).max())


def test_a_lookup_gives_the_rows_of_the_table():
    model = lookup(Builder())
    made = dynamic_range(model)
    sample = {"tokens": graphs.ints(0, 199, 7, 7, 3)}
    (wanted,), (found,) = judge.ours(model, sample), judge.ours(made, sample)
    scale, _ = tensors(made)["table"].quantization.pair()
    assert np.abs(found - wanted).max() <= 0.501 * scale
    np.testing.assert_array_equal(found, judge.litert(made, sample)[0])
