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
        divisor = nest.splat(nest.convert(count, F32), total.kind.lanes)
        return clamp(nest, total / divisor, self.limits)


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
        divisor = nest.splat(nest.convert(count, F32), total.kind.lanes)
        return clamp(nest, nest.unary("sqrt", total / divisor), self.limits)


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
        lanes = total.kind.lanes
        real = F32 if self.stored == INT8 else F64
        half = nest.splat(nest.convert(count // 2, I32), lanes)
        negative = nest.compare("lt", total, 0)
        moved = nest.select(negative, total - half, total + half)
        divisor = nest.splat(nest.convert(count, real), lanes)
        quotient = nest.convert(moved, real.of(lanes)) / divisor
        whole = nest.convert(quotient, I32.of(lanes))
        return self.stored.narrow(nest, whole, self.low, self.high)


def pool(
    nest: Nest, window: Window, arithmetic: PoolArithmetic, x: Value, y: Value
) -> None:
    """A whole kernel; units of work are output rows of all images."""
    begin, end = nest.integer(), nest.integer()
    with nest.loop(end, start=begin) as row:
        image = row.index // window.out_height
        line = row.index % window.out_height
        base = image * (window.height * window.width * window.channels)
        cells = nest.offset(x, base, arithmetic.element)
        with nest.loop(window.out_width) as column:
            place = (row.index * window.out_width + column.index) * window.channels
            top = line * window.stride[0] - window.before[0]
            left = column.index * window.stride[1] - window.before[1]
            _Cells(nest, window, arithmetic, cells, y).gather(top, left, place)


@dataclass(frozen=True, slots=True)
class _Cells:
    nest: Nest
    window: Window
    arithmetic: PoolArithmetic
    x: Value
    y: Value

    def window_is_inside(self) -> bool:
        window = self.window
        reach = [
            (out - 1) * stride + taps <= size
            for out, stride, taps, size in zip(
                (window.out_height, window.out_width),
                window.stride,
                window.filter,
                (window.height, window.width),
                strict=True,
            )
        ]
        return window.before == (0, 0) and all(reach)

    def gather(self, top: Value, left: Value, place: Value) -> None:
        rows, columns = self.window.filter
        if self.window_is_inside() and rows * columns <= _UNROLLED_TAPS:
            self._unrolled(top, left, place)
        else:
            self._looped(top, left, place)

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
