"""Softmax over rows: in float, and in the fixed point of the reference kernels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gossamer.kernels.elementwise import Lanes, each_vector
from gossamer.kernels.math import exp
from gossamer.nest.expr import F32, I8, I32, I64, Kind, Value

if TYPE_CHECKING:
    from gossamer.nest.build import Nest

_LEAST = -3.4028234663852886e38


def float_softmax(nest: Nest, columns: int, beta: float, x: Value, y: Value) -> None:
    """A whole kernel; units of work are rows of `columns` elements."""
    begin, end = nest.integer(), nest.integer()
    with nest.loop(end, start=begin) as row:
        base = row.index * columns
        peak = _peak(nest, columns, x, base)
        total = _powers(nest, columns, beta, (x, y), base, peak)
        share = nest.constant(1.0, F32) / total

        def divide(index: Value, group: Lanes) -> None:
            power = group.load(nest, F32, y, base + index)
            scaled = power * nest.splat(share, group.count)
            group.store(nest, scaled, y, base + index)

        each_vector(nest, columns, nest.target.lanes, divide)


def _peak(nest: Nest, columns: int, x: Value, base: Value) -> Value:
    """The greatest element of a row."""
    lanes = nest.target.lanes
    whole = columns // lanes * lanes
    peak = nest.constant(_LEAST, F32)
    if whole:
        start = nest.constant(_LEAST, F32.of(lanes))
        with nest.loop(whole, step=lanes, carry=[start]) as loop:
            value = nest.load(F32.of(lanes), x, base + loop.index)
            loop.carry([nest.maximum(loop.values[0], value)])
        peak = nest.peak(loop.results[0])
    if columns == whole:
        return peak
    with nest.loop(columns, start=whole, carry=[peak]) as loop:
        value = nest.load(F32, x, base + loop.index)
        loop.carry([nest.maximum(loop.values[0], value)])
    return loop.results[0]


def _powers(
    nest: Nest,
    columns: int,
    beta: float,
    pointers: tuple[Value, Value],
    base: Value,
    peak: Value,
) -> Value:
    """Store exp(beta * (x - peak)) of a row, and return the sum."""
    x, y = pointers
    lanes = nest.target.lanes
    whole = columns // lanes * lanes

    def power(index: Value, count: int) -> Value:
        value = nest.load(F32.of(count), x, base + index)
        shifted = value - nest.splat(peak, count)
        result = exp(nest, shifted if beta == 1.0 else shifted * beta)
        nest.store(result, y, base + index)
        return result

    total = nest.constant(0.0, F32)
    if whole:
        with nest.loop(whole, step=lanes, carry=[nest.zero(lanes)]) as loop:
            loop.carry([loop.values[0] + power(loop.index, lanes)])
        total = nest.sum(loop.results[0])
    if columns == whole:
        return total
    with nest.loop(columns, start=whole, carry=[total]) as loop:
        loop.carry([loop.values[0] + power(loop.index, 1)])
    return loop.results[0]


@dataclass(frozen=True, slots=True)
class Reciprocal:
    """Newton's division in Q0.31 for 1 / (1 + x), as gemmlowp states it."""

    nest: Nest

    def _high(self, left: Value, right: Value | int) -> Value:
        """The rounded high half of twice the product, in int64."""
        return (left * right + (1 << 30)) >> 31

    def of(self, fraction: Value) -> Value:
        """1 / (1 + x) for x in [0, 1), both Q0.31 held in int64."""
        half = (fraction + (1 << 31)) >> 1
        x = self._high(half, -1010580540) + 1515870810
        for _ in range(3):
            error = nest_constant(self.nest, 1 << 29) - self._high(half, x)
            x = x + (self._high(x, error) << 2)
        doubled = x << 1
        return self.nest.minimum(doubled, (1 << 31) - 1)


def nest_constant(nest: Nest, number: int) -> Value:
    return nest.constant(number, I64)


def integer_softmax(
    nest: Nest, columns: int, pointers: tuple[Value, Value, Value]
) -> None:
    """A whole kernel on int8; units of work are rows.

    `pointers` are x, y and a table: entry d is exp of the difference -d from the
    row's peak in Q0.31, for d from 0 to 255; 0 where the difference counts no more.
    """
    x, y, table = pointers
    begin, end = nest.integer(), nest.integer()
    with nest.loop(end, start=begin) as row:
        base = row.index * columns
        start = nest.constant(-128, I8)
        with nest.loop(columns, carry=[start]) as loop:
            element = nest.load(I8, x, base + loop.index)
            loop.carry([nest.maximum(loop.values[0], element)])
        peak = nest.convert(loop.results[0], I64)

        def power(index: Value, peak: Value = peak, base: Value = base) -> Value:
            element = nest.convert(nest.load(I8, x, base + index), I64)
            return nest.convert(nest.load(I32, table, peak - element), I64)

        with nest.loop(columns, carry=[nest.constant(0, I64)]) as loop:
            # To Q12.19, rounded: the powers are not negative.
            loop.carry([loop.values[0] + ((power(loop.index) + (1 << 11)) >> 12)])
        total = loop.results[0]
        headroom = _leading_zeros(nest, total)
        fraction = (total << headroom) - (1 << 31)
        factor = Reciprocal(nest).of(fraction)
        right = nest.constant(12 + 31 - 8, I64) - headroom
        half = (nest.constant(1, I64) << right) >> 1
        with nest.loop(columns) as loop:
            product = (power(loop.index) * factor + (1 << 30)) >> 31
            result = ((product + half) >> right) - 128
            result = nest.minimum(result, 127)
            small = nest.convert(result, Kind("i8"))
            nest.store(small, y, base + loop.index)


def _leading_zeros(nest: Nest, value: Value) -> Value:
    """Leading zero bits of a positive number below 2**32, by halving."""
    count = nest.constant(0, I64)
    rest = value
    for bits in (16, 8, 4, 2, 1):
        small = nest.compare("lt", rest, 1 << (32 - bits))
        count = nest.select(small, count + bits, count)
        rest = nest.select(small, rest << bits, rest)
    return count
