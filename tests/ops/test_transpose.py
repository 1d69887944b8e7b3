"""TRANSPOSE."""

from __future__ import annotations

import pytest

from gossamer.ir.types import DType
from gossamer.ops import Transpose
from tests.ops.contract import Case, check_compiled
from tests.ops.inputs import KINDS, constant, feed, ints, refused, shapes, tensor

CASES = [
    case
    for dtype, q in KINDS
    for case in (
        Case(Transpose(), (feed(dtype, (2, 3, 4, 5), q), ints(3, 0, 2, 1)), q),
        Case(Transpose(), (feed(dtype, (2, 3), q), ints(1, 0)), q),
        Case(Transpose(), (feed(dtype, (2, 3, 1), q), ints(-1, 0, 1)), q),
        Case(Transpose(), (feed(dtype, (7,), q), ints(0)), q),
        Case(Transpose(), (feed(dtype, (1, 5, 3), q), ints(0, 1, 2)), q),
        Case(Transpose(), (feed(dtype, (2, 1, 3, 2, 2), q), ints(4, 0, 2, 1, 3)), q),
    )
]

# Large enough for squares that are turned in registers, and for what is left of them.
CASES += [
    Case(Transpose(), (feed(dtype, shape, q), ints(*order)), q, name=f"{shape} {order}")
    for dtype, q in KINDS
    for shape, order in (
        ((16, 16), (1, 0)),
        ((37, 41), (1, 0)),
        ((3, 33, 20), (0, 2, 1)),
        ((17, 2, 35), (2, 1, 0)),
        ((2, 19, 3, 18), (3, 0, 2, 1)),
        ((40, 3), (1, 0)),
    )
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_contract(case):
    check_compiled(case)


def test_free_sizes():
    assert shapes(Transpose(), tensor((-1, 3, 4)), constant([2, 0, 1])) == [(4, -1, 3)]
    assert shapes(Transpose(), tensor((2, 3)), tensor((2,), DType.INT32)) == [(-1, -1)]


@pytest.mark.parametrize("order", [[0, 0], [0, 2], [0], [-3, 0], [2**31 - 1, 0]])
def test_refuses(order):
    refused(Transpose(), tensor((2, 3)), constant(order))
