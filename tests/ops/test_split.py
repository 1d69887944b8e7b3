"""SPLIT, SPLIT_V."""

from __future__ import annotations

import numpy as np
import pytest

from gossamer.ir.types import DType
from gossamer.ops import Split, SplitV
from tests.ops.contract import Case, Constant, check_compiled
from tests.ops.inputs import (
    KINDS,
    constant,
    feed,
    ints,
    refused,
    scalar,
    shapes,
    tensor,
)

CASES = [
    case
    for dtype, q in KINDS
    if dtype is not DType.BOOL
    for case in (
        Case(Split(2), (scalar(-1), feed(dtype, (2, 3, 4), q)), q),
        Case(Split(3), (scalar(1), feed(dtype, (2, 3, 4), q)), q),
        Case(Split(1), (ints(0), feed(dtype, (5,), q)), q),
        Case(Split(7), (scalar(0), feed(dtype, (7, 1), q)), q),
        Case(Split(2), (scalar(-4), feed(dtype, (2, 3, 1, 1), q)), q),
        Case(SplitV(3), (feed(dtype, (6, 2), q), ints(1, -1, 2), scalar(0)), q),
        Case(SplitV(2), (feed(dtype, (2, 5), q), ints(2, 3), scalar(-1)), q),
        Case(SplitV(1), (feed(dtype, (3,), q), ints(3), scalar(0)), q),
        Case(SplitV(2), (feed(dtype, (1, 1, 2, 3), q), ints(1, 1), scalar(2)), q),
        Case(
            SplitV(3),
            (feed(dtype, (3, 1), q), Constant(np.array([1, 1, -1])), scalar(0)),
            q,
        ),
    )
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_contract(case):
    check_compiled(case)


def test_free_sizes():
    assert shapes(Split(2), constant(0), tensor((-1, 3))) == [(-1, 3)] * 2
    assert shapes(Split(2), tensor((), DType.INT32), tensor((4, 6))) == [(-1, -1)] * 2
    pieces = shapes(SplitV(2), tensor((-1, 3)), constant([2, -1]), constant(0))
    assert pieces == [(2, 3), (-1, 3)]


@pytest.mark.parametrize("count", [0, -1, 4, 2**31 - 1])
def test_refuses_counts(count):
    refused(Split(count), constant(0), tensor((6, 2)))
    refused(SplitV(count), tensor((6, 2)), constant([3, 3]), constant(0))


def test_no_count_makes_a_list_without_bound():
    most = 2**31 - 1
    for size in (-1, most):
        refused(Split(most), constant(0), tensor((size, 2)), match="num_splits")


@pytest.mark.parametrize("sizes", [[3, 2], [-1, -1], [-2, 8], [7, -1]])
def test_refuses_sizes(sizes):
    refused(SplitV(2), tensor((6, 2)), constant(sizes), constant(0))
