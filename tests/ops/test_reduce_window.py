from __future__ import annotations

import numpy as np
import pytest

from gossamer.ir.types import DType
from gossamer.ops import ReduceWindow
from tests.ops.contract import Case, Constant, Feed, check
from tests.ops.inputs import constant, refused, tensor
from tests.ops.values import integers

TYPES = ("int8", "uint8", "int16", "int32", "int64", "float32", "float64")
ROWS = (
    # shape, window, strides, dilations
    ((7,), (3,), (1,), (1,)),
    ((7,), (3,), (2,), (3,)),
    ((4, 5), (2, 3), (1, 2), (2, 1)),
    ((1, 6, 6, 2), (1, 3, 3, 1), (1, 2, 2, 1), (1, 1, 1, 1)),
    ((2, 1, 3, 1, 2, 2), (1, 1, 2, 1, 2, 1), (1,) * 6, (1,) * 6),
    ((3,), (5,), (1,), (1,)),
)


def values(dtype, shape):
    rng = np.random.default_rng(shape)
    if dtype == "bool":
        return rng.random(shape) < 0.7
    if dtype.startswith("float"):
        return np.asarray(rng.normal(size=shape), dtype)
    return integers(dtype, *shape)


def case(function, dtype, row, start=1):
    shape, *numbers = row
    window = (Constant(np.array(each, np.int64)) for each in numbers)
    first = Feed(np.array([start], dtype))
    name = f"{function}-{dtype}-{row}"
    op = ReduceWindow(function)
    return Case(op, (Feed(values(dtype, shape)), first, *window), name=name)


CASES = [
    *(
        case(function, dtype, row)
        for function in ("add", "mul", "minimum", "maximum", "all", "any")
        for dtype in TYPES
        for row in ROWS
    ),
    *(
        case(function, "bool", row, start=function == "all")
        for function in ("all", "any", "minimum", "maximum")
        for row in ROWS
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_contract(case: Case) -> None:
    check(case)


def window(*numbers, dtype=np.int64):
    return [constant(each, dtype) for each in numbers]


def test_what_is_refused():
    op = ReduceWindow("add")
    x, start = tensor((4, 4)), tensor(())
    fine = window([2, 2], [1, 1], [1, 1])
    refused(ReduceWindow(), x, start, *fine, match="'unsupported' is not one")
    refused(op, x, tensor((), DType.INT8), *fine, match="must be alike")
    refused(op, x, tensor((2,)), *fine, match="start 'x' has 2 elements")
    refused(op, tensor((4,)), start, *fine, match="2 elements, not 1")
    refused(op, tensor(()), start, *window([], [], []), match="0 dimensions")
    refused(op, x, start, *window([2, 0], [1, 1], [1, 1]), match="sizes")
    refused(op, x, start, *window([2, 2], [0, 1], [1, 1]), match="strides")
    refused(op, x, start, *window([2, 2], [1, 1], [1, -1]), match="dilations")
    narrow = window([2, 2], [1, 1], [1, 1], dtype=np.int32)
    refused(op, x, start, *narrow, match="not an int64 constant")
    computed = tensor((2,), DType.INT64)
    refused(op, x, start, computed, *fine[1:], match="not an int64 constant")
    half = tensor((4, 4), DType.FLOAT16)
    refused(op, half, tensor((), DType.FLOAT16), *fine, match="no kernel for float16")
