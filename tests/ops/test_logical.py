"""LOGICAL_AND, LOGICAL_OR, LOGICAL_NOT."""

from __future__ import annotations

import pytest

from gossamer.ir.types import DType
from gossamer.ops import LogicalAnd, LogicalNot, LogicalOr
from tests.ops.contract import Case, check_compiled
from tests.ops.elements import PAIRS
from tests.ops.inputs import feed, refused, tensor

BOOL = DType.BOOL
CASES = [
    Case(op(), (feed(BOOL, a), feed(BOOL, b, seed=1)))
    for op in (LogicalAnd, LogicalOr)
    for a, b in (*PAIRS, ((4, 5), (5,)), ((3, 1), (1, 3)))
]
CASES += [
    Case(LogicalNot(), (feed(BOOL, shape),))
    for shape in ((4, 5), (1,), (), (7, 1), (1, 3, 1), (0,), (130,))
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_contract(case):
    check_compiled(case)


def test_refuses():
    yes = tensor((2,), BOOL)
    refused(LogicalAnd(), yes, tensor((2,)), match="not bool")
    refused(LogicalNot(), yes, yes, match="2 inputs")
    refused(LogicalOr(), yes, tensor((3,), BOOL), match="broadcast")
