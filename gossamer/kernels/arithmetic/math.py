"""Functions of one float32, as polynomials; each with the error it keeps within."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gossamer.kernels.arithmetic.estimate import reciprocal
from gossamer.kernels.arithmetic.exponential import EXP_TERMS, exponential_parts
from gossamer.nest.expr import I32, Kind, Value

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gossamer.nest.build import Nest

_LOG2_E = 1.4426950408889634
_LN2_HIGH = 0.693359375
_LN2_LOW = -2.12194440e-4
_LEAST, _MOST = -87.33654, 88.37626
_ROUNDER = float(3 << 22)
"""Added, it leaves the nearest whole number in the last bits of the sum."""
_ROUNDER_BITS = 0x4B400000
_EXPONENT_ROUNDER = _ROUNDER + 127.0
"""The same, with n + 127, the exponent of 2**n, in the last bits."""
_MOST_EXPONENT = 125.0
_EXP2_TERMS = (
    0.001326472731307149,
    0.009671512991189957,
    0.05550733581185341,
    0.24022242426872253,
    0.6931470036506653,
    1.0,
)
"""2**r for |r| <= 1/2 within 1e-7 of itself; the highest power first."""


def horner(nest: Nest, x: Value, terms: Sequence[float]) -> Value:
    """A polynomial of x; the coefficient of the highest power comes first."""
    result = nest.constant(terms[0], x.kind)
    for term in terms[1:]:
        result = nest.fma(result, x, nest.constant(term, x.kind))
    return result


def _held(nest: Nest, x: Value, low: float, high: float) -> Value:
    """X within two limits; what is not a number stays so."""
    least, most = nest.constant(low, x.kind), nest.constant(high, x.kind)
    return nest.minimum(most, nest.maximum(least, x))


def _exp_parts(nest: Nest, x: Value) -> tuple[Value, Value]:
    """N and exp(r) where x = n * ln(2) + r and n is whole."""
    rounder = nest.constant(_ROUNDER, x.kind)
    shifted = nest.fma(x, _LOG2_E, rounder)
    n = shifted - rounder
    r = nest.fma(n, -_LN2_HIGH, x)
    r = nest.fma(n, -_LN2_LOW, r)
    whole = nest.bits(shifted, I32.of(x.kind.lanes)) - _ROUNDER_BITS
    return whole, horner(nest, r, EXP_TERMS)


def _two_to(nest: Nest, n: Value, kind: Kind) -> Value:
    """2**n for whole n from -126 to 127."""
    return nest.bits((n + 127) << 23, kind)


def exp(nest: Nest, x: Value) -> Value:
    """The exponential, within 2 units in the last place; saturates out of range."""
    power, r = exponential_parts(nest, _held(nest, x, _LEAST, _MOST))
    return horner(nest, r, EXP_TERMS) * power


def full_exp(nest: Nest, x: Value) -> Value:
    """The exponential as `exp`, but infinite and subnormal where it ought to be."""
    n, power = _exp_parts(nest, _held(nest, x, -104.5, 89.0))
    half = n >> 1
    return power * _two_to(nest, half, x.kind) * _two_to(nest, n - half, x.kind)


def elu(nest: Nest, x: Value) -> Value:
    """X where it is not below 0, else exp(x) - 1, within 2e-7 of it."""
    zero = nest.constant(0.0, x.kind)
    low = nest.minimum(zero, nest.maximum(nest.constant(_LEAST, x.kind), x))
    power, r = exponential_parts(nest, low)
    # exp(r) - 1 is r times a polynomial, so that nothing cancels near 0.
    below = nest.fma(power * r, horner(nest, r, EXP_TERMS[:-1]), power - 1.0)
    return nest.select(nest.compare("lt", x, zero), below, x)


def logistic(nest: Nest, x: Value) -> Value:
    """1 / (1 + exp(-x)), within 1.1e-7.

    exp(-x) = 2**(n + r); the sum with the rounder ends in the bits of n's exponent.
    """
    power = _held(nest, x * -_LOG2_E, -_MOST_EXPONENT, _MOST_EXPONENT)
    rounder = nest.constant(_EXPONENT_ROUNDER, x.kind)
    shifted = power + rounder
    part = horner(nest, power - (shifted - rounder), _EXP2_TERMS)
    exponent = nest.bits(shifted, I32.of(x.kind.lanes)) << 23
    scale = nest.bits(exponent, x.kind)
    return reciprocal(nest, nest.fma(part, scale, nest.constant(1.0, x.kind)))


def tanh(nest: Nest, x: Value) -> Value:
    """The hyperbolic tangent, within 2.2e-7: 1 - 2 / (exp(2x) + 1)."""
    one = nest.constant(1.0, x.kind)
    return nest.fma(logistic(nest, x * -2.0), -2.0, one)


def gelu_by_tanh(nest: Nest, x: Value) -> Value:
    """GELU, approximated: x / 2 * (1 + tanh(sqrt(2 / pi) (x + 0.044715 x**3)))."""
    cube = x * x * x
    bent = (x + cube * 0.044715) * 0.7978845608028654
    return x * 0.5 * (tanh(nest, bent) + 1.0)
