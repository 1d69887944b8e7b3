"""Depthwise convolution of int8 with dot products of four taps.

The bytes of up to four input rows are interleaved, so that each 32-bit lane holds one
channel's column of a filter, and one dot product does the work of four products. What
is interleaved within blocks of 16 bytes leaves four vectors whose channels are in
`packed_order`, which the narrowing at the end undoes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gossamer.kernels.arithmetic.requantize import Factors, within
from gossamer.kernels.windows.depthwise_packing import (
    QUAD,
    Group,
    channel_groups,
    row_groups,
    tile_shape,
)
from gossamer.nest.expr import I8, I16, I32, I64, Kind, Value

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from gossamer.kernels.windows.depthwise import Window
    from gossamer.nest.build import Nest

_SHORT = 2
"""Tiles between the edges that are worth no code of their own."""
_MOST_WRITTEN = 36
"""Taps that are written out for every edge; LLVM takes a millisecond for each."""


@dataclass(frozen=True, slots=True)
class QuadPointers:
    """Where everything is: `zeros` is a row of the input's zero point."""

    x: Value
    zeros: Value
    weights: Value
    bias: Value
    factors: Factors
    y: Value


def depthwise_quads(
    nest: Nest, window: Window, limits: tuple[int, int], pointers: QuadPointers
) -> None:
    """A whole kernel; units of work are bands of output rows."""
    begin, end = nest.integer(), nest.integer()
    tile_rows, _ = tile_shape(window)
    bands = window.out_height // tile_rows
    with nest.loop(end, start=begin) as band:
        image = band.index // bands
        top = band.index % bands * tile_rows
        rows = _input_rows(nest, window, pointers, image, top)
        output_row = image * window.out_height + top
        _Band(nest, window, limits, pointers, rows, output_row).columns()


def _input_rows(
    nest: Nest, window: Window, pointers: QuadPointers, image: Value, top: Value
) -> list[Value | None]:
    """Addresses of the rows under a band in groups of four; None where no tap is."""
    tile_rows, _ = tile_shape(window)
    used = window.filter[0] + tile_rows - 1
    pitch = window.width * window.channels
    start = top * window.stride[0] - window.before[0]
    rows: list[Value | None] = []
    for tap in range(row_groups(window) * QUAD):
        if tap >= used:
            rows.append(None)
            continue
        line = start + tap * window.dilation[0]
        address = nest.offset(pointers.x, (image * window.height + line) * pitch)
        inside = nest.compare("ult", line, window.height)
        rows.append(nest.select(inside, address, pointers.zeros))
    return rows


@dataclass(frozen=True, slots=True)
class _Band:
    """One band of output rows."""

    nest: Nest
    window: Window
    limits: tuple[int, int]
    pointers: QuadPointers
    rows: list[Value | None]
    output_row: Value

    def columns(self) -> None:
        """Walk over the output columns: the edges, and in a loop what is between.

        Where little lies between, one loop that asks for each column does it all.
        """
        window = self.window
        _, width = tile_shape(window)
        total = window.out_width
        inner, last = window.inner_columns()
        left = -(-inner // width) * width
        right = -(-(total - last) // width) * width
        middle = (total - left - right) // width * width
        if left + right > total:
            left, middle = total, 0
        few = self._written_taps(middle) <= _MOST_WRITTEN
        if middle <= _SHORT * width and not few:
            left, middle = total, 0
        if middle:
            with self.nest.loop(left + middle, start=left, step=width) as loop:
                self._tile(loop.index, list(range(left, left + width)))
        self._edges(left, middle, few=few)

    def _written_taps(self, middle: int) -> int:
        """Taps in the code if every tile of the edges were written out."""
        window = self.window
        _, width = tile_shape(window)
        tiles = -(-(window.out_width - middle) // width) + (middle > 0)
        groups = channel_groups(window.channels, self.nest.target.vector_bytes)
        sizes = {(group.size, group.valid) for group in groups}
        return tiles * len(sizes) * window.filter[0] * window.filter[1]

    def _edges(self, left: int, middle: int, *, few: bool) -> None:
        """Tiles of the columns before `left` and of those behind the middle."""
        total, (_, width) = self.window.out_width, tile_shape(self.window)
        whole = total - total % width
        if few or whole - middle <= width:
            self._written(0, left)
            self._written(left + middle, total)
        else:
            self._asking(left, middle, whole)
            self._written(whole, total)

    def _written(self, begin: int, end: int) -> None:
        """Tiles that are written out one by one."""
        _, width = tile_shape(self.window)
        for start in range(begin, end, width):
            columns = list(range(start, min(start + width, end)))
            self._tile(self.nest.constant(start, I64), columns)

    def _asking(self, left: int, middle: int, end: int) -> None:
        """A loop over tiles that asks for each column whether it is in the image."""
        nest = self.nest
        _, width = tile_shape(self.window)
        with nest.loop(end - middle, step=width) as loop:
            start = nest.constant(0, I64) + loop.index
            if middle:
                is_before = nest.compare("ult", start, left)
                start = nest.select(is_before, start, start + middle)
            self._tile(start, None)

    def _tile(self, first: Value, columns: list[int] | None) -> None:
        """Emit output columns from `first` on; `columns` are typical positions.

        None if some of their taps may lie outside, which differs from tile to tile.
        """
        widest = self.nest.target.vector_bytes
        groups = channel_groups(self.window.channels, widest)
        whole = sum(1 for g in groups if g.size == g.valid == widest)
        zero = self.nest.constant(0, I64)
        if whole:
            with self.nest.loop(whole * widest, step=widest) as loop:
                typical = Group(0, widest, widest)
                self._group(first, columns, zero + loop.index, typical)
        for group in groups[whole:]:
            channel = self.nest.constant(group.first, I64)
            self._group(first, columns, channel, group)

    def _group(
        self, first: Value, columns: list[int] | None, channel: Value, group: Group
    ) -> None:
        nest, window = self.nest, self.window
        tile_rows, whole = tile_shape(window)
        width = len(columns) if columns else whole
        lanes = group.size // QUAD
        kind = I32.of(lanes)
        start = [
            nest.load(kind, self.pointers.bias, channel + v * lanes)
            for v in range(QUAD)
        ]
        sums = {
            (row, position): list(start)
            for row in range(tile_rows)
            for position in range(width)
        }
        left = first * window.stride[1] - window.before[1]
        for row_group in range(row_groups(window)):
            rows = self.rows[row_group * QUAD : (row_group + 1) * QUAD]
            for at, uses in self._uses(width).items():
                position, tap = uses[0]
                inside = window.covers(columns[position], tap) if columns else None
                quads = self._quads(rows, (left + at, inside), channel, group)
                self._accumulate(sums, quads, (row_group, uses), channel, group)
        self._finish(sums, first, channel, group)

    def _uses(self, width: int) -> dict[int, list[tuple[int, int]]]:
        """For each input column its (output position, filter column) pairs."""
        window = self.window
        uses: dict[int, list[tuple[int, int]]] = {}
        for position in range(width):
            for tap in range(window.filter[1]):
                at = position * window.stride[1] + tap * window.dilation[1]
                uses.setdefault(at, []).append((position, tap))
        return dict(sorted(uses.items()))

    def _quads(
        self,
        rows: Sequence[Value | None],
        place: tuple[Value, bool | None],
        channel: Value,
        group: Group,
    ) -> list[Value]:
        """Four vectors whose lanes hold four rows of one channel, as uint8.

        The place is a column, and whether it is inside the image; None to ask.
        """
        nest = self.nest
        kind = I8.of(group.size)
        source = self._source(place, channel)
        pixels: list[Value] = []
        for row in rows:
            if row is None:
                pixels.append(nest.constant(0, kind))
            else:
                pixels.append(nest.load(kind, *source(row), group.valid) ^ -128)
        return _interleave(nest, pixels)

    def _source(
        self, place: tuple[Value, bool | None], channel: Value
    ) -> Callable[[Value], tuple[Value, Value]]:
        """Address and index at which a channel of an input row's column is read."""
        nest, zeros = self.nest, self.pointers.zeros
        column, inside = place
        if inside is not None:
            index = column * self.window.channels + channel
            return lambda row: (row, index) if inside else (zeros, channel)
        start = column * self.window.channels
        is_inside = nest.compare("ult", column, self.window.width)
        return lambda row: (
            nest.select(is_inside, nest.offset(row, start), zeros),
            channel,
        )

    def _accumulate(
        self,
        sums: dict[tuple[int, int], list[Value]],
        quads: list[Value],
        work: tuple[int, list[tuple[int, int]]],
        channel: Value,
        group: Group,
    ) -> None:
        nest, window = self.nest, self.window
        row_group, uses = work
        tile_rows, _ = tile_shape(window)
        groups, columns = row_groups(window), window.filter[1]
        lanes = group.size // QUAD
        # Filters of the channels before this group come first, word by word.
        base = channel * (tile_rows * groups * columns)
        for row in range(tile_rows):
            for position, tap in uses:
                block = (row * groups + row_group) * columns + tap
                totals = sums[row, position]
                for v in range(QUAD):
                    index = base + (block * group.size + v * lanes)
                    weight = nest.load(I32.of(lanes), self.pointers.weights, index)
                    totals[v] = nest.dot_quads(totals[v], quads[v], weight)

    def _finish(
        self,
        sums: dict[tuple[int, int], list[Value]],
        first: Value,
        channel: Value,
        group: Group,
    ) -> None:
        nest, window = self.nest, self.window
        lanes = group.size // QUAD
        for v in range(QUAD):
            factor = self.pointers.factors.load(nest, channel + v * lanes, lanes)
            for totals in sums.values():
                totals[v] = factor(totals[v])
        for (row, position), totals in sums.items():
            small = nest.pack(totals)
            small = within(nest, small, *self.limits)
            pixel = (self.output_row + row) * window.out_width + first + position
            index = pixel * window.channels + channel
            nest.store(small, self.pointers.y, index, group.valid)


def _interleave(nest: Nest, rows: Sequence[Value]) -> list[Value]:
    """Bytes of four vectors as four vectors of int32 lanes, one byte of each in all."""
    size = rows[0].kind.lanes
    low = [_zip(nest, rows[i], rows[i + 1], 8, high=False) for i in (0, 2)]
    high = [_zip(nest, rows[i], rows[i + 1], 8, high=True) for i in (0, 2)]
    words = I16.of(size // 2)
    quads: list[Value] = []
    for pair in (low, high):
        one, two = (nest.bits(each, words) for each in pair)
        for upper in (False, True):
            mixed = _zip(nest, one, two, 4, high=upper)
            quads.append(nest.bits(mixed, Kind("i32", size // QUAD)))
    return quads


def _zip(nest: Nest, left: Value, right: Value, half: int, *, high: bool) -> Value:
    """Elements in turn from the lower (or upper) halves of blocks of 2 * `half`."""
    count = left.kind.lanes
    lanes: list[int] = []
    for block in range(0, count, 2 * half):
        for i in range(half):
            at = block + i + (half if high else 0)
            lanes += [at, count + at]
    return nest.shuffle(left, right, lanes)
