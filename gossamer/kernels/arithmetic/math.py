"""Functions of one float32, as polynomials; each with the error it keeps within."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from gossamer.nest.expr import I32, Kind, Value

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gossamer.nest.build import Nest

_LOG2_E = 1.4426950408889634
_LN2_HIGH = 0.693359375
_LN2_LOW = -2.12194440e-4
_LEAST, _MOST = -87.33654, 88.37626
_EXP_TERMS = tuple(1 / math.factorial(n) for n in range(7, -1, -1))
"""Taylor's coefficients of exp, the highest first; |x| stays below ln(2) / 2."""
_EXP2_TERMS = (
    0.001326472731307149,
    0.009671512991189957,
    0.05550733581185341,
    0.24022242426872253,
    0.6931470036506653,
    1.0,
)
"""2**r for |r| <= 1/2 within 1e-7 of itself; the highest power first."""
_ROUNDER = float(3 << 22) + 127.0
"""Adding it leaves n + 127, the exponent of 2**n, in the last bits of a sum."""
_MOST_EXPONENT = 125.0


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
    n = nest.unary("rint", x * _LOG2_E)
    r = nest.fma(n, -_LN2_HIGH, x)
    r = nest.fma(n, -_LN2_LOW, r)
    return nest.convert(n, I32.of(x.kind.lanes)), horner(nest, r, _EXP_TERMS)


def _two_to(nest: Nest, n: Value, kind: Kind) -> Value:
    """2**n for whole n from -126 to 127."""
    return nest.bits((n + 127) << 23, kind)


def exp(nest: Nest, x: Value) -> Value:
    """The exponential, within 2 units in the last place; saturates out of range."""
    n, power = _exp_parts(nest, _held(nest, x, _LEAST, _MOST))
    return power * _two_to(nest, n, x.kind)


def full_exp(nest: Nest, x: Value) -> Value:
    """The exponential as `exp`, but infinite and subnormal where it ought to be."""
    n, power = _exp_parts(nest, _held(nest, x, -104.5, 89.0))
    half = n >> 1
    return power * _two_to(nest, half, x.kind) * _two_to(nest, n - half, x.kind)


_EXPM1_TERMS = tuple(1 / math.factorial(n) for n in range(8, 0, -1))


def elu(nest: Nest, x: Value) -> Value:
    """X where it is not below 0, else exp(x) - 1, within 2e-7 of it."""
    near = nest.compare("gt", x, -0.4)
    series = x * horner(nest, x, _EXPM1_TERMS)
    below = nest.select(near, series, exp(nest, x) - 1.0)
    return nest.select(nest.compare("lt", x, 0.0), below, x)


def _reciprocal(nest: Nest, x: Value) -> Value:
    """1 / x within 2 units in the last place, for x from 1 to 2**126.

    A division of whole AVX-512 vectors takes as long as a dozen other instructions:
    a step of Newton's after the machine's estimate takes the time of three.
    """
    one = nest.constant(1.0, x.kind)
    if not nest.target.estimates_reciprocals or x.kind.lanes != nest.target.lanes:
        return one / x
    near = nest.unary("near_reciprocal", x)
    rest = nest.fma(nest.unary("neg", x), near, one)
    return nest.fma(near, rest, near)


def logistic(nest: Nest, x: Value) -> Value:
    """1 / (1 + exp(-x)), within 1.1e-7.

    exp(-x) = 2**(n + r); the sum with the rounder ends in the bits of n's exponent.
    """
    power = _held(nest, x * -_LOG2_E, -_MOST_EXPONENT, _MOST_EXPONENT)
    rounder = nest.constant(_ROUNDER, x.kind)
    shifted = power + rounder
    part = horner(nest, power - (shifted - rounder), _EXP2_TERMS)
    exponent = nest.bits(shifted, I32.of(x.kind.lanes)) << 23
    scale = nest.bits(exponent, x.kind)
    return _reciprocal(nest, nest.fma(part, scale, nest.constant(1.0, x.kind)))


def tanh(nest: Nest, x: Value) -> Value:
    """The hyperbolic tangent, within 2.2e-7: 1 - 2 / (exp(2x) + 1)."""
    one = nest.constant(1.0, x.kind)
    return nest.fma(logistic(nest, x * -2.0), -2.0, one)


def gelu_by_tanh(nest: Nest, x: Value) -> Value:
    """GELU, approximated: x / 2 * (1 + tanh(sqrt(2 / pi) (x + 0.044715 x**3)))."""
    cube = x * x * x
    bent = (x + cube * 0.044715) * 0.7978845608028654
    return x * 0.5 * (tanh(nest, bent) + 1.0)
