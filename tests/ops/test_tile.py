"""TILE."""

from __future__ import annotations

import numpy as np
import pytest

from gossamer.ir.types import DType
from gossamer.ops import Tile
from tests.ops.contract import OPTIMIZED, Case, Constant, check_compiled
from tests.ops.inputs import KINDS, constant, feed, ints, refused, shapes, tensor

# The reference set has no version for int8.
CASES = [
    case
    for dtype, q in KINDS
    if dtype.title != "int16"
    for case in (
        Case(Tile(), (feed(dtype, (2, 3), q), ints(2, 1)), q, judge=OPTIMIZED),
        Case(
            Tile(),
            (feed(dtype, (2, 1, 3), q), Constant(np.array([1, 3, 2]))),
            q,
            judge=OPTIMIZED,
        ),
        Case(Tile(), (feed(dtype, (1,), q), ints(5)), q, judge=OPTIMIZED),
        Case(Tile(), (feed(dtype, (7, 1), q), ints(1, 1)), q, judge=OPTIMIZED),
        Case(
            Tile(), (feed(dtype, (1, 2, 1, 3), q), ints(2, 1, 3, 1)), q, judge=OPTIMIZED
        ),
    )
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_contract(case):
    check_compiled(case)


def test_free_sizes():
    assert shapes(Tile(), tensor((-1, 3)), constant([2, 2])) == [(-1, 6)]
    assert shapes(Tile(), tensor((4, 3)), tensor((2,), DType.INT32)) == [(-1, -1)]


@pytest.mark.parametrize("multiples", [[-1, 1], [1], [2**31 - 1, 2]])
def test_refuses(multiples):
    refused(Tile(), tensor((2, 3)), constant(multiples))
