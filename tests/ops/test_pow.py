"""POW, FLOOR_DIV, FLOOR_MOD, ADD_N."""

from __future__ import annotations

import numpy as np
import pytest

from gossamer.errors import GraphError
from gossamer.ops import AddN, FloorDiv, FloorMod, Pow
from tests.ops.contract import Case, check
from tests.ops.inputs import feed, kinds, refused, tensor

PAIRS = (((4, 5), (4, 5)), ((4, 5), (5,)), ((1,), (7,)), ((3, 1), (1, 3)), ((), ()))
CASES = [
    Case(Pow(), (feed(dtype, a, low=1, high=4), feed(dtype, b, low=0, high=3, seed=1)))
    for dtype, _ in kinds("float32", "int32")
    for a, b in PAIRS
]
CASES += [
    Case(
        op(),
        (feed(dtype, a, low=-9, high=9), feed(dtype, b, low=low, high=high, seed=1)),
        name=f"{a} {b} {low}",
    )
    for op in (FloorDiv, FloorMod)
    for dtype, _ in kinds("float32", "int32")
    for a, b in PAIRS
    for low, high in ((1, 5), (-5, -1))
]
CASES += [
    Case(AddN(), tuple(feed(dtype, shape, seed=i) for i in range(count)))
    for dtype, _ in kinds("float32", "int32")
    for shape, count in (((2, 3), 2), ((1,), 3), ((7,), 4), ((2, 1, 3), 2), ((5, 5), 5))
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_contract(case):
    check(case)


def test_refuses():
    refused(Pow(), tensor((2,)), tensor((3,)), match="broadcast")
    refused(AddN(), match="no input")
    refused(AddN(), tensor((2,)), tensor((3,)), match="2 and 3")


def test_whole_numbers_that_have_no_result():
    one, zero = np.array([1], np.int32), np.array([0], np.int32)
    for op in (FloorDiv(), FloorMod()):
        with pytest.raises(GraphError, match="divided by 0"):
            op.reference(one, zero)
    with pytest.raises(GraphError, match="below 0"):
        Pow().reference(one, -one)
