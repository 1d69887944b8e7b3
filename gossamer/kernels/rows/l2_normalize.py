"""Rows scaled to length 1."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gossamer.kernels.arithmetic.clamp import clamp
from gossamer.kernels.arithmetic.fixed_point import FixedPoint
from gossamer.kernels.elements.elementwise import Lanes, each_vector
from gossamer.nest.expr import F32, I64, Value

if TYPE_CHECKING:
    from gossamer.kernels.arithmetic.integers import Stored
    from gossamer.nest.build import Nest

_LEAST_LENGTH = 1e-6


def float_l2_normalize(
    nest: Nest, columns: int, limits: tuple[float, float], x: Value, y: Value
) -> None:
    """A whole kernel; units of work are rows of `columns` elements."""
    begin, end = nest.integer(), nest.integer()
    lanes = nest.target.lanes
    whole = columns // lanes * lanes

    def squares(base: Value, start: Value, first: int, last: int) -> Value:
        step = start.kind.lanes
        with nest.loop(last, start=first, step=step, carry=[start]) as loop:
            value = nest.load(start.kind, x, base + loop.index)
            loop.carry([nest.fma(value, value, loop.values[0])])
        return loop.results[0]

    with nest.loop(end, start=begin) as row:
        base = row.index * columns
        total = nest.zero()
        if whole:
            total = nest.sum(squares(base, nest.zero(lanes), 0, whole))
        if whole < columns:
            total = squares(base, total, whole, columns)
        length = nest.maximum(nest.unary("sqrt", total), _LEAST_LENGTH)

        def divide(index: Value, group: Lanes) -> None:
            value = group.load(nest, F32, x, base + index)
            share = value / nest.splat(length, group.count)
            group.store(nest, clamp(nest, share, limits), y, base + index)

        each_vector(nest, columns, lanes, divide)


@dataclass(frozen=True, slots=True)
class BytesRow:
    """A row of 8-bit integers with a zero point."""

    stored: Stored
    columns: int
    zero_point: int


def integer_l2_normalize(nest: Nest, row: BytesRow, x: Value, y: Value) -> None:
    """A whole kernel; units of work are rows. The output counts in steps of 1/128."""
    begin, end = nest.integer(), nest.integer()
    fixed = FixedPoint(nest)
    lanes = max(nest.target.vector_bytes // 8, 1)

    def centred(index: Value, group: Lanes) -> Value:
        element = group.load(nest, row.stored.kind, x, index)
        return row.stored.widen(nest, element, I64) - row.zero_point

    with nest.loop(end, start=begin) as each:
        base = each.index * row.columns
        with nest.loop(row.columns, carry=[nest.constant(0, I64)]) as loop:
            value = centred(base + loop.index, Lanes(1, 1))
            loop.carry([loop.values[0] + value * value])
        multiplier, shift = fixed.inverse_square_root(loop.results[0])

        def scale(index: Value, group: Lanes) -> None:
            value = centred(base + index, group)
            factor = nest.splat(multiplier, group.count)
            # 7 more bits, before or after rounding.
            if row.stored.is_signed:
                moved = nest.splat(shift + 7, group.count)
                scaled = fixed.scale(value, factor, moved)
            else:
                moved = nest.splat(shift, group.count)
                scaled = fixed.scale(value << 7, factor, moved) + 128
            group.store(nest, row.stored.narrow(nest, scaled), y, base + index)

        each_vector(nest, row.columns, lanes, scale)
