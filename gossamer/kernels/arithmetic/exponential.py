"""The exponential of numbers that are not positive, in few instructions.

x = n * ln(2) + r. Adding 1.5 * 2**23 + 127 rounds x / ln(2) to n and leaves n + 127,
the exponent of 2**n, in the last bits of the sum.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gossamer.nest.expr import I32, Value

if TYPE_CHECKING:
    from gossamer.nest.build import Nest

_LOG2_E = 1.4426950408889634
_LN2_HIGH = 0.693359375
_LN2_LOW = -2.12194440e-4
_LEAST = -80.0
_ROUNDER = float(3 << 22) + 127.0
EXP_TERMS = (
    0.0013814539415761828,
    0.00836874544620514,
    0.04166838899254799,
    0.1666652113199234,
    0.4999999403953552,
    1.0,
    1.0,
)
"""exp(r) for |r| <= ln(2) / 2 within 8e-8 of itself; the highest power first."""


def exp_below(nest: Nest, x: Value) -> Value:
    """exp(x) for x <= 0, within 2 units in the last place; 0 where it is below 1e-35.

    What is not a number stays so. A part of what is not 0 is no subnormal number, with
    which processors take a hundred times longer.
    """
    least = nest.constant(_LEAST, x.kind)
    power, r = exponential_parts(nest, nest.maximum(least, x))
    result = nest.constant(EXP_TERMS[0], x.kind)
    for term in EXP_TERMS[1:]:
        result = nest.fma(result, r, nest.constant(term, x.kind))
    return nest.select(nest.compare("lt", x, least), 0.0, result * power)


def exponential_parts(nest: Nest, x: Value) -> tuple[Value, Value]:
    """2**n and r where x = n * ln(2) + r, for n from -126 to 127."""
    rounder = nest.constant(_ROUNDER, x.kind)
    shifted = nest.fma(x, _LOG2_E, rounder)
    n = shifted - rounder
    r = nest.fma(n, -_LN2_HIGH, x)
    r = nest.fma(n, -_LN2_LOW, r)
    exponent = nest.bits(shifted, I32.of(x.kind.lanes)) << 23
    return nest.bits(exponent, x.kind), r
