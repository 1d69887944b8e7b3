from __future__ import annotations

import numpy as np
import pytest

from gossamer.ir.build import Builder
from gossamer.ir.graph import Model
from gossamer.ir.types import DType, TensorType
from gossamer.ops import (
    LogicalAnd,
    LogicalOr,
    Maximum,
    Minimum,
    Mul,
    StablehloAdd,
    StablehloMaximum,
    StablehloMinimum,
    StablehloMultiply,
    StablehloReduceWindow,
)
from tests.ops.inputs import refused, shapes, tensor
from tests.ops.whole import agree, binary_body

BODIES = (StablehloAdd, StablehloMultiply, StablehloMaximum, StablehloMinimum)
TYPES = ("int8", "uint8", "int16", "int32", "int64", "float32", "float64")
ROWS = (
    # x, window, strides, base dilations, window dilations, padding
    ((7,), (3,), (1,), (1,), (1,), (0, 0)),
    ((7,), (3,), (2,), (2,), (3,), (1, 2)),
    ((4, 5), (2, 3), (1, 2), (1, 3), (2, 1), (0, 1, 2, 0)),
    ((6, 6), (2, 2), (1, 1), (1, 1), (1, 1), (-1, -2, 0, -1)),
    (
        (1, 5, 5, 2),
        (1, 3, 3, 1),
        (1, 2, 2, 1),
        (1,) * 4,
        (1,) * 4,
        (0, 0, *(1,) * 4, 0, 0),
    ),
    ((4,), (2,), (1,), (3,), (2,), (-2, 4)),
)


def model(row, dtype, body):
    shape, *numbers = row
    window, strides, base, inner, padding = numbers
    op = StablehloReduceWindow(window, strides, base, inner, padding, 1)
    build = Builder("main")
    kind = DType.of_numpy(dtype)
    x = build.input("x", TensorType(kind, shape))
    start = build.input("start", TensorType(kind, ()))
    graph = build.finish([build.node(op, x, start)])
    return Model((graph, binary_body(body(), kind)))


def feeds(row, dtype, start):
    rng = np.random.default_rng(row[0])
    return [np.asarray(rng.integers(0, 9, row[0]), dtype), np.array(start, dtype)]


@pytest.mark.parametrize("row", ROWS, ids=str)
@pytest.mark.parametrize("dtype", TYPES)
def test_types(row, dtype):
    for body in BODIES:
        agree(model(row, dtype, body), feeds(row, dtype, 1))


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_bodies_of_other_operators(row):
    for body in (Mul, Maximum, Minimum):
        agree(model(row, "float32", body), feeds(row, "float32", 1))
    for body in (LogicalAnd, LogicalOr):
        agree(model(row, "bool", body), feeds(row, "bool", body is LogicalAnd))


ONE = {"window_dimensions": (2,), "window_strides": (1,), "base_dilations": (1,)}
FINE = ONE | {"window_dilations": (1,), "padding": (0, 0)}


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ({"window_dimensions": (0,)}, "sizes"),
        ({"window_strides": (1, 1)}, "strides"),
        ({"window_dilations": ()}, "dilations"),
        ({"base_dilations": (0,)}, "base_dilations"),
        ({"padding": (1,)}, "padding"),
        ({"padding": (-2, -2)}, "nothing is left"),
        ({"padding": (2**40, 0)}, "dimension has the size"),
    ],
)
def test_what_is_refused(change, match):
    op = StablehloReduceWindow(**(FINE | change))
    refused(op, tensor((4,)), tensor(()), match=match)


def test_inputs_that_are_refused():
    op = StablehloReduceWindow(**FINE)
    refused(op, tensor((4,)), tensor((), DType.INT8), match="must be alike")
    refused(op, tensor((4,)), tensor((2,)), match="start 'x' has 2 elements")
    refused(op, tensor(()), tensor(()), match="0 dimensions")
    half = tensor((4,), DType.FLOAT16), tensor((), DType.FLOAT16)
    refused(op, *half, match="no kernel for float16")
    assert shapes(op, tensor((-1,)), tensor(())) == [(-1,)]
