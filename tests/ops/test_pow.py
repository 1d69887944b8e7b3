"""POW, FLOOR_DIV, FLOOR_MOD, ADD_N."""

from __future__ import annotations

import numpy as np
import pytest

from gossamer.errors import GraphError
from gossamer.ir.types import DType
from gossamer.ops import AddN, FloorDiv, FloorMod, Pow
from tests.ops.contract import Case, Constant, Feed, check, check_compiled
from tests.ops.elements import PAIRS, SPECIAL, numbers, plain, types
from tests.ops.inputs import feed, kinds, refused, tensor

PAIRS_ = (*PAIRS, ((4, 5), (5,)), ((3, 1), (1, 3)))


def divisors(dtype, shape, low, high):
    """Numbers other than 0."""
    drawn = numbers(dtype, shape, 1, low=low, high=high)
    return np.where(drawn == 0, 3, drawn).astype(dtype.numpy)


def stored_power(shape):
    return Constant(numbers(DType.INT32, shape, 1, low=0, high=9))


CASES = [
    Case(Pow(), (feed(dtype, a, low=1, high=4), feed(dtype, b, low=0, high=3, seed=1)))
    for dtype, _ in kinds("float32")
    for a, b in PAIRS_
]
CASES += [
    Case(Pow(), (plain(DType.INT32, a, low=-6, high=6), stored_power(b)))
    for a, b in PAIRS_
]
CASES += [
    Case(Pow(), (feed(DType.FLOAT32, (3, 7), low=-9, high=9), stored), name=name)
    for power in (0, 1, 2, 3, 4, 5, -0.0)
    for stored, name in (
        (Constant(np.float32(power)), f"to the {power}"),
        (Constant(np.float32([[[power]]])), f"wider, to the {power}"),
    )
]
CASES += [Case(Pow(), (Feed(SPECIAL), Feed(SPECIAL.reshape(-1, 1))), tolerance=1e-6)]
CASES += [
    Case(op(), (plain(dtype, a, low=-99), Constant(divisors(dtype, b, low, high))))
    for op in (FloorDiv, FloorMod)
    for dtype in types("int8 int16 int32")
    for a, b in PAIRS_
    for low, high in ((1, 5), (-5, -1))
]
CASES += [
    Case(FloorMod(), (plain(DType.INT64, a), Constant(divisors(DType.INT64, b, -9, 9))))
    for a, b in PAIRS_
]
CASES += [
    Case(op(), (plain(DType.FLOAT32, a), plain(DType.FLOAT32, b, 1)))
    for op in (FloorDiv, FloorMod)
    for a, b in PAIRS_
]
CASES += [
    Case(
        FloorMod(),
        (Feed(np.float32([[1e18], [-1e9], [7e5], [-0.3]])), Feed(np.float32(steps))),
        tolerance=1e-7,
        name=f"far {steps}",
    )
    for steps in ([0.7, -3.3, 1e-3], [np.inf, -np.inf, np.nan])
]
CASES += [
    Case(AddN(), tuple(feed(dtype, shape, seed=i) for i in range(count)))
    for dtype, _ in kinds("float32", "int32")
    for shape, count in (((2, 3), 2), ((1,), 3), ((7,), 4), ((2, 1, 3), 2), ((5, 5), 5))
]


DYNAMIC = [
    Case(op(), (plain(DType.INT32, a, high=9), plain(DType.INT32, b, 1, low=1, high=3)))
    for op in (FloorDiv, FloorMod)
    for a, b in PAIRS_
]
DYNAMIC += [
    Case(
        Pow(),
        (
            plain(DType.INT32, a, low=-5, high=5),
            plain(DType.INT32, b, 1, low=0, high=9),
        ),
    )
    for a, b in PAIRS_
]


@pytest.mark.parametrize("case", DYNAMIC, ids=str)
def test_divisors_and_powers_that_are_not_known(case):
    check(case)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_contract(case):
    check_compiled(case)


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
