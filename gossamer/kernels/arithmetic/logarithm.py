"""The logarithm and the power of float32 numbers, over their whole range."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from gossamer.kernels.arithmetic.estimate import reciprocal
from gossamer.kernels.arithmetic.math import horner
from gossamer.nest.expr import F64, I32, I64, Value

if TYPE_CHECKING:
    from gossamer.nest.build import Nest

_ROOT_HALF = 0x3F3504F3
"""The bits of the float32 next to sqrt(1/2), where mantissas begin."""
_LEAST_NORMAL = 2.0**-126
_LN2_HIGH = 0.693359375
"""ln(2) in so few bits that its multiples by an exponent are exact."""
_LN2_LOW = math.log(2) - _LN2_HIGH
_LOG_TERMS = tuple(2 / n for n in (9, 7, 5, 3))
_WIDE_ROOT_HALF = 0x3FE6A09E667F3BCD
_WIDE_LOG_TERMS = tuple(2 / math.log(2) / n for n in range(15, 0, -2))
_WIDE_EXP_TERMS = tuple(math.log(2) ** n / math.factorial(n) for n in range(10, -1, -1))


def log(nest: Nest, x: Value) -> Value:
    """The natural logarithm, within 2 units in the last place; NaN below 0.

    x = 2**e * (1 + f); with s = f / (2 + f) and the series R of s**2,
    log(1 + f) = f - (f**2 / 2 - s * (f**2 / 2 + R)).
    """
    small = nest.compare("lt", x, _LEAST_NORMAL)
    kind = I32.of(x.kind.lanes)
    bits = nest.bits(nest.select(small, x * 2.0**24, x), kind)
    exponent = (bits - _ROOT_HALF) >> 23
    f = nest.bits(bits - (exponent << 23), x.kind) - 1.0
    exponent = exponent - nest.select(small, nest.constant(24, kind), 0)
    e = nest.convert(exponent, x.kind)
    s = f * reciprocal(nest, f + 2.0)
    square = s * s
    half = f * f * 0.5
    rest = nest.fma(e, _LN2_LOW, s * (half + square * horner(nest, square, _LOG_TERMS)))
    result = nest.fma(e, _LN2_HIGH, f - (half - rest))
    return _log_at_the_ends(nest, x, result)


def _log_at_the_ends(nest: Nest, x: Value, result: Value) -> Value:
    infinite = nest.compare("eq", x, math.inf)
    result = nest.select(infinite, x, result)
    result = nest.select(nest.compare("gt", x, 0.0), result, math.nan)
    return nest.select(nest.compare("eq", x, 0.0), -math.inf, result)


def power(nest: Nest, x: Value, y: Value) -> Value:
    """X to the power of y as C's `pow`: 2**(y * log2(|x|)), in float64."""
    wide = F64.of(x.kind.lanes)
    size = nest.unary("abs", x)
    exponent = nest.convert(y, wide) * _log2(nest, nest.convert(size, wide))
    is_one = nest.compare("eq", size, 1.0) & nest.compare("eq", y, y)
    result = nest.convert(_exp2(nest, nest.select(is_one, 0.0, exponent)), x.kind)
    return _power_of_signs(nest, x, y, result)


def _power_of_signs(nest: Nest, x: Value, y: Value, result: Value) -> Value:
    """The power of |x| as the one of x: its sign, and where there is none."""
    half = y * 0.5
    whole = nest.compare("eq", nest.unary("rint", y), y)
    odd = whole & nest.compare("ne", nest.unary("rint", half), half)
    negative = nest.compare("lt", nest.bits(x, I32.of(x.kind.lanes)), 0)
    signed = nest.select(negative & odd, nest.unary("neg", result), result)
    none = nest.compare("lt", x, 0.0) & nest.compare("gt", x, -math.inf)
    signed = nest.select(none & nest.opposite(whole), math.nan, signed)
    signed = nest.select(nest.compare("eq", x, x), signed, x)
    always = nest.compare("eq", y, 0.0) | nest.compare("eq", x, 1.0)
    return nest.select(always, 1.0, signed)


def _log2(nest: Nest, x: Value) -> Value:
    """The logarithm to base 2 of float64 >= 0; exact for 1."""
    lanes = x.kind.lanes
    bits = nest.bits(x, I64.of(lanes))
    exponent = (bits - _WIDE_ROOT_HALF) >> 52
    mantissa = nest.bits(bits - (exponent << 52), x.kind)
    s = (mantissa - 1.0) / (mantissa + 1.0)
    whole = nest.convert(nest.convert(exponent, I32.of(lanes)), x.kind)
    result = nest.fma(s, horner(nest, s * s, _WIDE_LOG_TERMS), whole)
    result = nest.select(nest.compare("eq", x, 0.0), -math.inf, result)
    return nest.select(nest.compare("eq", x, math.inf), math.inf, result)


def _exp2(nest: Nest, x: Value) -> Value:
    """2**x in float64, as far as float32 reaches."""
    low, high = (nest.constant(limit, x.kind) for limit in (-200.0, 200.0))
    x = nest.minimum(high, nest.maximum(low, x))
    n = nest.unary("rint", x)
    result = horner(nest, x - n, _WIDE_EXP_TERMS)
    wide = I64.of(x.kind.lanes)
    exponent = nest.convert(nest.convert(n, I32.of(x.kind.lanes)), wide) + 1023
    return result * nest.bits(exponent << 52, x.kind)
