"""A clamp becomes part of the operator before it."""

from __future__ import annotations

import numpy as np
import pytest

from gossamer.ir.quantization import Quantization
from gossamer.ops import (
    Add,
    AveragePool2D,
    Concatenation,
    Div,
    MaxPool2D,
    Mul,
    Relu,
    Relu6,
    ReluN1To1,
    Sub,
    Tanh,
    TransposeConv,
)
from gossamer.passes.fuse_activation import FUSE_ACTIVATION
from tests.passes.graphs import Graph, apply, untouched

CLAMPS = ((Relu(), "relu"), (Relu6(), "relu6"), (ReluN1To1(), "relu_n1_to_1"))


@pytest.mark.parametrize(("clamp", "name"), CLAMPS)
@pytest.mark.parametrize("op", [Add(), Sub(), Mul(), Div()])
def test_arithmetic(clamp, name, op):
    build = Graph()
    x, y = build.given(2, 3), build.given(2, 3, name="y")
    better, _ = apply(
        build.model(build.node(clamp, build.node(op, x, y))), FUSE_ACTIVATION
    )
    assert [node.op for node in better.main.nodes] == [type(op)(name)]


@pytest.mark.parametrize(("clamp", "name"), CLAMPS)
@pytest.mark.parametrize("kind", [AveragePool2D, MaxPool2D])
def test_pools(clamp, name, kind):
    build = Graph()
    pooled = build.node(kind("same", 2, 2, 2, 2), build.given(1, 5, 4, 3))
    better, _ = apply(build.model(build.node(clamp, pooled)), FUSE_ACTIVATION)
    assert [node.op for node in better.main.nodes] == [kind("same", 2, 2, 2, 2, name)]


@pytest.mark.parametrize(("clamp", "name"), CLAMPS)
def test_transposed_convolution(clamp, name):
    build = Graph()
    op = TransposeConv("valid", 2, 2)
    sizes = build.ints("sizes", 1, 7, 9, 3)
    x, weights = build.given(1, 3, 4, 2), build.floats("w", 3, 3, 3, 2)
    y = build.node(clamp, build.node(op, sizes, weights, x))
    better, _ = apply(build.model(y), FUSE_ACTIVATION)
    assert [node.op for node in better.main.nodes] == [
        TransposeConv("valid", 2, 2, name)
    ]


def test_declines_with_a_reason():
    def declined(make):
        build = Graph()
        return untouched(build.model(*make(build)), FUSE_ACTIVATION)

    def joined(build):
        x = build.given(2, 3)
        return [build.node(Relu(), build.node(Concatenation(0), x, x))]

    def active(build):
        x = build.given(2, 3)
        return [build.node(Relu6(), build.node(Add("relu"), x, x))]

    def output(build):
        x = build.given(2, 3)
        y = build.node(Add(), x, x)
        return y, build.node(Relu(), y)

    assert declined(joined) == ["CONCATENATION has no fused activation"]
    assert declined(active) == ["ADD has relu fused already"]
    assert "read elsewhere" in declined(output)[0]


def test_quantized_values_keep_their_rounding():
    build = Graph()
    quantization = Quantization.per_tensor(0.5)
    x = build.constant("x", np.zeros((2, 3), np.int8), quantization)
    y = build.node(Add(), x, x, quantization=quantization)
    model = build.model(build.node(Relu(), y, quantization=quantization))
    assert "rounding" in untouched(model, FUSE_ACTIVATION)[0]


def test_tanh_is_not_a_clamp():
    build = Graph()
    x = build.given(2, 3)
    model = build.model(build.node(Tanh(), build.node(Add(), x, x)))
    assert untouched(model, FUSE_ACTIVATION) == []
