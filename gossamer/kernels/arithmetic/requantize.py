"""int32 sums to int8, bit for bit as the reference kernels do it.

The real factor is multiplier * 2**(shift - 31). Most operators round twice: the product
to 32 bits, halves up, then the right shift, halves away from zero:

    high = (x * multiplier + 2**30) >> 31
    y = (((high - (high < 0)) >> (right - 1)) + 1) >> 1

Where negative sums end up clamped anyway, the term for their sign is idle and the two
shifts are one, since floor(floor(a / b) / c) = floor(a / (b * c)):

    y = (x * multiplier + 2**30 + 2**(30 + right)) >> (31 + right)

Sums that leave room in 32 bits are doubled, so that `high` and all that is added to it
stand in the upper half of a product:

    y = (((2 * x * multiplier + 2**31 + 2**(31 + right)) >> 32) - (x < 0)) >> right

FULLY_CONNECTED multiplies by the real factor in float64 and rounds halves away.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from gossamer.nest.expr import F64, I32, I64, Value

if TYPE_CHECKING:
    from collections.abc import Callable

    from gossamer.nest.build import Nest

NUDGE = 1 << 30
"""Half of what a product of 31 bits is divided by."""
_SIGN = -(1 << 63)
_HALF = 0x3FDFFFFFFFFFFFFF
"""The bits of the float64 below 0.5: 0.5 itself would round 0.49999999999999994 up."""
_FAR = 1e9
"""Beyond any output, within 32 bits."""


def halves(nest: Nest, value: Value) -> tuple[Value, ...]:
    """The even and the odd lanes of int32, widened to int64; a scalar itself."""
    if not value.kind.is_vector:
        return (nest.convert(value, I64),)
    wide = nest.bits(value, I64.of(value.kind.lanes // 2))
    return (wide << 32) >> 32, wide >> 32


def join_high(nest: Nest, even: Value, odd: Value | None = None) -> Value:
    """High halves of `even` and of `odd` as int32 lanes."""
    if odd is None:
        return nest.convert(even >> 32, I32)
    lanes = even.kind.lanes * 2
    kind = I32.of(lanes)
    order = [lane + (lanes if lane % 2 else 1) for lane in range(lanes)]
    return nest.shuffle(nest.bits(even, kind), nest.bits(odd, kind), order)


def _join(nest: Nest, even: Value, odd: Value) -> Value:
    """Low halves of `even` and high halves of `odd` as int32 lanes."""
    lanes = even.kind.lanes * 2
    kind = I32.of(lanes)
    order = [lane + (lanes if lane % 2 else 0) for lane in range(lanes)]
    return nest.shuffle(nest.bits(even, kind), nest.bits(odd, kind), order)


@dataclass(frozen=True, slots=True)
class Factor:
    """A factor in lanes, for the rule that rounds twice.

    `even` and `odd` are the multipliers of the even and odd lanes as int64. The right
    shift goes in two parts, so that rounding cannot overflow: all but one bit is
    `right`, `last` is 1 in lanes that are shifted; None where no lane is.
    """

    even: Value
    odd: Value | None
    left: Value | None
    right: Value | None
    last: Value | None
    sign: Value | None
    """A mask of the lanes that are shifted, None if all or none are."""


def uniform_factor(nest: Nest, multiplier: int, shift: int, lanes: int) -> Factor:
    """The same factor in every lane."""
    kind, wide = I32.of(lanes), I64.of(max(lanes // 2, 1))
    number = nest.number(multiplier, wide)
    left = nest.number(shift, kind) if shift > 0 else None
    right = nest.number(-shift - 1, kind) if shift < 0 else None
    last = nest.constant(1, kind) if shift < 0 else None
    return Factor(number, number if lanes > 1 else None, left, right, last, None)


def scale(nest: Nest, value: Value, factor: Factor) -> Value:
    """`value` (int32) times the factor, rounded twice; int32."""
    if factor.left is not None:
        value = value << factor.left
    product = _rounded_product(nest, value, factor)
    if factor.right is None or factor.last is None:
        return product
    negative = product >> 31
    if factor.sign is not None:
        negative = negative & factor.sign
    return (((product + negative) >> factor.right) + factor.last) >> factor.last


def _rounded_product(nest: Nest, value: Value, factor: Factor) -> Value:
    if value.kind.lanes == 1 or factor.odd is None:
        wide = nest.convert(value, I64) * factor.even + NUDGE
        return nest.convert(wide >> 31, I32)
    even, odd = halves(nest, value)
    high = nest.logical_shift(even * factor.even + NUDGE, 31)
    low = (odd * factor.odd + NUDGE) << 1
    return _join(nest, high, low)


def saturate(nest: Nest, value: Value, low: int, high: int) -> Value:
    """int32 to int8, held within `low` and `high`."""
    return within(nest, nest.narrow(value), low, high)


def within(nest: Nest, value: Value, low: int, high: int) -> Value:
    """int8 held within `low` and `high`."""
    if low > -128:
        value = nest.maximum(value, low)
    if high < 127:
        value = nest.minimum(value, high)
    return value


class Factors(Protocol):
    """The factors of all columns, in memory."""

    def load(self, nest: Nest, index: Value, lanes: int) -> Callable[[Value], Value]:
        """A function that scales int32 lanes of the columns from `index` on.

        It also adds the output's zero point.
        """
        ...


@dataclass(frozen=True, slots=True)
class MergedFactors:
    """Multipliers, shifts beyond 32 bits, and what is added before them.

    The addend (int64) is stored as its low and high 32 bits.
    """

    multipliers: Value
    shifts: Value
    low: Value
    high: Value

    def load(self, nest: Nest, index: Value, lanes: int) -> Callable[[Value], Value]:
        kind = I32.of(lanes)
        low, high = (nest.load(kind, p, index) for p in (self.low, self.high))
        shift = nest.load(kind, self.shifts, index)
        factors = halves(nest, nest.load(kind, self.multipliers, index))
        addends = addends_of(nest, low, high)
        return lambda value: high_product(nest, value, factors, addends) >> shift


@dataclass(frozen=True, slots=True)
class DoubledFactors:
    """Multipliers, right shifts, and what is added to the high half before them."""

    multipliers: Value
    shifts: Value
    addends: Value

    def load(self, nest: Nest, index: Value, lanes: int) -> Callable[[Value], Value]:
        kind = I32.of(lanes)
        shift = nest.load(kind, self.shifts, index)
        factors = halves(nest, nest.load(kind, self.multipliers, index))
        high = nest.load(kind, self.addends, index)
        addends = addends_of(nest, nest.constant(-(1 << 31), kind), high)

        def apply(value: Value) -> Value:
            product = high_product(nest, value + value, factors, addends)
            return (product + (value >> 31)) >> shift

        return apply


def high_product(
    nest: Nest,
    value: Value,
    factors: tuple[Value, ...],
    addends: tuple[Value, ...],
) -> Value:
    """The high half of `value * factor + addend`, as int32 lanes."""
    parts = zip(halves(nest, value), factors, addends, strict=True)
    sums = [half * factor + addend for half, factor, addend in parts]
    return join_high(nest, *sums)


def addends_of(nest: Nest, low: Value, high: Value) -> tuple[Value, ...]:
    """int64 of the even and of the odd lanes from their low and high halves."""
    lanes = low.kind.lanes
    if lanes == 1:
        return ((nest.convert(high, I64) << 32) | nest.unsigned(low, I64),)
    wide = I64.of(lanes // 2)
    even = [lane + (lanes - 1 if lane % 2 else 0) for lane in range(lanes)]
    odd = [lane + (lanes if lane % 2 else 1) for lane in range(lanes)]
    return (
        nest.bits(nest.shuffle(low, high, even), wide),
        nest.bits(nest.shuffle(low, high, odd), wide),
    )


@dataclass(frozen=True, slots=True)
class RealFactors:
    """float64 factors, rounded once, halves away from zero.

    `are_safe`: no product leaves 32 bits.
    """

    factors: Value
    zero_points: Value
    are_safe: bool

    def load(self, nest: Nest, index: Value, lanes: int) -> Callable[[Value], Value]:
        factor = nest.load(F64.of(lanes), self.factors, index)
        zero = nest.load(I32.of(lanes), self.zero_points, index)
        return real_product(nest, factor, zero, are_safe=self.are_safe)


def real_product(
    nest: Nest, factor: Value, zero: Value, *, are_safe: bool
) -> Callable[[Value], Value]:
    """A function that multiplies by float64 lanes and rounds halves away from zero."""

    def apply(value: Value) -> Value:
        real = nest.convert(value, factor.kind) * factor
        if not are_safe:
            real = nest.minimum(nest.maximum(real, -_FAR), _FAR)
        return round_away(nest, real) + zero

    return apply


def round_away(nest: Nest, real: Value) -> Value:
    """float64 lanes to the nearest int32, halves away from zero."""
    kind = I64.of(real.kind.lanes)
    half = (nest.bits(real, kind) & _SIGN) | _HALF
    return nest.convert(real + nest.bits(half, real.kind), I32.of(real.kind.lanes))


@dataclass(frozen=True, slots=True)
class DoubleFactors:
    """Any factor, rounded twice.

    What the shifts have in common is known at compile time.
    """

    multipliers: Value
    shifts: Value
    zero_points: Value
    any_left: bool
    any_right: bool
    all_right: bool

    def load(self, nest: Nest, index: Value, lanes: int) -> Callable[[Value], Value]:
        factor = self._factor(nest, index, lanes)
        zero = nest.load(I32.of(lanes), self.zero_points, index)
        return lambda value: scale(nest, value, factor) + zero

    def _factor(self, nest: Nest, index: Value, lanes: int) -> Factor:
        kind = I32.of(lanes)
        multiplier = nest.load(kind, self.multipliers, index)
        shift = nest.load(kind, self.shifts, index)
        common = self.any_left, self.any_right, self.all_right
        return factor_of(nest, multiplier, shift, *common)


def factor_of(
    nest: Nest,
    multiplier: Value,
    shift: Value,
    any_left: bool,  # noqa: FBT001  these three go together
    any_right: bool,  # noqa: FBT001
    all_right: bool,  # noqa: FBT001
) -> Factor:
    """A factor in lanes, of which is known whether any or all are shifted."""
    even, *others = halves(nest, multiplier)
    odd = others[0] if others else None
    kind = multiplier.kind
    zero = nest.constant(0, kind)
    left = right = last = sign = None
    if any_left:
        left = nest.maximum(shift, 0)
    if any_right:
        whole = nest.maximum(zero - shift, 0)
        last = nest.constant(1, kind)
        if not all_right:
            last = nest.minimum(whole, 1)
            sign = zero - last
        right = whole - last
    return Factor(even, odd, left, right, last, sign)
