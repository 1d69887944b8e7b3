"""Division of whole numbers, which machines have no vectors for.

A divisor of 0 gives some number and never a fault; who must not divide by 0 checks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gossamer.nest.expr import F64, I32, I64

if TYPE_CHECKING:
    from gossamer.nest.build import Nest
    from gossamer.nest.expr import Value


def quotient(nest: Nest, left: Value, right: Value) -> Value:
    """Left / right of int32 or int64, cut towards 0."""
    if left.kind.element == I32:
        return nest.convert(_as_double(nest, left, right), left.kind)
    sizes = [nest.unary("abs", value) for value in (left, right)]
    divisor = nest.select(nest.compare("eq", right, 0), 1, sizes[1])
    size = sizes[0] // divisor
    differs = nest.compare("lt", left ^ right, 0)
    return nest.select(differs, -size, size)


def floor_quotient(nest: Nest, left: Value, right: Value) -> Value:
    """The greatest whole number not above left / right; floats as int32 and int64."""
    if left.kind.is_float:
        wide = nest.unary("floor", _as_double(nest, left, right))
        return nest.convert(wide, left.kind)
    cut = quotient(nest, left, right)
    rest = left - cut * right
    below = _differ_in_sign(nest, rest, right)
    return nest.select(below, cut - 1, cut)


def floor_remainder(nest: Nest, left: Value, right: Value) -> Value:
    """What `floor_quotient` leaves of `left`; it has the sign of `right`."""
    if left.kind.is_float:
        rest = _float_remainder(nest, left, right)
        signs = nest.compare("lt", rest, 0.0) ^ nest.compare("lt", right, 0.0)
        below = signs & nest.compare("ne", rest, 0.0)
        return nest.select(below, rest + right, rest)
    rest = left - quotient(nest, left, right) * right
    return nest.select(_differ_in_sign(nest, rest, right), rest + right, rest)


_LEADING = -(1 << 25)
"""Keeps the 28 leading bits of a float64, whose products with float32 are exact."""


def _float_remainder(nest: Nest, left: Value, right: Value) -> Value:
    """Left - n * right with n cut towards 0, exact; it has the sign of `left`.

    A round takes the leading bits of n; the vector's largest n says how many rounds.
    """
    wide, bits = F64.of(left.kind.lanes), I64.of(left.kind.lanes)
    x, y = (nest.unary("abs", nest.convert(v, wide)) for v in (left, right))
    distance = (nest.bits(x, bits) >> 52) - (nest.bits(y, bits) >> 52)
    most = nest.peak(nest.convert(distance, I32.of(left.kind.lanes)))
    rounds = (nest.maximum(nest.convert(most, I64), 0) >> 4) + 1
    with nest.loop(rounds, carry=(x,)) as loop:
        (rest,) = loop.values
        ratio = nest.unary("trunc", rest / y)
        leading = nest.bits(nest.bits(ratio, bits) & _LEADING, wide)
        done = nest.compare("lt", nest.unary("abs", rest), y)
        loop.carry((nest.select(done, rest, rest - leading * y),))
    (rest,) = loop.results
    rest = nest.select(nest.compare("lt", rest, 0.0), rest + y, rest)
    size = nest.convert(rest, left.kind)
    negative = nest.compare("lt", left, 0.0)
    return nest.select(negative, nest.unary("neg", size), size)


def _as_double(nest: Nest, left: Value, right: Value) -> Value:
    """The quotient in float64, which cuts those of int32 and float32 as it should."""
    wide = F64.of(left.kind.lanes)
    return nest.convert(left, wide) / nest.convert(right, wide)


def _differ_in_sign(nest: Nest, rest: Value, right: Value) -> Value:
    """Whether a remainder is not 0 and on the other side of 0 than the divisor."""
    some = nest.compare("ne", rest, 0)
    return some & nest.compare("lt", rest ^ right, 0)
