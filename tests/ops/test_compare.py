"""EQUAL, NOT_EQUAL, LESS, LESS_EQUAL, GREATER, GREATER_EQUAL."""

from __future__ import annotations

import pytest

from gossamer.ir.quantization import Quantization
from gossamer.ops import Equal, Greater, GreaterEqual, Less, LessEqual, NotEqual
from tests.ops.contract import Case, check
from tests.ops.inputs import constant, feed, kinds, refused, shapes, tensor

ALL = (Equal, NotEqual, Less, LessEqual, Greater, GreaterEqual)
OTHER = Quantization.per_tensor(0.21, 9)
CASES = [
    Case(op(), (feed(dtype, a), feed(dtype, b, seed=1)))
    for op in ALL
    for dtype, _ in kinds("float32", "int32", "int64")
    for a, b in (
        ((4, 5), (4, 5)),
        ((4, 5), (5,)),
        ((1,), (7,)),
        ((3, 1), (1, 3)),
        ((), ()),
    )
]
CASES += [
    Case(
        op(),
        (feed(dtype, (40, 50), q), feed(dtype, shape, other, seed=1)),
        name=f"{shape} {other is q}",
    )
    for op in ALL
    for dtype, q in kinds("int8", "uint8")
    for shape in ((40, 50), (50,))
    for other in (q, OTHER)
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_contract(case):
    check(case)


def test_free_sizes():
    assert shapes(Less(), tensor((-1, 1)), tensor((3,))) == [(-1, 3)]


def test_refuses():
    refused(Equal(), tensor((2,)), tensor((3,)), match="broadcast")
    refused(Equal(), tensor((2,)), constant([1, 2]), match="alike")
