"""Softmax in the fixed point of the reference kernels, bit for bit.

Of 8-bit numbers only the differences from the row's greatest count, of which there are
256, so that every function of them is a table.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gossamer.kernels.lookup import WIDTH, load_table
from gossamer.kernels.requantize import scale, uniform_factor
from gossamer.kernels.softmax import folded
from gossamer.nest.expr import F64, I8, I16, I32, I64, Kind, Value

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
            error = self.nest.constant(1 << 29, I64) - self._high(half, x)
            x = x + (self._high(x, error) << 2)
        doubled = x << 1
        return self.nest.minimum(doubled, (1 << 31) - 1)


def leading_zeros(nest: Nest, value: Value) -> Value:
    """Leading zero bits of a positive number below 2**32: float64 has its exponent."""
    exponent = nest.bits(nest.convert(value, F64), I64) >> _FRACTION_BITS
    return nest.constant(_EXPONENT_OF_ONE + 31, I64) - exponent


def share_of(nest: Nest, total: Value, bits: int) -> tuple[Value, Value]:
    """What the powers of a row are multiplied by, and the right shift behind it.

    `total` is the sum of the powers in Q12.19; results have `bits` bits.
    """
    headroom = leading_zeros(nest, total)
    factor = Reciprocal(nest).of((total << headroom) - (1 << 31))
    return factor, nest.constant(12 + 31 - bits, I64) - headroom


@dataclass(frozen=True, slots=True)
class ByteForm:
    """8-bit inputs with or without sign, and outputs of `bits` bits above `low`."""

    signed: bool
    result: Kind
    bits: int
    low: int
    high: int


def softmax_of_bytes(
    nest: Nest, columns: int, form: ByteForm, pointers: tuple[Value, Value, Value]
) -> None:
    """A whole kernel, element by element; units of work are rows.

    `pointers` are x, y and a table: entry d is exp of the difference -d from the
    row's peak in Q0.31, for d from 0 to 255; 0 where the difference counts no more.
    """
    x, y, table = pointers
    begin, end = nest.integer(), nest.integer()

    def number(at: Value) -> Value:
        widen = nest.convert if form.signed else nest.unsigned
        return widen(nest.load(I8, x, at), I64)

    with nest.loop(end, start=begin) as row:
        base = row.index * columns
        least = nest.constant(-128 if form.signed else 0, I64)
        with nest.loop(columns, carry=[least]) as loop:
            more = number(base + loop.index)
            loop.carry([nest.maximum(loop.values[0], more)])
        peak = loop.results[0]

        def power(at: Value, peak: Value = peak) -> Value:
            return nest.convert(nest.load(I32, table, peak - number(at)), I64)

        with nest.loop(columns, carry=[nest.constant(0, I64)]) as loop:
            # To Q12.19, rounded: the powers are not negative.
            more = (power(base + loop.index) + (1 << 11)) >> 12
            loop.carry([loop.values[0] + more])
        factor, right = share_of(nest, loop.results[0], form.bits)
        half = (nest.constant(1, I64) << right) >> 1
        with nest.loop(columns) as loop:
            product = (power(base + loop.index) * factor + (1 << 30)) >> 31
            result = nest.minimum(((product + half) >> right) + form.low, form.high)
            small = nest.convert(result, form.result)
            nest.store(small, y, base + loop.index)


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
    form: ByteForm
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
        shares = [share_of(nest, total, self.form.bits) for total in totals]
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
        return values if self.form.signed else values ^ -128

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
        return [part ^ -128 for part in table] if self.form.signed else table


@dataclass(frozen=True, slots=True)
class WordSoftmax:
    """Rows of int16: exp and 1 / (1 + x) as lines between 513 tabulated values.

    `multiplier` and `shift` take differences to steps of exp's table.
    """

    nest: Nest
    columns: int
    multiplier: int
    shift: int
    powers: Value
    inverses: Value

    def emit(self, x: Value, y: Value) -> None:
        """A whole kernel; units of work are rows."""
        nest = self.nest
        begin, end = nest.integer(), nest.integer()
        with nest.loop(end, start=begin) as row:
            base = row.index * self.columns
            least = nest.constant(-32768, I32)
            with nest.loop(self.columns, carry=[least]) as loop:
                more = nest.convert(nest.load(I16, x, base + loop.index), I32)
                loop.carry([nest.maximum(loop.values[0], more)])
            peak = loop.results[0]
            with nest.loop(self.columns, carry=[nest.constant(0, I64)]) as loop:
                power = self._power(x, base + loop.index, peak)
                loop.carry([loop.values[0] + power])
            inverse, right = self._share(loop.results[0])
            half = nest.constant(1, I64) << (right - 1)
            with nest.loop(self.columns) as loop:
                power = self._power(x, base + loop.index, peak)
                result = (power * inverse + half) >> right
                held = nest.minimum(nest.maximum(result, 0), 32767)
                nest.store(nest.convert(held, I16), y, base + loop.index)

    def _power(self, x: Value, at: Value, peak: Value) -> Value:
        nest = self.nest
        difference = nest.convert(nest.load(I16, x, at), I32) - peak
        factor = uniform_factor(nest, self.multiplier, self.shift, 1)
        place = nest.convert(scale(nest, difference, factor), I64) + 32767
        return self._between(self.powers, place)

    def _between(self, table: Value, place: Value) -> Value:
        """The table's value at a 16-bit place."""
        nest = self.nest
        place = nest.minimum(nest.maximum(place, -32768), 32767)
        index = (place >> 7) + 256
        base = nest.convert(nest.load(I16, table, index), I64)
        slope = nest.convert(nest.load(I16, table, index + 1), I64) - base
        return base + ((slope * (place & 127) + 64) >> 7)

    def _share(self, total: Value) -> tuple[Value, Value]:
        """What a row's powers are multiplied by, and the right shift behind it."""
        nest = self.nest
        headroom = leading_zeros(nest, nest.maximum(total, 1))
        shifted = ((total << (headroom - 1)) + (1 << 13)) >> 14
        inverse = self._between(self.inverses, shifted - ((1 << 15) + (1 << 16)))
        return inverse, nest.constant(31, I64) - headroom
