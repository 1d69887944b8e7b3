"""A factor for each channel moves into the layer before it."""

from __future__ import annotations

import numpy as np
import pytest

from gossamer.ops import (
    Add,
    Conv2D,
    Conv3D,
    Conv3DTranspose,
    DepthwiseConv2D,
    FullyConnected,
    Mul,
    Relu,
    Sub,
    TransposeConv,
)
from gossamer.passes.fold_batch_norm import FOLD_BATCH_NORM
from gossamer.passes.fuse_activation import FUSE_ACTIVATION
from gossamer.passes.fuse_bias import FUSE_BIAS
from tests.passes.graphs import Graph, apply, names, untouched


def layer(build, kind, *, bias, activation="none"):
    """One linear layer with 6 output channels on a random input."""
    offset = [build.floats("b", 6)] if bias else []
    if kind == "dense":
        x, w = build.given(2, 5), build.floats("w", 6, 5)
        return build.node(FullyConnected(activation), x, w, *offset)
    if kind == "conv":
        x, w = build.given(1, 5, 4, 3), build.floats("w", 6, 3, 3, 3)
        return build.node(Conv2D("same", 1, 1, activation), x, w, *offset)
    if kind == "volume":
        x, w = build.given(1, 3, 4, 2, 3), build.floats("w", 2, 3, 1, 3, 6)
        return build.node(Conv3D("same", 1, 1, 1, activation), x, w, *offset)
    if kind == "transposed":
        x, w = build.given(1, 3, 4, 3), build.floats("w", 6, 3, 3, 3)
        op, sizes = TransposeConv("same", 2, 2, activation), (1, 6, 8, 6)
        return build.node(op, build.ints("sizes", *sizes), w, x, *offset)
    if kind == "volume transposed":
        x, w = build.given(1, 3, 4, 2, 3), build.floats("w", 2, 3, 1, 6, 3)
        op, sizes = Conv3DTranspose("same", 2, 2, 1, activation), (1, 6, 4, 4, 6)
        return build.node(op, build.ints("sizes", *sizes), w, x, *offset)
    x, w = build.given(1, 5, 4, 3), build.floats("w", 1, 3, 3, 6)
    op = DepthwiseConv2D("same", 1, 1, 2, activation)
    return build.node(op, x, w, *offset)


KINDS = ("dense", "conv", "depthwise", "volume")
TRANSPOSED = ("transposed", "volume transposed")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("bias", [True, False])
def test_normalization_and_activation_disappear(kind, bias):
    _assert_disappear(kind, bias=bias)


@pytest.mark.parametrize("kind", TRANSPOSED)
@pytest.mark.parametrize("bias", [True, False])
def test_they_disappear_in_transposed_convolutions(kind, bias):
    _assert_disappear(kind, bias=bias, inputs=4)


def _assert_disappear(kind, *, bias, inputs=3):
    build = Graph()
    y = layer(build, kind, bias=bias)
    y = build.node(Mul(), y, build.floats("g", 6))
    y = build.node(Add(), build.floats("c", 6), y)
    model = build.model(build.node(Relu(), y))
    better, log = apply(model, FOLD_BATCH_NORM, FUSE_BIAS, FUSE_ACTIVATION)
    assert len(better.main.nodes) == 1
    node = better.main.nodes[0]
    assert node.op.fused_activation_function == "relu"
    assert len(node.inputs) == inputs
    assert node.output is model.main.outputs[0]
    assert len(log.done()) == 3
    assert log.declined() == []


@pytest.mark.parametrize("kind", KINDS)
def test_scalar_and_shaped_factors(kind):
    build = Graph()
    y = layer(build, kind, bias=True)
    rank = len(y.shape)
    y = build.node(Mul(), y, build.floats("s"))
    y = build.node(Mul("relu6"), build.floats("g", *(1,) * (rank - 1), 6), y)
    better, _ = apply(build.model(y), FOLD_BATCH_NORM)
    assert len(better.main.nodes) == 1
    assert better.main.nodes[0].op.fused_activation_function == "relu6"


def test_weights_that_others_read_stay_theirs():
    build = Graph()
    x, w = build.given(2, 5), build.floats("w", 6, 5)
    scaled = build.node(Mul(), build.node(FullyConnected(), x, w), build.floats("g", 6))
    model = build.model(scaled, build.node(FullyConnected(), x, w))
    better, _ = apply(model, FOLD_BATCH_NORM)
    assert names(better) == ["FULLY_CONNECTED", "FULLY_CONNECTED"]
    assert w in better.main.tensors


def test_declines_with_a_reason():
    def declined(make):
        build = Graph()
        return untouched(build.model(*make(build)), FOLD_BATCH_NORM)

    def twice(build):
        y = layer(build, "conv", bias=True)
        return y, build.node(Mul(), y, build.floats("g", 6))

    def active(build):
        y = layer(build, "conv", bias=True, activation="relu")
        return [build.node(Mul(), y, build.floats("g", 6))]

    def spatial(build):
        y = layer(build, "conv", bias=True)
        return [build.node(Mul(), y, build.floats("g", 5, 4, 1))]

    def squared(build):
        y = layer(build, "conv", bias=True)
        return [build.node(Mul(), y, y)]

    def computed(build):
        x, w = build.given(2, 5), build.given(6, 5, name="w")
        y = build.node(FullyConnected(), x, w)
        return [build.node(Mul(), y, build.floats("g", 6))]

    assert "read elsewhere" in declined(twice)[0]
    assert "fused activation" in declined(active)[0]
    assert "one value a channel" in declined(spatial)[0]
    assert "not a float32 constant" in declined(squared)[0]
    assert "weights" in declined(computed)[0]


def test_infinite_factors_are_left_alone():
    build = Graph()
    y = layer(build, "dense", bias=True)
    g = build.constant("g", np.full(6, np.inf, np.float32))
    reasons = untouched(build.model(build.node(Mul(), y, g)), FOLD_BATCH_NORM)
    assert reasons == ["the folded weights would not be finite"]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("op", [Add("relu"), Sub("relu6")])
def test_bias(kind, bias, op):
    build = Graph()
    y = build.node(op, layer(build, kind, bias=bias), build.floats("c", 6))
    better, _ = apply(build.model(y), FUSE_BIAS)
    assert len(better.main.nodes) == 1
    node = better.main.nodes[0]
    assert node.op.fused_activation_function == op.fused_activation_function


def test_subtracting_the_layer_is_not_a_bias():
    build = Graph()
    y = layer(build, "dense", bias=True)
    model = build.model(build.node(Sub(), build.floats("c", 6), y))
    assert untouched(model, FUSE_BIAS) == ["the layer's output is what is subtracted"]


@pytest.mark.parametrize("item", [FOLD_BATCH_NORM, FUSE_BIAS, FUSE_ACTIVATION])
def test_nothing_to_do(item):
    build = Graph()
    model = build.model(layer(build, "conv", bias=True))
    assert untouched(model, item) == []
