"""SQUEEZE."""

from __future__ import annotations

import pytest

from gossamer.ops import Squeeze
from tests.ops.contract import Case, check
from tests.ops.inputs import KINDS, feed, refused, shapes, tensor

CASES = [
    case
    for dtype, q in KINDS
    for case in (
        Case(Squeeze((0, -1)), (feed(dtype, (1, 3, 1), q),), q),
        Case(Squeeze((0,)), (feed(dtype, (1, 3, 1), q),), q),
        Case(Squeeze(), (feed(dtype, (1, 3, 1), q),), q),
        Case(Squeeze(), (feed(dtype, (1, 1), q),), q),
        Case(Squeeze(), (feed(dtype, (5, 2), q),), q),
    )
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_contract(case):
    check(case)


def test_free_sizes():
    assert shapes(Squeeze((1,)), tensor((-1, 1, 3))) == [(-1, 3)]
    assert shapes(Squeeze((0,)), tensor((-1, 1, 3))) == [(1, 3)]


def test_refuses():
    refused(Squeeze((1,)), tensor((1, 3)), match="has size 3, not 1")
    refused(Squeeze((2,)), tensor((1, 3)), match="axis 2")
    refused(Squeeze((-(2**40),)), tensor((1, 3)), match="axis")
