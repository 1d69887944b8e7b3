"""Depthwise convolution: every channel has a filter of its own.

Channels are innermost, a vector at a time. A tile of output pixels shares the input
pixels under it, so that each is loaded once. A row above or below the image is read
from a row of real zeros; a column beside it becomes a constant.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from gossamer.kernels.arithmetic.clamp import clamp
from gossamer.kernels.arithmetic.requantize import Factors, saturate
from gossamer.kernels.elements.elementwise import Lanes, each_vector
from gossamer.kernels.windows.depthwise_tiles import (
    Weights,
    column_tiles,
    tile_shape,
)
from gossamer.nest.expr import F32, I8, I32, I64, Value

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from gossamer.kernels.tail import BoundTail
    from gossamer.nest.build import Nest


_MOST_TAPS = 128
_MOST_EDGES = 32


@dataclass(frozen=True, slots=True)
class Window:
    """How a filter moves over images, in pixels; sizes are (rows, columns)."""

    images: int
    height: int
    width: int
    channels: int
    out_height: int
    out_width: int
    filter: tuple[int, int]
    stride: tuple[int, int]
    dilation: tuple[int, int]
    before: tuple[int, int]
    """Rows above and columns to the left of the image that count as zeros."""

    def covers(self, column: int, tap: int) -> bool:
        """Whether a tap of an output column lies inside the image."""
        at = column * self.stride[1] + tap * self.dilation[1] - self.before[1]
        return 0 <= at < self.width

    def inner_columns(self) -> tuple[int, int]:
        """First and last (exclusive) output column whose taps are all inside."""
        first = -(-self.before[1] // self.stride[1])
        reach = self.width + self.before[1] - 1
        reach -= (self.filter[1] - 1) * self.dilation[1]
        last = min(reach // self.stride[1] + 1, self.out_width)
        return (first, last) if first < last else (self.out_width, self.out_width)

    @property
    def is_unrollable(self) -> bool:
        """Whether the filter and the edges are small enough to be written out."""
        first, last = self.inner_columns()
        edges = min(first, self.out_width) + self.out_width - max(last, first)
        return self.filter[0] * self.filter[1] <= _MOST_TAPS and edges <= _MOST_EDGES


class DepthwiseArithmetic(Protocol):
    """How taps are read and what becomes of the sums."""

    @property
    def element_bytes(self) -> int:
        """Bytes of an input element."""
        ...

    def tap(self, nest: Nest, x: Value, index: Value, group: Lanes) -> Value:
        """The input at `index`, as a factor."""
        ...

    def outside(self, nest: Nest, group: Lanes) -> Value | None:
        """The factor of a place outside the image; None where it adds nothing."""
        ...

    def weight(self, nest: Nest, index: Value, group: Lanes) -> Value:
        """The weight at element `index`, as a factor."""
        ...

    def start(self, nest: Nest, channel: Value, group: Lanes) -> Value:
        """The sum to begin with."""
        ...

    def finish(
        self,
        nest: Nest,
        sums: Sequence[Value],
        places: Sequence[Value],
        channel: Value,
        group: Lanes,
    ) -> None:
        """Store the sums of one channel group at output elements `places`."""
        ...


def depthwise_units(window: Window, registers: int) -> int:
    rows, _ = tile_shape(window, registers)
    return window.images * (window.out_height // rows)


def depthwise(
    nest: Nest,
    window: Window,
    arithmetic: DepthwiseArithmetic,
    x: Value,
    zeros: Value,
    *,
    lanes: int,
) -> None:
    """A whole kernel; units of work are bands of output rows.

    `zeros` points to a row of `width * channels` elements of real zero.
    """
    begin, end = nest.integer(), nest.integer()
    tile_rows, tile_columns = tile_shape(window, nest.target.registers)
    bands = window.out_height // tile_rows
    with nest.loop(end, start=begin) as band:
        image = band.index // bands
        top = band.index % bands * tile_rows
        rows = _input_rows(nest, window, arithmetic, (x, zeros), image, top, tile_rows)
        output_row = image * window.out_height + top
        walk = _Walk(nest, window, arithmetic, rows, output_row, tile_rows, lanes)
        left, inner, right = column_tiles(window, tile_columns)
        for columns in left:
            walk.tile(nest.constant(columns.start, I64), columns)
        if inner:
            with nest.loop(inner.stop, start=inner.start, step=inner.step) as loop:
                walk.tile(loop.index, range(inner.start, inner.start + inner.step))
        for columns in right:
            walk.tile(nest.constant(columns.start, I64), columns)


def _input_rows(
    nest: Nest,
    window: Window,
    arithmetic: DepthwiseArithmetic,
    pointers: tuple[Value, Value],
    image: Value,
    top: Value,
    tile_rows: int,
) -> dict[int, Value]:
    """Addresses of the input rows under a band, by their distance from its first."""
    x, zeros = pointers
    pitch = window.width * window.channels * arithmetic.element_bytes
    needed = {
        row * window.stride[0] + tap * window.dilation[0]
        for row in range(tile_rows)
        for tap in range(window.filter[0])
    }
    start = top * window.stride[0] - window.before[0]
    base = image * window.height
    rows: dict[int, Value] = {}
    reach = (window.out_height - 1) * window.stride[0] - window.before[0]
    for distance in sorted(needed):
        line = start + distance
        address = nest.offset(x, (base + line) * pitch)
        low = distance - window.before[0]
        high = reach + distance
        if low >= 0 and high < window.height:
            rows[distance] = address
            continue
        inside = nest.compare("ult", line, window.height)
        rows[distance] = nest.select(inside, address, zeros)
    return rows


@dataclass(frozen=True, slots=True)
class _Walk:
    """What all tiles of a band have in common."""

    nest: Nest
    window: Window
    arithmetic: DepthwiseArithmetic
    rows: dict[int, Value]
    output_row: Value
    tile_rows: int
    lanes: int

    def tile(self, first: Value, columns: Sequence[int]) -> None:
        """Emit output columns from `first` on; `columns` are typical positions."""
        channels = self.window.channels

        def group(channel: Value, lanes: Lanes) -> None:
            self._channels(first, columns, channel, lanes)

        each_vector(self.nest, channels, self.lanes, group)

    def _channels(
        self, first: Value, columns: Sequence[int], channel: Value, group: Lanes
    ) -> None:
        nest, window = self.nest, self.window
        start = self.arithmetic.start(nest, channel, group)
        sums = [start] * (self.tile_rows * len(columns))
        weights = self._weights(channel, group)
        left = first * window.stride[1] - window.before[1]
        for distance, address in self.rows.items():
            sums = self._row(
                (distance, address), (left, columns), weights, channel, group, sums
            )
        places = [
            ((self.output_row + row) * window.out_width + first + position)
            * window.channels
            + channel
            for row in range(self.tile_rows)
            for position in range(len(columns))
        ]
        self.arithmetic.finish(nest, sums, places, channel, group)

    def _weights(self, channel: Value, group: Lanes) -> Weights:
        def weight(tap: int) -> Value:
            index = channel + tap * self.window.channels
            return self.arithmetic.weight(self.nest, index, group)

        return Weights.of(self.window, weight)

    def _row(
        self,
        row: tuple[int, Value],
        place: tuple[Value, Sequence[int]],
        weights: Weights,
        channel: Value,
        group: Lanes,
        sums: list[Value],
    ) -> list[Value]:
        """Add one input row to all sums that it touches."""
        distance, address = row
        weights.next_row()
        left, columns = place
        nest, window = self.nest, self.window
        sums = list(sums)
        seen: dict[int, Value | None] = {}
        for position, column in enumerate(columns):
            for tap_column in range(window.filter[1]):
                at = position * window.stride[1] + tap_column * window.dilation[1]
                if at not in seen:
                    inside = window.covers(column, tap_column)
                    index = (left + at) * window.channels + channel
                    seen[at] = (
                        self.arithmetic.tap(nest, address, index, group)
                        if inside
                        else self.arithmetic.outside(nest, group)
                    )
                value = seen[at]
                if value is None:
                    continue
                for tile_row, tap_row in self._taps_of(distance):
                    slot = tile_row * len(columns) + position
                    weight = weights.at(tap_row * window.filter[1] + tap_column)
                    sums[slot] = _added(nest, sums[slot], value, weight)
        return sums

    def _taps_of(self, distance: int) -> list[tuple[int, int]]:
        """Which (tile row, filter row) an input row serves."""
        stride, dilation = self.window.stride[0], self.window.dilation[0]
        return [
            (row, tap)
            for row in range(self.tile_rows)
            for tap in range(self.window.filter[0])
            if row * stride + tap * dilation == distance
        ]


def _added(nest: Nest, total: Value, value: Value, weight: Value) -> Value:
    if total.kind.is_float:
        return nest.fma(value, weight, total)
    return total + value * weight


@dataclass(frozen=True, slots=True)
class FloatDepthwise:
    """float32 in and out."""

    weights: Value
    bias: Value | None
    y: Value
    limits: tuple[float, float]
    tail: BoundTail | None = None
    element_bytes: int = 4

    def tap(self, nest: Nest, x: Value, index: Value, group: Lanes) -> Value:
        return group.load(nest, F32, x, index)

    def outside(self, nest: Nest, group: Lanes) -> Value | None:
        return None

    def weight(self, nest: Nest, index: Value, group: Lanes) -> Value:
        return group.load(nest, F32, self.weights, index)

    def start(self, nest: Nest, channel: Value, group: Lanes) -> Value:
        if self.bias is None:
            return nest.zero(group.count)
        return group.load(nest, F32, self.bias, channel)

    def finish(
        self,
        nest: Nest,
        sums: Sequence[Value],
        places: Sequence[Value],
        channel: Value,
        group: Lanes,
    ) -> None:
        for total, place in zip(sums, places, strict=True):
            value = clamp(nest, total, self.limits)
            if self.tail is not None:
                value = self.tail.apply(nest, value, place, channel, group.valid)
            group.store(nest, value, self.y, place)


@dataclass(frozen=True, slots=True)
class IntegerDepthwise:
    """int8 in and out; sums are exact in float32 while they stay below 2**24.

    With `unsigned` uint8 in and out, 128 above the int8 of `factors`. `weights` are
    float32 here, so that only the input is converted in the loop.
    """

    weights: Value
    bias: Value
    y: Value
    factors: Factors
    input_zero_point: int
    low: int
    high: int
    unsigned: bool = False
    element_bytes: int = 1

    def tap(self, nest: Nest, x: Value, index: Value, group: Lanes) -> Value:
        small = group.load(nest, I8, x, index)
        widen = nest.unsigned if self.unsigned else nest.convert
        wide = widen(small, I32.of(group.count))
        return nest.convert(wide, F32.of(group.count))

    def outside(self, nest: Nest, group: Lanes) -> Value | None:
        if self.input_zero_point == 0:
            return None
        return nest.constant(self.input_zero_point, F32.of(group.count))

    def weight(self, nest: Nest, index: Value, group: Lanes) -> Value:
        return group.load(nest, F32, self.weights, index)

    def start(self, nest: Nest, channel: Value, group: Lanes) -> Value:
        return nest.zero(group.count)

    def finish(
        self,
        nest: Nest,
        sums: Sequence[Value],
        places: Sequence[Value],
        channel: Value,
        group: Lanes,
    ) -> None:
        kind = I32.of(group.count)
        bias = nest.load(kind, self.bias, channel)
        factor = _factor(nest, self.factors, channel, group.count)
        for total, place in zip(sums, places, strict=True):
            value = factor(nest.convert(total, kind) + bias)
            small = saturate(nest, value, self.low, self.high)
            small = small ^ -128 if self.unsigned else small
            group.store(nest, small, self.y, place)


def _factor(
    nest: Nest, factors: Factors, channel: Value, lanes: int
) -> Callable[[Value], Value]:
    """What scales `lanes` channels; factors come in pairs at least."""
    if lanes > 1:
        return factors.load(nest, channel, lanes)
    pair = factors.load(nest, channel, 2)
    return lambda value: nest.extract(pair(nest.splat(value, 2)), 0)
