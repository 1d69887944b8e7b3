"""Weights stored in 8 and 4 bits, beside float activations."""

from __future__ import annotations

import numpy as np
import pytest
from ai_edge_litert.interpreter import OpResolverType

from gossamer.ir.build import Builder
from gossamer.ir.types import DType
from gossamer.ops import EmbeddingLookup
from gossamer.quantization.dynamic import stored_weights
from gossamer.quantization.rules import rule_of
from tests.quantization import graphs, judge
from tests.quantization.test_dynamic import lookup, nodes, tensors, transposed, wide

PLAIN = OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES
STORED = ["weight_int8", "weight_int4", "weight_int4:32", "dynamic_int4"]


def rows(build):
    """Two layers of many weights, with an activation and without."""
    x = build.input("x", graphs.floats(3, 64))
    one = graphs.dense(build, x, 128, seed=1, name="one", activation="relu")
    two = graphs.dense(build, one, 24, seed=2, name="two")
    return graphs.model_of(build, [x], [two])


def embedding(build):
    table = build.constant("table", graphs.normal(6, 200, 16))
    tokens = build.input("tokens", graphs.TensorType(DType.INT32, (5,)))
    found = build.node(EmbeddingLookup(), tokens, table, name="rows")
    return graphs.model_of(build, [tokens], [found])


def stored(model, mode, log=None):
    rule = rule_of("", mode)
    return stored_weights(model, lambda _: rule, log)


def kinds(model):
    return [node.op.name for node in model.main.nodes]


def close(mine, theirs, tolerance=1e-5):
    np.testing.assert_allclose(mine, theirs, atol=tolerance * np.abs(theirs).max())


@pytest.mark.parametrize("mode", STORED)
@pytest.mark.parametrize("graph", [rows, wide, transposed])
def test_it_computes_what_the_float_model_does_and_what_litert_does(graph, mode):
    model = graph(Builder())
    made = stored(model, mode)
    for sample in graphs.samples(model, 2):
        (wanted,), (found,) = judge.ours(model, sample), judge.ours(made, sample)
        # 4 bits: steps of a seventh of a row's largest weight.
        assert judge.signal_to_noise(wanted, found) > (38 if mode[-1] == "8" else 14)
        close(found, judge.litert(made, sample)[0])


@pytest.mark.parametrize("block", [32, 64])
def test_blocks_of_a_row_have_their_own_scales(block):
    model = rows(Builder())
    model_two = stored(model, f"dynamic_int4:{block}")
    weights = nodes(model_two)["two"].input(1)
    blocks = weights.quantization.blockwise
    assert weights.dtype is DType.INT4
    assert blocks.block_size == block
    assert blocks.scales.data.shape == (24, 128 // block)
    assert blocks.scales.data.dtype == np.float16
    real = tensors(model)["two/weights"].data.reshape(24, -1, block)
    steps = blocks.scales.data.astype(np.float32)[..., None]
    error = np.abs(weights.data.reshape(real.shape) * steps - real)
    assert (error <= 0.501 * steps).all()
    for sample in graphs.samples(model, 2):
        (found,) = judge.ours(model_two, sample)
        # LiteRT has blocks in its optimized kernels only.
        close(found, judge.litert(model_two, sample, PLAIN)[0])


def test_the_kernel_for_blocks_is_not_given_an_activation():
    made = stored(rows(Builder()), "dynamic_int4:32")
    assert kinds(made) == [
        "DEQUANTIZE",
        "RESHAPE",
        "FULLY_CONNECTED",
        "FULLY_CONNECTED",
    ]
    assert nodes(made)["one"].input(1).dtype is DType.FLOAT32


def test_blocks_are_finer_than_channels():
    model = rows(Builder())
    (sample,) = graphs.samples(model, 1)
    (wanted,) = judge.ours(model, sample)
    noise = [
        judge.signal_to_noise(wanted, judge.ours(stored(model, mode), sample)[0])
        for mode in ("weight_int4", "weight_int4:64", "weight_int4:32")
    ]
    assert noise == sorted(noise)
    assert noise[2] > noise[0] + 1


def test_rows_that_do_not_divide_into_blocks_have_a_scale_each():
    made = stored(rows(Builder()), "weight_int4:256")
    assert kinds(made) == ["DEQUANTIZE", "FULLY_CONNECTED"] * 2
    assert tensors(made)["one/weights"].quantization.scale.size == 128


@pytest.mark.parametrize("mode", STORED)
def test_a_table_is_looked_up_as_it_is_stored(mode):
    model = lookup(Builder())
    made = stored(model, mode)
    sample = {"tokens": graphs.ints(0, 199, 7, 7, 3)}
    assert kinds(made) == ["GATHER", "DEQUANTIZE"]
    assert tensors(made)["table"].dtype is DType.INT8
    np.testing.assert_array_equal(
        *judge.ours(made, sample), *judge.litert(made, sample)
    )


def test_an_embedding_has_a_scale_for_each_row():
    model = embedding(Builder())
    made = stored(model, "dynamic_int4")
    table = tensors(made)["table"]
    assert (table.dtype, table.quantization.scale.size) == (DType.INT4, 200)
    sample = {"tokens": graphs.ints(0, 199, 7, 7, 3)}
    (found,) = judge.ours(made, sample)
    np.testing.assert_array_equal(found, judge.litert(made, sample)[0])
    error = np.abs(found - judge.ours(model, sample)[0]).max(axis=1)
    assert (error <= 0.501 * table.quantization.scale[[0, 199, 7, 7, 3]]).all()


def test_other_rules_leave_a_node_as_it_is():
    model = rows(Builder())
    rule = rule_of("", "float32")
    assert stored_weights(model, lambda _: rule).main.nodes == model.main.nodes
    made = stored_weights(
        model, lambda n: rule_of("", "dynamic") if n.output.name == "two" else None
    )
    assert nodes(made)["one"] is nodes(model)["one"]
    assert nodes(made)["two"].input(1).dtype is DType.INT8
