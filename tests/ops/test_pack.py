"""PACK, UNPACK."""

from __future__ import annotations

import pytest

from gossamer.ir.types import DType
from gossamer.ops import Pack, Unpack
from tests.ops.contract import Case, check_compiled
from tests.ops.inputs import KINDS, feed, kinds, refused, shapes, tensor

CASES = [
    case
    for dtype, q in KINDS
    if dtype is not DType.BOOL
    for case in (
        Case(Pack(2, 1), (feed(dtype, (2, 3), q), feed(dtype, (2, 3), q, seed=1)), q),
        Case(Pack(2, -1), (feed(dtype, (2, 3), q), feed(dtype, (2, 3), q, seed=1)), q),
        Case(Pack(1, 0), (feed(dtype, (5,), q),), q),
        Case(Pack(3, 0), tuple(feed(dtype, (), q, seed=i) for i in range(3)), q),
        Case(Pack(2, -3), (feed(dtype, (1, 7), q), feed(dtype, (1, 7), q, seed=1)), q),
    )
]
CASES += [
    case
    for dtype, q in kinds("float32", "int8", "uint8", "int16", "int32")
    for case in (
        Case(Unpack(3, 1), (feed(dtype, (2, 3), q),), q),
        Case(Unpack(2, -1), (feed(dtype, (2, 3, 2), q),), q),
        Case(Unpack(1, 0), (feed(dtype, (1, 5), q),), q),
        Case(Unpack(7, 0), (feed(dtype, (7,), q),), q),
        Case(Unpack(2, -3), (feed(dtype, (2, 1, 3), q),), q),
    )
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_contract(case):
    check_compiled(case)


def test_free_sizes():
    assert shapes(Pack(2, 0), tensor((-1, 3)), tensor((4, -1))) == [(2, 4, 3)]
    assert shapes(Unpack(2, 1), tensor((-1, -1, 3))) == [(-1, 3)] * 2


def test_refuses():
    refused(Pack(3, 0), tensor((2,)), tensor((2,)), match="values_count")
    refused(Pack(2, 0), tensor((2,)), tensor((3,)), match="2 and 3")
    refused(Pack(2, 0), tensor((2,)), tensor((2, 2)), match="rank")
    refused(Pack(1, 2), tensor((2,)), match="axis 2")
    refused(Unpack(3, 0), tensor((2,)), match="num is 3")
    refused(Unpack(2**31 - 1, 0), tensor((-1,)), match="num is")
    refused(Unpack(2, 1), tensor((2,)), match="axis 1")
