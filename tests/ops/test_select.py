"""SELECT, SELECT_V2, WHERE."""

from __future__ import annotations

import numpy as np
import pytest

from gossamer.ir.types import DType
from gossamer.ops import Select, SelectV2, Where
from tests.ops.contract import Case, Feed, check, check_compiled
from tests.ops.elements import plain, types
from tests.ops.inputs import KINDS, constant, feed, refused, shapes, tensor

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
    Case(
        op(),
        (feed(BOOL, c), plain(dtype, a, high=9), plain(dtype, b, 1, high=9)),
    )
    for dtype in types("float16 bfloat16 uint16 uint32 uint64 float64 complex64")
    for op, shapes_ in (
        (
            SelectV2,
            (
                ((2, 3), (2, 3), (2, 3)),
                ((3,), (2, 1), (1, 3)),
                ((7, 1, 70), (70,), ()),
                ((2, 1, 3, 1, 2), (4, 1, 5, 1), (1,)),
                ((0, 1), (3,), ()),
            ),
        ),
        (
            Select,
            (
                ((2, 3), (2, 3), (2, 3)),
                ((2,), (2, 3), (2, 3)),
                ((), (5, 2, 40), (5, 2, 40)),
                ((5,), (5, 2, 40), (5, 2, 40)),
                ((1,), (1, 1), (1, 1)),
            ),
        ),
    )
    for c, a, b in shapes_
]
COORDINATES = [
    Case(Where(), (plain(dtype, shape, low=0, high=1),))
    for dtype in types("float32 int8 uint8 int32 uint32 int64 bool")
    for shape in ((2, 3), (9,), (2, 1, 5), (3, 3), (4, 1))
]
# LiteRT's Python cannot read a tensor without elements.
COORDINATES += [
    Case(
        Where(),
        (Feed(np.zeros(shape, np.int32)),),
        expected=np.zeros((0, len(shape)), np.int64),
    )
    for shape in ((3,), (0, 2), (1,))
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_contract(case):
    check_compiled(case)


@pytest.mark.parametrize("case", COORDINATES, ids=str)
def test_where(case):
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
