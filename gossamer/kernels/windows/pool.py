"""Pooling: the greatest or the mean of the cells of a window."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from gossamer.kernels.arithmetic.clamp import clamp
from gossamer.kernels.arithmetic.integers import INT8, Stored
from gossamer.kernels.elements.elementwise import Lanes, each_vector
from gossamer.nest.expr import F32, F64, I32, I64, Kind, Value

if TYPE_CHECKING:
    from collections.abc import Callable

    from gossamer.kernels.windows.depthwise import Window
    from gossamer.nest.build import Nest

_UNROLLED_TAPS = 16
_CHAINS = 4
"""Vectors of channels whose sums are gathered side by side."""
_SIGN = -(1 << 31)


class PoolArithmetic(Protocol):
    """How cells are gathered and what becomes of them."""

    @property
    def element(self) -> Kind:
        """The kind of a cell in memory."""
        ...

    @property
    def lanes(self) -> int:
        """Channels that are gathered at once."""
        ...

    def start(self, nest: Nest, lanes: int) -> Value:
        """What to begin with."""
        ...

    def gather(self, nest: Nest, total: Value, cell: Value) -> Value:
        """`total` with one more cell in it."""
        ...

    def finish(self, nest: Nest, total: Value, count: Value) -> Value:
        """The output of a window with `count` (int64) cells."""
        ...


@dataclass(frozen=True, slots=True)
class FloatMaximum:
    limits: tuple[float, float]
    lanes: int
    element: Kind = F32

    def start(self, nest: Nest, lanes: int) -> Value:
        return nest.constant(-3.4028234663852886e38, F32.of(lanes))

    def gather(self, nest: Nest, total: Value, cell: Value) -> Value:
        return nest.maximum(total, cell)

    def finish(self, nest: Nest, total: Value, count: Value) -> Value:
        return clamp(nest, total, self.limits)


@dataclass(frozen=True, slots=True)
class FloatMean:
    limits: tuple[float, float]
    lanes: int
    element: Kind = F32

    def start(self, nest: Nest, lanes: int) -> Value:
        return nest.zero(lanes)

    def gather(self, nest: Nest, total: Value, cell: Value) -> Value:
        return total + cell

    def finish(self, nest: Nest, total: Value, count: Value) -> Value:
        return clamp(nest, _over(nest, total, count), self.limits)


@dataclass(frozen=True, slots=True)
class FloatRoot:
    """The root of the mean square."""

    limits: tuple[float, float]
    lanes: int
    element: Kind = F32

    def start(self, nest: Nest, lanes: int) -> Value:
        return nest.zero(lanes)

    def gather(self, nest: Nest, total: Value, cell: Value) -> Value:
        return nest.fma(cell, cell, total)

    def finish(self, nest: Nest, total: Value, count: Value) -> Value:
        mean = _over(nest, total, count)
        return clamp(nest, nest.unary("sqrt", mean), self.limits)


def _over(nest: Nest, total: Value, count: Value) -> Value:
    """float32 lanes over a count; a known one is a factor."""
    if count.constant is not None:
        return total * (1 / count.constant)
    return total / nest.splat(nest.convert(count, F32), total.kind.lanes)


@dataclass(frozen=True, slots=True)
class IntegerMaximum:
    """The greatest of stored integers, held within `low` and `high`."""

    stored: Stored
    low: int
    high: int
    lanes: int

    @property
    def element(self) -> Kind:
        return self.stored.kind

    def start(self, nest: Nest, lanes: int) -> Value:
        return nest.constant(self.stored.low, self.element.of(lanes))

    def gather(self, nest: Nest, total: Value, cell: Value) -> Value:
        return nest.binary("smax" if self.stored.is_signed else "umax", total, cell)

    def finish(self, nest: Nest, total: Value, count: Value) -> Value:
        return self.stored.within(nest, total, self.low, self.high)


@dataclass(frozen=True, slots=True)
class IntegerMean:
    """The mean of stored integers, halves away from zero.

    The division is one of floats, which is exact: sums of int8 stay below 2**24 for
    float32, all others below 2**53, and no quotient is nearer to a whole number than
    its rounding error, unless it is one.
    """

    stored: Stored
    low: int
    high: int
    lanes: int

    @property
    def element(self) -> Kind:
        return self.stored.kind

    def start(self, nest: Nest, lanes: int) -> Value:
        return nest.zero(lanes, I32)

    def gather(self, nest: Nest, total: Value, cell: Value) -> Value:
        return total + self.stored.widen(nest, cell, I32)

    def finish(self, nest: Nest, total: Value, count: Value) -> Value:
        if count.constant is not None and self.stored == INT8:
            whole = self._rounded(nest, total, int(count.constant))
        else:
            whole = self._quotient(nest, total, count)
        return self.stored.narrow(nest, whole, self.low, self.high)

    def _rounded(self, nest: Nest, total: Value, count: int) -> Value:
        """The mean of a few cells by a factor.

        What is added beyond the half is less than the distance of any mean to the
        next half, and more than the error of the product.
        """
        kind = I32.of(total.kind.lanes)
        real = nest.convert(total, F32.of(kind.lanes))
        half = nest.constant((count // 2 + 0.25) / count, real.kind)
        signed = (nest.bits(real, kind) & _SIGN) | nest.bits(half, kind)
        factor = nest.constant(1 / count, real.kind)
        return nest.convert(nest.fma(real, factor, nest.bits(signed, real.kind)), kind)

    def _quotient(self, nest: Nest, total: Value, count: Value) -> Value:
        lanes = total.kind.lanes
        real = F32 if self.stored == INT8 else F64
        half = nest.splat(nest.convert(count // 2, I32), lanes)
        negative = nest.compare("lt", total, 0)
        moved = nest.select(negative, total - half, total + half)
        divisor = nest.splat(nest.convert(count, real), lanes)
        quotient = nest.convert(moved, real.of(lanes)) / divisor
        return nest.convert(quotient, I32.of(lanes))


def pool(
    nest: Nest, window: Window, arithmetic: PoolArithmetic, x: Value, y: Value
) -> None:
    """A whole kernel; units of work are output rows of all images."""
    begin, end = nest.integer(), nest.integer()
    with nest.loop(end, start=begin) as row:
        image = row.index // window.out_height
        line = row.index % window.out_height
        base = image * (window.height * window.width * window.channels)
        cells = _Cells(
            nest, window, arithmetic, nest.offset(x, base, arithmetic.element), y
        )
        top = line * window.stride[0] - window.before[0]
        cells.row(row.index * window.out_width, top)


@dataclass(frozen=True, slots=True)
class _Cells:
    nest: Nest
    window: Window
    arithmetic: PoolArithmetic
    x: Value
    y: Value

    def row(self, place: Value, top: Value) -> None:
        """An output row from its first place on; its windows begin at line `top`."""
        nest, window = self.nest, self.window
        first, last = self._inner(1)
        if not self._is_unrolled or first == last or not self._inner_lines:
            with nest.loop(window.out_width) as column:
                self._at(place, top, column.index, self._looped)
            return
        is_inside = self._is_inside(top)
        with nest.when(is_inside), nest.loop(last, start=first) as column:
            self._at(place, top, column.index, self._unrolled)
        inner = nest.select(is_inside, nest.constant(last - first, I64), 0)
        with nest.loop(nest.constant(window.out_width, I64) - inner) as edge:
            behind = nest.compare("ge", edge.index, first)
            index = edge.index + nest.select(behind, inner, 0)
            self._at(place, top, index, self._looped)

    @property
    def _is_unrolled(self) -> bool:
        rows, columns = self.window.filter
        return rows * columns <= _UNROLLED_TAPS

    @property
    def _inner_lines(self) -> int:
        first, last = self._inner(0)
        return last - first

    def _inner(self, axis: int) -> tuple[int, int]:
        """The outputs along an axis whose windows are inside: first, and behind it."""
        window = self.window
        size = (window.height, window.width)[axis]
        count = (window.out_height, window.out_width)[axis]
        stride, before = window.stride[axis], window.before[axis]
        first = min(-(-before // stride), count)
        room = size - window.filter[axis] + before
        last = min(room // stride + 1, count) if room >= 0 else 0
        return first, max(first, last)

    def _is_inside(self, top: Value) -> Value:
        """Whether a window's lines are inside."""
        nest, window = self.nest, self.window
        below = nest.compare("ge", top, 0)
        return below & nest.compare("le", top, window.height - window.filter[0])

    def _at(
        self,
        place: Value,
        top: Value,
        column: Value,
        gather: Callable[[Value, Value, Value], None],
    ) -> None:
        left = column * self.window.stride[1] - self.window.before[1]
        gather(top, left, (place + column) * self.window.channels)

    def _each(
        self, place: Value, total: Callable[[Value, Lanes], Value], vectors: int = 1
    ) -> None:
        """Store what `total` gives for each group of channels.

        Groups of several `vectors` hide that a sum waits for the one before.
        """
        lanes, channels = self.arithmetic.lanes, self.window.channels
        whole = channels // (lanes * vectors) * lanes * vectors

        def group(channel: Value, lanes: Lanes) -> None:
            lanes.store(self.nest, total(channel, lanes), self.y, place + channel)

        each_vector(self.nest, whole, lanes * vectors, group)
        each_vector(
            self.nest, channels - whole, lanes, lambda i, some: group(i + whole, some)
        )

    def _cell(self, row: Value, column: Value, channel: Value, group: Lanes) -> Value:
        index = (row * self.window.width + column) * self.window.channels + channel
        return group.load(self.nest, self.arithmetic.element, self.x, index)

    def _unrolled(self, top: Value, left: Value, place: Value) -> None:
        nest, arithmetic = self.nest, self.arithmetic
        rows, columns = self.window.filter

        def total(channel: Value, group: Lanes) -> Value:
            result = arithmetic.start(nest, group.count)
            for row in range(rows):
                for column in range(columns):
                    cell = self._cell(top + row, left + column, channel, group)
                    result = arithmetic.gather(nest, result, cell)
            count = nest.constant(rows * columns, I64)
            return arithmetic.finish(nest, result, count)

        self._each(place, total)

    def _looped(self, top: Value, left: Value, place: Value) -> None:
        nest, window, arithmetic = self.nest, self.window, self.arithmetic
        first_row = nest.maximum(top, 0)
        last_row = nest.minimum(top + window.filter[0], window.height)
        first_column = nest.maximum(left, 0)
        last_column = nest.minimum(left + window.filter[1], window.width)
        count = (last_row - first_row) * (last_column - first_column)

        def total(channel: Value, group: Lanes) -> Value:
            start = arithmetic.start(nest, group.count)
            with nest.loop(last_row, start=first_row, carry=[start]) as row:
                begin = row.values
                with nest.loop(last_column, start=first_column, carry=begin) as column:
                    cell = self._cell(row.index, column.index, channel, group)
                    column.carry([arithmetic.gather(nest, column.values[0], cell)])
                row.carry(column.results)
            return arithmetic.finish(nest, row.results[0], count)

        self._each(place, total, _CHAINS if arithmetic.element == F32 else 1)
