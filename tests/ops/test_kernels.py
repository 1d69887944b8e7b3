"""Which operators must have kernels, in float and in int8: image classifiers' own."""

from __future__ import annotations

import numpy as np
import pytest

from gossamer.ops import (
    Add,
    AveragePool2D,
    Conv2D,
    DepthwiseConv2D,
    Dequantize,
    FullyConnected,
    Logistic,
    MaxPool2D,
    Mean,
    Mul,
    Quantize,
    Relu,
    Relu6,
    ReluN1To1,
    Reshape,
    Softmax,
    Sub,
    Tanh,
)
from tests.ops.contract import (
    MACHINES,
    Case,
    Constant,
    Feed,
    compiled_agrees_on,
    prepare,
)
from tests.ops.values import bias, feed, floats, scale, weights

IMAGE = (1, 6, 6, 8)
INT8 = scale(0.05, 3)


def image(kind: str, q=INT8) -> Feed:
    return Feed(floats(*IMAGE)) if kind == "float" else feed(np.int8, IMAGE, q)


def unary(op, kind: str, output=INT8) -> Case:
    return Case(op, (image(kind),), None if kind == "float" else output)


def binary(op, kind: str) -> Case:
    return Case(op, (image(kind), image(kind)), None if kind == "float" else INT8)


def product(op, kernel: tuple[int, ...], axis: int, kind: str) -> Case:
    columns = kernel[axis]
    x = Feed(floats(2, 8)) if len(kernel) == 2 else image("float")
    if kind == "float":
        return Case(op, (x, Constant(floats(*kernel)), Constant(floats(columns))))
    given = weights(kernel, axis)
    if kind == "dynamic":
        return Case(op, (x, given, Constant(floats(columns))))
    shape = x.array.shape
    added = bias(0.05, given, columns, np.int32)
    return Case(op, (feed(np.int8, shape, INT8), given, added), scale(0.5, -3))


PRODUCTS = [
    product(op, kernel, axis, kind)
    for op, kernel, axis in (
        (Conv2D("same", 1, 1, "relu"), (16, 3, 3, 8), 0),
        (DepthwiseConv2D("same", 2, 2, 1, "relu6"), (1, 3, 3, 8), 3),
        (FullyConnected("relu"), (10, 8), 0),
    )
    for kind in ("float", "int8", "dynamic")
]
ELEMENTWISE = [
    make(op, kind)
    for kind in ("float", "int8")
    for make, ops in (
        (binary, (Add("relu"), Sub(), Mul())),
        (unary, (Relu(), Relu6(), ReluN1To1())),
    )
    for op in ops
]
OTHERS = [
    case
    for kind in ("float", "int8")
    for case in (
        unary(AveragePool2D("same", 2, 2, 3, 3), kind),
        unary(MaxPool2D("valid", 2, 2, 2, 2), kind),
        Case(
            Mean(keep_dims=False),
            (image(kind), Constant(np.array([1, 2], np.int32))),
            None if kind == "float" else scale(0.04, -1),
        ),
        unary(Softmax(1.0), kind, scale(1 / 256, -128)),
        unary(Logistic(), kind, scale(1 / 256, -128)),
        unary(Tanh(), kind, scale(1 / 128, 0)),
        Case(
            Reshape(),
            (image(kind), Constant(np.array([1, -1], np.int32))),
            None if kind == "float" else INT8,
        ),
    )
] + [
    Case(Quantize(), (Feed(floats(*IMAGE)),), INT8),
    Case(Quantize(), (feed(np.int8, IMAGE, INT8),), scale(0.1, -5)),
    Case(Dequantize(), (feed(np.int8, IMAGE, INT8),)),
]


@pytest.mark.parametrize("case", PRODUCTS + ELEMENTWISE + OTHERS, ids=str)
def test_a_kernel_computes_it(case: Case) -> None:
    run = prepare(case)
    for target in MACHINES:
        assert compiled_agrees_on(run, target), f"{case.op.name} has no kernel"
