"""The same factors from fewer bytes of each column, for machines with little memory.

A column has its multiplier, its shift and the output's zero point, six bytes. What the
rules of `requantize` add is computed from these once for a tile. NEON has instructions
for both roundings, so that there no rule has a shorter way.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from gossamer.kernels.arithmetic.requantize import (
    NUDGE,
    factor_of,
    real_product,
    scale,
)
from gossamer.nest.expr import F64, I8, I32, I64, Value

if TYPE_CHECKING:
    from collections.abc import Callable

    from gossamer.nest.build import Nest


class Rule(Enum):
    """Which formula of `requantize` holds for all columns."""

    MERGED = "one shift"
    DOUBLED = "doubled sums"
    TWICE = "two roundings"


def _small(nest: Nest, pointer: Value, index: Value, lanes: int) -> Value:
    """int8 as int32 lanes."""
    return nest.convert(nest.load(I8.of(lanes), pointer, index), I32.of(lanes))


@dataclass(frozen=True, slots=True)
class CompactFactors:
    """Multipliers (int32), shifts and zero points (int8).

    What the shifts have in common is known at compile time.
    """

    multipliers: Value
    shifts: Value
    zero_points: Value
    rule: Rule
    any_left: bool
    any_right: bool
    all_right: bool

    def load(self, nest: Nest, index: Value, lanes: int) -> Callable[[Value], Value]:
        multiplier = nest.load(I32.of(lanes), self.multipliers, index)
        shift = _small(nest, self.shifts, index, lanes)
        zero = _small(nest, self.zero_points, index, lanes)
        if nest.target.has_neon and lanes > 1:
            return self._by_instructions(nest, multiplier, shift, zero)
        if self.rule is Rule.TWICE or lanes > 1:
            common = self.any_left, self.any_right, self.all_right
            factor = factor_of(nest, multiplier, shift, *common)
            return lambda value: scale(nest, value, factor) + zero
        wide = nest.convert(multiplier, I64)
        right = nest.constant(0, I32) - shift
        if self.rule is Rule.MERGED:
            return _merged(nest, wide, right, zero)
        return _doubled(nest, wide, right, zero)

    def _by_instructions(
        self, nest: Nest, multiplier: Value, shift: Value, zero: Value
    ) -> Callable[[Value], Value]:
        left = nest.maximum(shift, 0) if self.any_left else None
        right = nest.minimum(shift, 0) if self.any_left else shift
        # Only lanes that are shifted round halves away from zero.
        sign = None if self.all_right else right >> 31

        def apply(value: Value) -> Value:
            if left is not None:
                value = value << left
            high = nest.apply("doubled_high", value.kind, value, multiplier)
            if not self.any_right:
                return high + zero
            negative = high >> 31
            if sign is not None:
                negative = negative & sign
            total = high + negative
            return nest.apply("rounded_shift", total.kind, total, right) + zero

        return apply


def _merged(
    nest: Nest, multiplier: Value, right: Value, zero: Value
) -> Callable[[Value], Value]:
    steps = nest.convert(zero + zero + 1, I64) << (nest.convert(right, I64) + 30)
    addend, rest = steps + NUDGE, right - 1

    def apply(value: Value) -> Value:
        total = nest.convert(value, I64) * multiplier + addend
        return nest.convert(total >> 32, I32) >> rest

    return apply


def _doubled(
    nest: Nest, multiplier: Value, right: Value, zero: Value
) -> Callable[[Value], Value]:
    steps = ((zero + zero + 1) << right) >> 1
    addend = (nest.convert(steps, I64) << 32) + (1 << 31)

    def apply(value: Value) -> Value:
        total = nest.convert(value + value, I64) * multiplier + addend
        return (nest.convert(total >> 32, I32) + (value >> 31)) >> right

    return apply


@dataclass(frozen=True, slots=True)
class CompactRealFactors:
    """float64 factors, rounded once, and zero points (int8).

    `are_safe`: no product leaves 32 bits.
    """

    factors: Value
    zero_points: Value
    are_safe: bool

    def load(self, nest: Nest, index: Value, lanes: int) -> Callable[[Value], Value]:
        factor = nest.load(F64.of(lanes), self.factors, index)
        zero = _small(nest, self.zero_points, index, lanes)
        return real_product(nest, factor, zero, are_safe=self.are_safe)
