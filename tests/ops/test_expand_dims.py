"""EXPAND_DIMS."""

from __future__ import annotations

import numpy as np
import pytest

from gossamer.ir.types import DType
from gossamer.ops import ExpandDims
from tests.ops.contract import Case, check
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
    for case in (
        Case(ExpandDims(), (feed(dtype, (2, 3), q), scalar(-1)), q),
        Case(ExpandDims(), (feed(dtype, (2, 3), q), scalar(1)), q),
        Case(ExpandDims(), (feed(dtype, (2, 3), q), scalar(-3)), q),
        Case(ExpandDims(), (feed(dtype, (), q), ints(0)), q),
        Case(ExpandDims(), (feed(dtype, (1, 7, 1), q), scalar(2, np.int64)), q),
    )
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_contract(case):
    check(case)


def test_free_sizes():
    assert shapes(ExpandDims(), tensor((-1, 3)), constant(1)) == [(-1, 1, 3)]
    assert shapes(ExpandDims(), tensor((4, 3)), tensor((), DType.INT32)) == [
        (-1, -1, -1)
    ]


def test_refuses():
    refused(ExpandDims(), tensor((2,)), constant(2), match="axis 2")
    refused(ExpandDims(), tensor((2,)), constant([0, 1]), match="2 elements, not 1")
    refused(ExpandDims(), tensor((2,)), match="1 inputs")
