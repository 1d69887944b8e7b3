"""Sums and products of bytes by one rounding: every pair of bytes, to the bit."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from gossamer.ir.arithmetic import parameters
from gossamer.ir.quantization import Quantization
from gossamer.ir.types import DType, limits_of
from gossamer.ops import Add, Mul, Sub
from gossamer.ops.nearest import Linear, nearest_product, nearest_sum
from tests.ops.contract import Case, Feed, check_compiled, prepare

if TYPE_CHECKING:
    from gossamer.ir.op import Op
    from gossamer.ir.types import Array

USUAL = ((0.0473713, 3), (0.0317913, -7), (0.0891357, 5))
"""Scales and zero points of both inputs and the output, as calibration finds them."""
HALVES = ((0.25, 0), (0.25, 0), (0.5, 0))
"""Half of all sums lie in the middle of two integers."""
NINTHS = ((0.05, 3), (0.031, -7), (0.09, 5))
"""Sums lie in the middle, and fixed point decides them by bits that real sums lack."""


def case(
    op: Op,
    scales: tuple[tuple[float, int], ...],
    dtype: DType = DType.INT8,
    lift: int = 0,
) -> Case:
    """All pairs of bytes."""
    low, high = limits_of(dtype)
    every: Array = np.arange(low, high + 1).astype(dtype.numpy)
    one, two, out = (
        Quantization.per_tensor(scale, zero_point + lift)
        for scale, zero_point in scales
    )
    inputs = (Feed(every[:, None], one), Feed(every[None, :], two))
    return Case(op, inputs, out, name=f"{dtype.name} {scales}")


RELU = "relu"
ONE_SIDED = ((0.0235, -128), (0.0192, -128), (0.0261, -128))
CASES = [
    *(case(op, USUAL) for op in (Add(), Sub(), Mul())),
    *(case(op, USUAL, DType.UINT8, 128) for op in (Add(), Sub(), Mul())),
    *(case(op, HALVES) for op in (Add(), Sub(), Mul())),
    *(case(op, NINTHS) for op in (Add(), Sub(), Mul())),
    case(Add(fused_activation_function=RELU), ONE_SIDED),
    case(Mul(fused_activation_function="relu6"), ONE_SIDED),
    case(Add(), ((0.007, 11), (1.93, -3), (2.1, 0))),
    case(Mul(), ((0.9, 0), (1.1, 0), (0.31, 0))),
    case(Mul(), ((0.00392157, -128), (0.0351, 0), (0.0348, 1))),
]


@pytest.mark.parametrize("given", CASES, ids=str)
def test_all_pairs(given: Case) -> None:
    check_compiled(given)


def linear(given: Case, *, away: float = 0.0) -> Linear:
    node = prepare(given).node
    (one, zero), (two, other) = (parameters(node.input(which)) for which in (0, 1))
    scale, zero_point = parameters(node.output)
    if away:
        return Linear((float(one * two / scale),), (0,), zero_point, -128, 127, away)
    ratios = (float(one / scale), float(two / scale))
    return Linear(ratios, (zero, other), zero_point, -128, 127)


def test_usual_scales_take_one_rounding() -> None:
    given = case(Add(), USUAL)
    node = prepare(given).node

    def exact(left: Array, right: Array) -> Array:
        return node.op.integer(node, left, right)[0]

    assert nearest_sum(node, linear(given), exact) is not None


def test_what_no_factors_give_is_refused() -> None:
    given = case(Add(), USUAL)
    node = prepare(given).node

    def random(left: Array, right: Array) -> Array:
        return ((left * 7919 + right * 104729) % 251 - 125).astype(np.int8)

    assert nearest_sum(node, linear(given), random) is None
    assert nearest_product(node, linear(given, away=2.0**-7), random) is None


@pytest.mark.parametrize(
    "strange",
    [
        Linear((1e9, 1.0), (0, 0), 0, -128, 127),
        Linear((1.0, 1e-9), (0, 0), 0, -128, 127),
        Linear((1.0, 1.0), (0, 1 << 30), 0, -128, 127),
        Linear((1.0, float("nan")), (0, 0), 0, -128, 127),
    ],
    ids=str,
)
def test_strange_scales_are_refused(strange: Linear) -> None:
    node = prepare(case(Add(), USUAL)).node

    def exact(left: Array, right: Array) -> Array:
        return node.op.integer(node, left, right)[0]

    assert nearest_sum(node, strange, exact) is None
