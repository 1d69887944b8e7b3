"""Softmax in the fixed point of the reference kernels, bit for bit.

Of 8-bit numbers only the differences from the row's greatest count, of which there are
256, so that every function of them is a table.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gossamer.kernels.arithmetic.fixed_point import FixedPoint
from gossamer.kernels.elements.lookup import WIDTH, load_table
from gossamer.kernels.rows.softmax_float import folded
from gossamer.nest.expr import F64, I8, I32, I64, Value

if TYPE_CHECKING:
    from gossamer.nest.build import Nest

_FRACTION_BITS = 52
_EXPONENT_OF_ONE = 1023
NARROW_COLUMNS = 512
"""Columns below which the shifts of a result fit 63 bits together."""
_BYTES = 8
"""Bytes of a result before it is narrowed."""
_ROWS = 4
"""Rows that go through the stages together."""
PLANES = 3
"""Bytes of a rounded power: it stays below 2**20."""


def leading_zeros(nest: Nest, value: Value) -> Value:
    """Leading zero bits of a positive number below 2**32: float64 has its exponent."""
    exponent = nest.bits(nest.convert(value, F64), I64) >> _FRACTION_BITS
    return nest.constant(_EXPONENT_OF_ONE + 31, I64) - exponent


def share_of(nest: Nest, total: Value) -> tuple[Value, Value]:
    """What the powers of a row are multiplied by, and the right shift behind it.

    `total` is the sum of the powers in Q12.19; results have 8 bits.
    """
    headroom = leading_zeros(nest, total)
    factor = FixedPoint(nest).reciprocal((total << headroom) - (1 << 31))
    return factor, nest.constant(12 + 31 - 8, I64) - headroom


def interleaved_order(count: int) -> list[int]:
    """Which difference stands where in memory.

    Eight vectors of eight results become 64 bytes by shifting each to its own byte of
    the eight: vector j holds every eighth difference, from j on.
    """
    return [
        part + lane * _BYTES + byte
        for part in range(0, count, WIDTH)
        for byte in range(_BYTES)
        for lane in range(WIDTH // _BYTES)
    ]


@dataclass(frozen=True, slots=True)
class TableSoftmax:
    """Rows of bytes, 64 at a time, for a machine that looks bytes up.

    There are less than `NARROW_COLUMNS` of them. `used` differences, a multiple of
    64, can have a result other than the least. The pointers are to the powers in
    int64 in `interleaved_order` and to the bytes of the
    rounded powers, a table of 256 for the lowest, the middle and the highest byte.
    """

    nest: Nest
    columns: int
    signed: bool
    used: int
    powers: Value
    planes: Value

    def emit(self, x: Value, y: Value) -> None:
        """A whole kernel; units of work are rows.

        Several rows go through each stage together, since a row's stages wait for
        one another.
        """
        nest = self.nest
        begin, end = nest.integer(), nest.integer()
        tables = [load_table(nest, self.planes, 256 * i) for i in range(PLANES)]
        whole = begin + (end - begin) // _ROWS * _ROWS
        for first, last, rows in ((begin, whole, _ROWS), (whole, end, 1)):
            with nest.loop(last, start=first, step=rows) as loop:
                starts = [(loop.index + row) * self.columns for row in range(rows)]
                self._rows(x, y, starts, tables)

    def _rows(
        self, x: Value, y: Value, starts: list[Value], tables: list[list[Value]]
    ) -> None:
        nest = self.nest
        sources = [nest.offset(x, start) for start in starts]
        peaks = [nest.splat(self._peak(source), WIDTH) for source in sources]
        totals = [
            self._total(source, peak, tables)
            for source, peak in zip(sources, peaks, strict=True)
        ]
        shares = [share_of(nest, total) for total in totals]
        for start, source, peak, share in zip(
            starts, sources, peaks, shares, strict=True
        ):
            table = self._results(*share)
            target = nest.offset(y, start)
            for first, last, valid in self._spans():
                with nest.loop(last, start=first, step=WIDTH) as loop:
                    values = self._load(source, loop.index, valid)
                    found = nest.look_up(table, peak - values)
                    nest.store(found, target, loop.index, valid)

    def _spans(self) -> list[tuple[int, int, int]]:
        """First, last, and how many of 64 bytes are valid."""
        whole = self.columns // WIDTH * WIDTH
        spans = [(0, whole, WIDTH), (whole, self.columns, self.columns - whole)]
        return [span for span in spans if span[0] < span[1]]

    def _load(self, source: Value, at: Value, valid: int) -> Value:
        """Bytes as numbers with a sign, whose differences are the same."""
        values = self.nest.load(I8.of(WIDTH), source, at, valid)
        return values if self.signed else values ^ -128

    def _only(self, vector: Value, valid: int, number: int) -> Value:
        """The vector with `number` in the lanes beyond `valid`."""
        if valid == WIDTH:
            return vector
        order = [lane if lane < valid else lane + WIDTH for lane in range(WIDTH)]
        other = self.nest.constant(number, vector.kind)
        return self.nest.shuffle(vector, other, order)

    def _peak(self, source: Value) -> Value:
        nest = self.nest
        peak = nest.constant(-128, I8.of(WIDTH))
        for first, last, valid in self._spans():
            with nest.loop(last, start=first, step=WIDTH, carry=[peak]) as loop:
                values = self._load(source, loop.index, valid)
                values = self._only(values, valid, -128)
                loop.carry([nest.maximum(loop.values[0], values)])
            peak = loop.results[0]
        return nest.peak(peak)

    def _total(self, source: Value, peak: Value, tables: list[list[Value]]) -> Value:
        """The sum of the rounded powers of a row, byte by byte."""
        nest = self.nest
        kind = I32.of(nest.target.lanes)
        sums = [nest.constant(0, kind)] * PLANES
        ones = nest.constant(1, I8.of(WIDTH))
        for first, last, valid in self._spans():
            with nest.loop(last, start=first, step=WIDTH, carry=sums) as loop:
                values = peak - self._load(source, loop.index, valid)
                counted = nest.bits(self._only(ones, valid, 0), kind)
                loop.carry(
                    [
                        nest.dot_quads(
                            total, nest.bits(nest.look_up(table, values), kind), counted
                        )
                        for total, table in zip(loop.values, tables, strict=True)
                    ]
                )
            sums = list(loop.results)
        shifted = [total << 8 * plane for plane, total in enumerate(sums)]
        total = nest.sum(folded(shifted, lambda one, two: one + two))
        return nest.convert(total, I64)

    def _results(self, factor: Value, right: Value) -> list[Value]:
        """The row's table: the output byte of each difference.

        The product's rounded high half, shifted right and rounded again: one sum and
        one shift, since floor(floor(a / b) / c) is floor(a / (b * c)). Only the peak
        itself can have a share of 1, since whatever else is there shares with it.
        """
        nest = self.nest
        lanes = WIDTH // _BYTES
        half = ((nest.constant(1, I64) << right) >> 1) << 31
        rounding = nest.splat(half + (1 << 30), lanes)
        shift = nest.splat(right + 31, lanes)
        narrow = nest.splat(factor, lanes) & 0xFFFFFFFF

        def result(start: int) -> Value:
            powers = nest.load(I64.of(lanes), self.powers, start) & 0xFFFFFFFF
            found = nest.logical_shift(powers * narrow + rounding, shift)
            return found if start else nest.minimum(found, 255)

        least = nest.constant(0, I8.of(WIDTH))
        table = [least] * (256 // WIDTH)
        for part in range(self.used // WIDTH):
            bytes_ = [
                result(part * WIDTH + byte * lanes) << 8 * byte
                for byte in range(_BYTES)
            ]
            joined = folded(bytes_, lambda one, two: one | two)
            table[part] = nest.bits(joined, I8.of(WIDTH))
        return [part ^ -128 for part in table] if self.signed else table
