"""int32 sums to int8, bit for bit as the reference kernels do it.

The real factor is multiplier * 2**(shift - 31). The product is rounded twice: once to
32 bits, halves up (`SaturatingRoundingDoublingHighMul`), once by the right shift,
halves away from zero (`RoundingDivideByPOT`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gossamer.nest.expr import I32, I64, Value

if TYPE_CHECKING:
    from gossamer.kernels.gemm import Place, Tile
    from gossamer.nest.build import Nest

_NUDGE = 1 << 30


@dataclass(frozen=True, slots=True)
class Factor:
    """A multiplier and its shift, in the form in which vectors use them.

    `even` and `odd` are the multipliers of the even and odd lanes as int64; `right`
    and `half` the right shift and what rounds it; None where it is 0 in all lanes.
    """

    even: Value
    odd: Value | None
    left: Value | None
    right: Value | None
    half: Value | None
    sign: Value | None
    """A mask of the lanes that are shifted, None if all or none are."""


def uniform_factor(nest: Nest, multiplier: int, shift: int, lanes: int) -> Factor:
    """The same factor in every lane."""
    kind, wide = I32.of(lanes), I64.of(max(lanes // 2, 1))
    number = nest.constant(multiplier, wide)
    left = nest.constant(shift, kind) if shift > 0 else None
    right = nest.constant(-shift, kind) if shift < 0 else None
    half = nest.constant(1 << (-shift - 1), kind) if shift < 0 else None
    return Factor(number, number if lanes > 1 else None, left, right, half, None)


@dataclass(frozen=True, slots=True)
class FactorTable:
    """Factors of all columns in memory: int32 multipliers and shifts.

    What the shifts have in common is known at compile time.
    """

    multipliers: Value
    shifts: Value
    any_left: bool
    any_right: bool
    all_right: bool

    def load(self, nest: Nest, index: Value, lanes: int) -> Factor:
        """The factors of `lanes` columns from `index` on."""
        kind = I32.of(lanes)
        multiplier = nest.load(kind, self.multipliers, index)
        even, odd = _halves(nest, multiplier)
        shift = nest.load(kind, self.shifts, index)
        zero = nest.constant(0, kind)
        left = right = half = sign = None
        if self.any_left:
            left = nest.maximum(shift, 0)
        if self.any_right:
            right = nest.maximum(zero - shift, 0)
            half = nest.logical_shift(nest.constant(1, kind) << right, 1)
            if not self.all_right:
                sign = nest.convert(nest.compare("gt", right, 0), kind)
                sign = zero - sign
        return Factor(even, odd, left, right, half, sign)


def _halves(nest: Nest, value: Value) -> tuple[Value, Value | None]:
    """The even and the odd lanes, widened to int64 with their sign."""
    lanes = value.kind.lanes
    if lanes == 1:
        return nest.convert(value, I64), None
    wide = nest.bits(value, I64.of(lanes // 2))
    return (wide << 32) >> 32, wide >> 32


def scale(nest: Nest, value: Value, factor: Factor) -> Value:
    """`value` (int32) times the factor, rounded twice; int32."""
    if factor.left is not None:
        value = value << factor.left
    even, odd = _halves(nest, value)
    high = nest.logical_shift(even * factor.even + _NUDGE, 31)
    lanes = value.kind.lanes
    if odd is None or factor.odd is None:
        product = nest.convert(high, I32)
    else:
        low = (odd * factor.odd + _NUDGE) << 1
        kind = I32.of(lanes)
        order = [lane + (lanes if lane % 2 else 0) for lane in range(lanes)]
        product = nest.shuffle(nest.bits(high, kind), nest.bits(low, kind), order)
    if factor.right is None or factor.half is None:
        return product
    negative = product >> 31
    if factor.sign is not None:
        negative = negative & factor.sign
    return (product + factor.half + negative) >> factor.right


def saturate(nest: Nest, value: Value, low: int, high: int) -> Value:
    """int32 to int8, held within `low` and `high`."""
    if low > -128:
        value = nest.maximum(value, low)
    if high < 127:
        value = nest.minimum(value, high)
    return nest.narrow(value)


@dataclass(frozen=True, slots=True)
class IntegerEpilogue:
    """Sums start from the bias, are requantized, clamped and stored as int8."""

    bias: Value
    factors: FactorTable
    zero_point: int
    low: int
    high: int
    output_bytes: int = 1

    def start(self, nest: Nest, column: Value, tile: Tile) -> list[Value]:
        first = nest.offset(self.bias, column, I32)
        return [
            nest.load(I32.of(tile.lanes), first, v * tile.lanes)
            for v in range(tile.vectors)
        ]

    def finish(
        self, nest: Nest, sums: list[list[Value]], place: Place, tile: Tile
    ) -> None:
        for v in range(tile.vectors):
            factor = self.factors.load(nest, place.column + v * tile.lanes, tile.lanes)
            for row, vectors in enumerate(sums):
                value = scale(nest, vectors[v], factor) + self.zero_point
                small = saturate(nest, value, self.low, self.high)
                address = nest.offset(place.corner, row * place.pitch + v * tile.lanes)
                nest.store(small, address, 0, tile.valid(v))
