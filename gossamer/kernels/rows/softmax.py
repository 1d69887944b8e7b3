"""Softmax over rows in the fixed point of the reference kernels, and its logarithm."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gossamer.kernels.arithmetic.fixed_point import FixedPoint, high
from gossamer.kernels.arithmetic.integers import INT16, Stored
from gossamer.kernels.arithmetic.math import exp
from gossamer.kernels.elements.elementwise import Lanes, each_vector
from gossamer.nest.expr import F32, I32, I64, Kind, Value

if TYPE_CHECKING:
    from gossamer.nest.build import Nest

_LEAST = -3.4028234663852886e38
_LN_2 = 0.6931471805599453
_ROOT_HALF = 0x3F3504F3
"""The bits of sqrt(1/2), from which mantissas are counted."""


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
class Powers:
    """A row of stored integers as powers, by a table.

    Entry d of `table` is exp of the difference -d from the row's peak; 0 where the
    difference counts no more.
    """

    stored: Stored
    columns: int
    x: Value
    table: Value
    entry: Kind

    def peak(self, nest: Nest, base: Value) -> Value:
        """The greatest element of the row at `base`, as int64."""
        lanes = nest.target.lanes
        whole = self.columns // lanes * lanes
        peak = nest.constant(self.stored.low, I32)
        if whole:
            start = nest.constant(self.stored.low, I32.of(lanes))
            peak = nest.peak(self._greatest(nest, base, start, 0, whole))
        if whole < self.columns:
            peak = self._greatest(nest, base, peak, whole, self.columns)
        return nest.convert(peak, I64)

    def _greatest(
        self, nest: Nest, base: Value, start: Value, first: int, last: int
    ) -> Value:
        """The greatest of `start` and of elements `first` to `last`, in lanes."""
        lanes = start.kind.lanes
        with nest.loop(last, start=first, step=lanes, carry=[start]) as loop:
            kind = self.stored.kind.of(lanes)
            element = nest.load(kind, self.x, base + loop.index)
            wide = self.stored.widen(nest, element, I32)
            loop.carry([nest.maximum(loop.values[0], wide)])
        return loop.results[0]

    def distance(self, nest: Nest, index: Value, peak: Value) -> Value:
        """How far an element lies below the peak."""
        element = nest.load(self.stored.kind, self.x, index)
        return peak - self.stored.widen(nest, element, I64)

    def at(self, nest: Nest, index: Value, peak: Value) -> Value:
        """The power of the element at `index`, as int64."""
        entry = nest.load(self.entry, self.table, self.distance(nest, index, peak))
        return nest.convert(entry, I64)

    def total(self, nest: Nest, base: Value, peak: Value, drop: int) -> Value:
        """The sum of a row's powers without their lowest bits, rounded."""
        half = (1 << drop) >> 1
        with nest.loop(self.columns, carry=[nest.constant(0, I64)]) as loop:
            power = self.at(nest, base + loop.index, peak)
            loop.carry([loop.values[0] + ((power + half) >> drop)])
        return loop.results[0]


def integer_softmax(nest: Nest, powers: Powers, result: Stored, y: Value) -> None:
    """A whole kernel on 8 bits; units of work are rows. Powers are in Q0.31."""
    begin, end = nest.integer(), nest.integer()
    fixed = FixedPoint(nest)
    bits = 8 * result.kind.bytes
    with nest.loop(end, start=begin) as row:
        base = row.index * powers.columns
        peak = powers.peak(nest, base)
        total = powers.total(nest, base, peak, 12)  # Q12.19
        headroom = fixed.leading_zeros(total)
        factor = fixed.reciprocal((total << headroom) - (1 << 31))
        right = nest.constant(12 + 31 - bits, I64) - headroom
        half = (nest.constant(1, I64) << right) >> 1
        with nest.loop(powers.columns) as loop:
            product = high(powers.at(nest, base + loop.index, peak), factor)
            share = ((product + half) >> right) + result.low
            nest.store(result.narrow(nest, share), y, base + loop.index)


def short_softmax(nest: Nest, powers: Powers, inverses: Value, y: Value) -> None:
    """A whole kernel on int16; units of work are rows. Powers are in Q0.15.

    `inverses` points to 513 entries (int32): 1 / (1 + x) over [0, 1].
    """
    begin, end = nest.integer(), nest.integer()
    fixed = FixedPoint(nest)
    with nest.loop(end, start=begin) as row:
        base = row.index * powers.columns
        peak = powers.peak(nest, base)
        total = powers.total(nest, base, peak, 0)
        headroom = fixed.leading_zeros(total)
        shifted = ((total << (headroom - 1)) + (1 << 13)) >> 14
        index = shifted - ((1 << 15) + (1 << 16))
        index = nest.minimum(nest.maximum(index, -32768), 32767)
        inverse = _interpolated(nest, inverses, index)
        right = nest.constant(31, I64) - headroom
        half = nest.constant(1, I64) << (right - 1)
        with nest.loop(powers.columns) as loop:
            product = powers.at(nest, base + loop.index, peak) * inverse
            share = (product + half) >> right
            small = INT16.narrow(nest, share, 0, 32767)
            nest.store(small, y, base + loop.index)


def _interpolated(nest: Nest, table: Value, value: Value) -> Value:
    """The entries between which a 16-bit value lies, blended."""
    index = (value >> 7) + 256
    base = nest.convert(nest.load(I32, table, index), I64)
    slope = nest.convert(nest.load(I32, table, index + 1), I64) - base
    return base + ((slope * (value & 0x7F) + 64) >> 7)


def integer_log_softmax(
    nest: Nest, powers: Powers, scaled: Value, reverse: tuple[int, int, int], y: Value
) -> None:
    """A whole kernel on 8 bits; units of work are rows. Powers are in Q12.19.

    `scaled` points to the differences 0, -1, ... -255 in Q5.26 (int32). `reverse` is
    the factor (multiplier, shift) back from Q5.26 to differences, and the least
    difference that counts.
    """
    begin, end = nest.integer(), nest.integer()
    fixed = FixedPoint(nest)
    multiplier, shift, least = reverse
    with nest.loop(end, start=begin) as row:
        base = row.index * powers.columns
        peak = powers.peak(nest, base)
        log_total = fixed.logarithm(powers.total(nest, base, peak, 0))
        bound = fixed.scale(log_total - (1 << 31), multiplier, fixed.whole(shift))
        bound = nest.maximum(bound, least - 1)
        with nest.loop(powers.columns) as loop:
            distance = powers.distance(nest, base + loop.index, peak)
            difference = nest.convert(nest.load(I32, scaled, distance), I64)
            share = fixed.divide(difference - log_total, 31 - 5 - 4)
            is_seen = nest.compare("lt", bound, -distance)
            share = nest.select(is_seen, share, -255) + powers.stored.high
            small = powers.stored.narrow(nest, share)
            nest.store(small, y, base + loop.index)


def float_log_softmax(nest: Nest, columns: int, x: Value, y: Value) -> None:
    """A whole kernel; units of work are rows of `columns` elements."""
    begin, end = nest.integer(), nest.integer()
    with nest.loop(end, start=begin) as row:
        base = row.index * columns
        peak = _peak(nest, columns, x, base)
        total = _powers(nest, columns, 1.0, (x, y), base, peak)
        log_total = logarithm(nest, total)

        def subtract(index: Value, group: Lanes) -> None:
            value = group.load(nest, F32, x, base + index)
            shifted = value - nest.splat(peak, group.count)
            shifted = shifted - nest.splat(log_total, group.count)
            group.store(nest, shifted, y, base + index)

        each_vector(nest, columns, nest.target.lanes, subtract)


def logarithm(nest: Nest, x: Value) -> Value:
    """The logarithm of normal numbers above 0, within 2 units in the last place.

    x = m * 2**e with m around 1; log(m) = 2 artanh((m - 1) / (m + 1)), as a series.
    """
    kind = I32.of(x.kind.lanes)
    bits = nest.bits(x, kind)
    exponent = (bits - _ROOT_HALF) >> 23
    mantissa = nest.bits(bits - (exponent << 23), x.kind)
    ratio = (mantissa - 1.0) / (mantissa + 1.0)
    square = ratio * ratio
    series = nest.constant(2 / 9, x.kind)
    for term in (2 / 7, 2 / 5, 2 / 3, 2.0):
        series = nest.fma(series, square, nest.constant(term, x.kind))
    return nest.fma(nest.convert(exponent, x.kind), _LN_2, ratio * series)
