"""CAST."""

from __future__ import annotations

import pytest

from gossamer.ir.types import DType
from gossamer.ops import Cast
from tests.ops.contract import Case, check
from tests.ops.inputs import feed, refused, shapes, tensor

TYPES = (
    DType.FLOAT32,
    DType.INT32,
    DType.INT64,
    DType.INT16,
    DType.INT8,
    DType.UINT8,
    DType.BOOL,
    DType.FLOAT16,
    DType.FLOAT64,
)
CASES = [
    Case(Cast(a, b), (feed(a, shape, low=0),), name=f"{a.title} to {b.title} {shape}")
    for a in TYPES
    for b in TYPES
    for shape in ((3, 5), (1,))
]
CASES += [
    Case(Cast(DType.FLOAT32, b), (feed(DType.FLOAT32, (50,), low=-9, high=9),))
    for b in (DType.INT32, DType.INT8, DType.INT64)
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_contract(case):
    check(case)


def test_free_sizes():
    assert shapes(Cast(DType.FLOAT32, DType.INT8), tensor((-1, 3))) == [(-1, 3)]


def test_refuses_strings():
    text = tensor((2,), DType.STRING)
    refused(Cast(DType.STRING, DType.INT32), text, match="string holds no numbers")
    refused(Cast(DType.INT32, DType.STRING), tensor((2,)), match="string holds no")
