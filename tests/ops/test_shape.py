"""SHAPE, RANK."""

from __future__ import annotations

import pytest

from gossamer.ir.types import DType
from gossamer.ops import Rank, Shape
from tests.ops.contract import Case, check
from tests.ops.inputs import feed, kinds, refused, tensor

CASES = [
    Case(op, (feed(dtype, shape, q),))
    for dtype, q in kinds("float32", "int8", "bool")
    for op in (Shape(DType.INT32), Shape(DType.INT64), Rank())
    for shape in ((2, 5, 3), (1,), (7, 1), (1, 1, 1, 3))
]
CASES += [Case(Rank(), (feed(DType.FLOAT32, ()),))]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_contract(case):
    check(case)


def test_refuses():
    refused(Shape(), tensor((2,)), match="float32")
    refused(Shape(DType.INT32), match="0 inputs")
