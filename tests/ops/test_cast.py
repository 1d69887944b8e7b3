"""CAST."""

from __future__ import annotations

import numpy as np
import pytest

from gossamer.ir.types import DType
from gossamer.ops import Cast
from tests.ops.contract import Case, Feed, check_compiled
from tests.ops.elements import numbers, types
from tests.ops.inputs import refused, shapes, tensor

TYPES = types(
    "float32 float16 bfloat16 float64 int8 uint8 int16 uint16 int32 uint32 int64 bool "
    "complex64"
)
SMALL = [0, -0.5, 1.9, -1.9, 127, 128, -129, 70000]
LARGE = [2147483520, 2147483648, 4294967040, -2147483648, 9.2e18, -9.3e18]
REAL = np.array([*SMALL, *LARGE, 1e20, -1e20, np.inf, -np.inf, np.nan])


def given(dtype, shape):
    """Numbers of every size that a type has; limits and NaN among floats."""
    if dtype.bits < 8:
        array = np.arange(np.prod(shape)).astype(np.int8).reshape(shape) % 4 - 2
        array = array % 16 if dtype is DType.UINT4 else array
    elif dtype.is_float or dtype is DType.COMPLEX64:
        with np.errstate(all="ignore"):
            array = np.resize(REAL, shape).astype(dtype.numpy)
    else:
        array = numbers(dtype, shape)
    return Feed(array.astype(dtype.numpy), None, dtype)


CASES = [
    Case(Cast(a, b), (given(a, shape),), name=f"{a.title} to {b.title} {shape}")
    for a in TYPES
    for b in TYPES
    for shape in ((len(REAL), 3), (1,), (), (0, 2), (67,))
]
CASES += [
    Case(Cast(a, b), (given(a, shape),), name=f"{a.title} to {b.title} {shape}")
    for a, b in (
        (DType.FLOAT32, DType.INT4),
        (DType.FLOAT32, DType.UINT4),
        (DType.FLOAT32, DType.INT2),
        (DType.INT4, DType.FLOAT32),
        (DType.UINT4, DType.FLOAT32),
    )
    for shape in ((len(REAL), 4), (1,), (2,), (7, 1), (67,))
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_contract(case):
    check_compiled(case)


def test_free_sizes():
    assert shapes(Cast(DType.FLOAT32, DType.INT8), tensor((-1, 3))) == [(-1, 3)]


def test_refuses_strings():
    text = tensor((2,), DType.STRING)
    refused(Cast(DType.STRING, DType.INT32), text, match="string holds no numbers")
    refused(Cast(DType.INT32, DType.STRING), tensor((2,)), match="string holds no")
