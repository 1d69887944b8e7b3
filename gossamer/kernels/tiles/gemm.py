"""Emit a product on the matrix unit.

Registers 0 to 3 hold the sums of two tiles of rows by two of columns, 4 and 5 the rows,
6 and 7 the weights: four products for four loads. Sums go through memory of the call to
the vector unit, which finishes them row by row.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, TypeAlias

from gossamer.kernels.tiles.again import sum_again
from gossamer.kernels.tiles.product import CHUNK, HEIGHT, LANES, Panel
from gossamer.nest.expr import F32, I64, Kind

if TYPE_CHECKING:
    from collections.abc import Callable

    from gossamer.kernels.tiles.product import TileProduct
    from gossamer.kernels.tiles.rows import OutputRow, RowSource
    from gossamer.nest.build import Nest
    from gossamer.nest.expr import Value

    Finish: TypeAlias = Callable[[list[list[Value]], list[OutputRow]], None]
    """Stores the sums of some rows."""

_TILE = CHUNK * HEIGHT
_LEFT, _RIGHT = (4, 5), (6, 7)
_PAIRS = {
    2: ((0, 1), (0, 0), (1, 0)),
    3: ((0, 2), (0, 1), (0, 0), (1, 0), (1, 1), (2, 0)),
}
"""Which parts of rows and of weights are multiplied, 0 the highest, by their number."""


class TileEpilogue(Protocol):
    """What becomes of the sums."""

    @property
    def total(self) -> Kind:
        """The kind of a sum, one lane."""
        ...

    @property
    def first(self) -> Value | None:
        """The address of what the columns' sums start from; None for zero."""
        ...

    def rows_at_once(self, panel: Panel) -> int:
        """How many rows are finished together."""
        ...

    def columns(self, nest: Nest, panel: Panel, column: Value) -> Finish:
        """Read what belongs to the columns of a panel; `column` is its first."""
        ...


def tile_gemm(
    nest: Nest,
    plan: TileProduct,
    source: RowSource,
    epilogue: TileEpilogue,
    x: Value,
    w: Value,
) -> None:
    """Emit a whole kernel; its last two parameters bound the units of work."""
    begin, end = nest.integer(), nest.integer()
    _Walk(nest, plan, source, epilogue, x, w).run(begin, end)


class _Walk:
    """The loops over blocks of rows and panels of columns."""

    def __init__(
        self,
        nest: Nest,
        plan: TileProduct,
        source: RowSource,
        epilogue: TileEpilogue,
        x: Value,
        w: Value,
    ) -> None:
        self.nest, self.plan, self.source, self.epilogue = nest, plan, source, epilogue
        self.x, self.w = x, w
        self.sums = nest.local(plan.height * plan.widest * CHUNK)
        size = source.local_bytes
        self.place = nest.local(size) if size else self.sums

    def run(self, begin: Value, end: Value) -> None:
        nest, plan = self.nest, self.plan
        if plan.panels_outer:
            self._each_panel(begin, end, self._all_blocks)
            return
        with nest.loop(end, start=begin) as block:
            first, done = plan.first_row(nest, block.index)
            left = self._rows(first)
            zero = nest.constant(0, I64)
            panels = nest.constant(len(plan.panels), I64)
            self._each_panel(
                zero,
                panels,
                lambda panel, column: self._block(panel, column, left, first, done),
            )

    def _each_panel(
        self, begin: Value, end: Value, emit: Callable[[Panel, Value], None]
    ) -> None:
        """Loop over the equal panels; the others are written out."""
        nest, panels = self.nest, self.plan.panels
        width = self.plan.widest * LANES
        whole = sum(panel.columns == width for panel in panels)
        if whole:
            with nest.loop(nest.minimum(end, whole), start=begin) as loop:
                emit(panels[0], loop.index * width)
        for index in range(whole, len(panels)):
            panel = panels[index]
            start = nest.maximum(begin, index)
            with nest.loop(nest.minimum(end, index + 1), start=start):
                emit(panel, nest.constant(panel.first, I64))

    def _rows(self, first: Value) -> Value:
        count = min(self.plan.rows, self.plan.height)
        return self.source.block(self.nest, self.x, self.place, (first, count))

    def _all_blocks(self, panel: Panel, column: Value) -> None:
        nest, plan = self.nest, self.plan
        with nest.loop(plan.blocks) as block:
            first, done = plan.first_row(nest, block.index)
            self._block(panel, column, self._rows(first), first, done)

    def _block(
        self, panel: Panel, column: Value, left: Value, first: Value, done: Value
    ) -> None:
        nest, plan = self.nest, self.plan
        weights = nest.offset(self.w, column * plan.column_bytes)
        start = self.epilogue.first
        for vector in range(0, panel.vectors, 2):
            width = min(panel.vectors - vector, 2)
            begin = None
            if start is not None:
                begin = nest.offset(start, (column + vector * LANES) * 4)
            right = nest.offset(weights, vector * LANES * plan.column_bytes)
            self._multiply(width, left, right, begin)
            self._spill(panel, vector, width)
        spoiled = self._finish(panel, column, first, done)
        if spoiled is None:
            return
        with nest.when(spoiled):
            bias = None if start is None else nest.offset(start, column, F32)
            sum_again(nest, plan, self.source, panel, bias, (left, weights), self.sums)
            self._finish(panel, column, first, done)

    def _multiply(
        self, width: int, left: Value, right: Value, begin: Value | None
    ) -> None:
        """The sums of a block and one or two vectors of columns, in registers."""
        nest, plan = self.nest, self.plan
        heights = plan.height // HEIGHT
        for column in range(width):
            for row in range(heights):
                if begin is None:
                    nest.tile_zero(2 * row + column)
                else:
                    place = nest.offset(begin, column * CHUNK)
                    nest.tile_load(2 * row + column, place, 0)
        segments = self.source.segments
        if segments.count == 1:
            self._segment(heights, width, left, right)
            return
        size = segments.chunks * plan.planes * width * _TILE
        with nest.loop(segments.count) as segment:
            rows = nest.offset(left, segment.index * segments.stride)
            self._segment(
                heights, width, rows, nest.offset(right, segment.index * size)
            )

    def _segment(self, heights: int, width: int, left: Value, right: Value) -> None:
        nest, planes = self.nest, self.plan.planes
        with nest.loop(self.source.segments.chunks) as chunk:
            rows = nest.offset(left, chunk.index * CHUNK)
            tiles = nest.offset(right, chunk.index * (planes * width * _TILE))
            if planes == 1:
                self._products(heights, width, rows, tiles)
            else:
                self._split_products(heights, width, rows, tiles)

    def _split_products(
        self, heights: int, width: int, rows: Value, tiles: Value
    ) -> None:
        """Products of parts; those that rounding would lose are left out."""
        nest, pitch = self.nest, self.source.pitch
        before = (-1, -1)
        for ours, theirs in _PAIRS[self.plan.planes]:
            left = nest.offset(rows, ours * self.source.next_part)
            right = nest.offset(tiles, theirs * width * _TILE)
            for row in range(heights if ours != before[0] else 0):
                start = nest.offset(left, row * HEIGHT * pitch)
                nest.tile_load(_LEFT[row], start, pitch)
            for column in range(width if theirs != before[1] else 0):
                start = nest.offset(right, column * _TILE)
                nest.tile_load(_RIGHT[column], start, CHUNK)
            before = (ours, theirs)
            for row in range(heights):
                for column in range(width):
                    total = 2 * row + column
                    nest.tile_dot_floats(total, _LEFT[row], _RIGHT[column])

    def _products(self, heights: int, width: int, rows: Value, tiles: Value) -> None:
        nest, pitch = self.nest, self.source.pitch
        for row in range(heights):
            below = nest.offset(rows, row * HEIGHT * pitch)
            nest.tile_load(_LEFT[row], below, pitch)
            for column in range(width):
                if row == 0:
                    beside = nest.offset(tiles, column * _TILE)
                    nest.tile_load(_RIGHT[column], beside, CHUNK)
                nest.tile_dot(2 * row + column, _LEFT[row], _RIGHT[column])

    def _spill(self, panel: Panel, vector: int, width: int) -> None:
        nest, pitch = self.nest, panel.vectors * CHUNK
        for row in range(self.plan.height // HEIGHT):
            for column in range(width):
                byte = row * HEIGHT * pitch + (vector + column) * CHUNK
                place = nest.offset(self.sums, byte)
                nest.tile_store(2 * row + column, place, pitch)

    def _finish(
        self, panel: Panel, column: Value, first: Value, done: Value
    ) -> Value | None:
        """Finish a block's sums; of split floats also whether one is not finite."""
        nest = self.nest
        finish = self.epilogue.columns(nest, panel, column)
        together = self.epilogue.rows_at_once(panel)
        count = min(self.plan.rows, self.plan.height)
        start = done // together * together
        checks = [nest.zero(LANES)] if self.plan.planes > 1 else []
        with nest.loop(count, start=start, step=together, carry=checks) as loop:
            row = nest.minimum(loop.index, count - together)
            sums = self._sums(panel, row, together)
            spare = nest.offset(self.sums, row * (panel.vectors * CHUNK))
            numbers = [first + row + index for index in range(together)]
            finish(sums, [self.source.output(nest, n, spare) for n in numbers])
            loop.carry([_checked(nest, check, sums) for check in loop.values])
        if not checks:
            return None
        check = nest.sum(loop.results[0])
        return nest.compare("ne", check, check)

    def _sums(self, panel: Panel, row: Value, count: int) -> list[list[Value]]:
        nest, kind = self.nest, self.epilogue.total.of(LANES)
        line = nest.offset(self.sums, row * (panel.vectors * CHUNK))
        return [
            [
                nest.load(kind, line, (r * panel.vectors + v) * LANES)
                for v in range(panel.vectors)
            ]
            for r in range(count)
        ]


def _checked(nest: Nest, check: Value, sums: list[list[Value]]) -> Value:
    """`check` plus zero times each sum: zero as long as all are finite."""
    for vectors in sums:
        for total in vectors:
            check = nest.fma(total, 0.0, check)
    return check
