"""SELECT, SELECT_V2, WHERE."""

from __future__ import annotations

import pytest

from gossamer.ir.types import DType
from gossamer.ops import Select, SelectV2, Where
from tests.ops.contract import Case, check
from tests.ops.inputs import KINDS, constant, feed, kinds, refused, shapes, tensor

BOOL = DType.BOOL
CASES = [
    case
    for dtype, q in KINDS
    for case in (
        Case(
            Select(),
            (
                feed(BOOL, (2, 3)),
                feed(dtype, (2, 3), q),
                feed(dtype, (2, 3), q, seed=1),
            ),
            q,
        ),
        Case(
            Select(),
            (feed(BOOL, (2,)), feed(dtype, (2, 3), q), feed(dtype, (2, 3), q, seed=1)),
            q,
        ),
        Case(
            Select(),
            (feed(BOOL, ()), feed(dtype, (2, 3), q), feed(dtype, (2, 3), q, seed=1)),
            q,
        ),
        Case(
            SelectV2(),
            (feed(BOOL, (3,)), feed(dtype, (2, 1), q), feed(dtype, (1, 3), q)),
            q,
        ),
        Case(
            SelectV2(),
            (feed(BOOL, (2, 3)), feed(dtype, (2, 3), q), feed(dtype, (), q)),
            q,
        ),
        Case(
            SelectV2(),
            (feed(BOOL, (1,)), feed(dtype, (7,), q), feed(dtype, (1,), q)),
            q,
        ),
        Case(
            SelectV2(),
            (feed(BOOL, (1, 1, 3)), feed(dtype, (2, 1, 1), q), feed(dtype, (3,), q)),
            q,
        ),
    )
]
CASES += [
    Case(Where(), (feed(dtype, shape),))
    for dtype, _ in kinds("float32", "int32", "int64", "bool")
    for shape in ((2, 3), (9,), (2, 1, 5))
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_contract(case):
    check(case)


def test_free_sizes():
    assert shapes(Where(), tensor((4, 5))) == [(-1, 2)]
    yes = tensor((-1, 1), BOOL)
    assert shapes(SelectV2(), yes, tensor((3,)), tensor(())) == [(-1, 3)]


def test_refuses():
    yes, x = tensor((2,), BOOL), tensor((2,))
    for op in (Select(), SelectV2()):
        refused(op, x, x, x, match="not bool")
        refused(op, yes, x, constant([1, 2]), match="alike")
        refused(op, yes, x, tensor((3,)))
    refused(Select(), tensor((3,), BOOL), x, x, match="3 and 2")
