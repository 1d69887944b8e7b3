"""Integer products whose sizes lie in memory, so that layers share a kernel.

    y[row, column] = finish(sum over k of x[row, k] * w[k, column])

There is one register tile and no other for what remains: the last rows and the last
columns of a product are computed again with those before them, to the same bytes.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from gossamer.kernels.products.gemm import Place
from gossamer.kernels.products.multiply import ShortQuadMultiply, SignedQuadMultiply
from gossamer.kernels.products.product import Gemm, Tile
from gossamer.nest.expr import I32, I64, Value

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from gossamer.kernels.products.gemm import Epilogue
    from gossamer.kernels.products.multiply import Multiply
    from gossamer.kernels.products.product import Depth, Rows
    from gossamer.nest.build import Nest
    from gossamer.nest.target import Target

_WORDS = 4
"""Words of a row that are read at once."""
_REGISTERS = 32
_MANY, _FEW = 4, 2
"""Rows and vectors of a tile at most, with so many registers and with less of them.

Sums leave room for the products, of which LLVM has many under way at once.
"""


def shares(multiply: Multiply, rows: Rows, depth: Depth, columns: int) -> bool:
    """Whether a product of this shape is made here."""
    if not isinstance(multiply, SignedQuadMultiply | ShortQuadMultiply):
        return False
    whole = rows.lines in (1, rows.lines_per_image) and depth.parts == 1
    return whole and columns >= _WORDS and rows.count > 0


def plan_shared(
    target: Target, multiply: Multiply, rows: Rows, depth: Depth, columns: int
) -> Gemm:
    """How the product is walked, with all panels for each tile of rows."""
    most = _MANY if target.registers >= _REGISTERS else _FEW
    height = min(rows.count, most)
    vectors = _choose_vectors(target.lanes, columns, most)
    return Gemm(
        rows,
        depth,
        columns,
        multiply,
        target.lanes,
        vectors,
        height,
        panels_outer=False,
        packs_rows=True,
        slides=True,
    )


def _choose_vectors(lanes: int, columns: int, most: int) -> int:
    """A row's word costs about two instructions, and three for each vector."""
    possible = range(1, min(columns // lanes, most) + 1)
    return min(possible, key=lambda v: (-(-columns // (v * lanes)) * (2 + 3 * v), -v))


@dataclass(frozen=True, slots=True)
class _Sizes:
    """What differs between products that share a kernel, as loaded from memory."""

    count: Value
    stride: Value
    lines: Value
    line_stride: Value
    tiles: Value
    columns: Value
    panels: Value
    panel_bytes: Value
    whole_bytes: Value
    row_bytes: Value
    segments: Value
    segment_stride: Value


def sizes_of(plan: Gemm) -> npt.NDArray[np.int32]:
    """The numbers behind the pointer `sizes` of `shared_product`."""
    rows, depth = plan.rows, plan.depth
    word = plan.multiply.left_bytes
    numbers = (
        rows.count,
        rows.stride,
        rows.lines,
        rows.line_stride,
        -(-rows.count // plan.tile_rows),
        plan.columns,
        len(plan.panel_starts),
        plan.panel_bytes,
        depth.words // _WORDS * _WORDS * word,
        depth.words * word,
        depth.segments,
        depth.segment_stride,
    )
    return np.array(numbers, np.int32)


def shared_product(
    nest: Nest,
    plan: Gemm,
    epilogue: Epilogue,
    pointers: tuple[Value, Value, Value],
    sizes: Value,
) -> None:
    """Emit the product; of `plan` only what `sizes_of` leaves out is in the kernel."""
    units = (nest.integer(), nest.integer())
    loaded = [_size(nest, sizes, i) for i in range(len(fields(_Sizes)))]
    work = _Work(nest, plan, epilogue, pointers, _Sizes(*loaded))
    if plan.panels_outer:
        with nest.loop(units[1], start=units[0]) as panel:
            work.lines(None, panel.index)
    elif plan.rows.lines > 1:
        work.lines(units, None)
    else:
        work.tiles(pointers[0], nest.constant(0, I64), units, None)


def _size(nest: Nest, sizes: Value, index: int) -> Value:
    return nest.apply("count", I64, nest.load(I32, sizes, index))


_Bounds: TypeAlias = "tuple[Value, Value]"


@dataclass(frozen=True, slots=True)
class _Work:
    """The loops around a tile; a bound or a panel that is None means all of them."""

    nest: Nest
    plan: Gemm
    epilogue: Epilogue
    pointers: tuple[Value, Value, Value]
    sizes: _Sizes

    def lines(self, bounds: _Bounds | None, panel: Value | None) -> None:
        nest, sizes = self.nest, self.sizes
        if self.plan.rows.lines == 1:
            self.tiles(self.pointers[0], nest.constant(0, I64), None, panel)
            return
        begin, end = bounds or (0, sizes.lines)
        with nest.loop(end, start=begin) as line:
            first = nest.offset(self.pointers[0], line.index * sizes.line_stride)
            self.tiles(first, line.index * sizes.count, None, panel)

    def tiles(
        self, first: Value, row: Value, bounds: _Bounds | None, panel: Value | None
    ) -> None:
        """The tiles of a line, whose first row is number `row` and lies at `first`."""
        height = self.plan.tile_rows
        begin, end = bounds or (0, self.sizes.tiles)
        with self.nest.loop(end, start=begin) as tile:
            last = self.sizes.count - height
            within = self.nest.minimum(tile.index * height, last)
            left = self.nest.offset(first, within * self.sizes.stride)
            self.panels(left, row + within, panel)

    def panels(self, left: Value, row: Value, panel: Value | None) -> None:
        if panel is not None:
            self.tile(left, row, panel)
            return
        with self.nest.loop(self.sizes.panels) as each:
            self.tile(left, row, each.index)

    def tile(self, left: Value, row: Value, panel: Value) -> None:
        nest, plan, sizes = self.nest, self.plan, self.sizes
        width = plan.panel_columns
        shape = Tile(plan.tile_rows, plan.vectors, plan.lanes, width)
        weights = nest.offset(self.pointers[1], panel * sizes.panel_bytes)
        initial = self.epilogue.start(nest, panel * width, shape)
        sums = self.sums(left, weights, initial)
        column = nest.minimum(panel * width, sizes.columns - width)
        corner = nest.offset(self.pointers[2], row * sizes.columns + column)
        place = Place(corner, row, panel * width, sizes.columns)
        self.epilogue.finish(nest, sums, place, shape)

    def sums(
        self, left: Value, weights: Value, initial: list[Value]
    ) -> list[list[Value]]:
        nest, plan, sizes = self.nest, self.plan, self.sizes
        rows = [nest.offset(left, sizes.stride * r) for r in range(plan.tile_rows)]
        state = [weights, *initial * plan.tile_rows]
        if plan.depth.segments == 1:
            state = self.segment(rows, state)
        else:
            with nest.loop(sizes.segments, carry=state) as loop:
                distance = loop.index * sizes.segment_stride
                moved = [nest.offset(row, distance) for row in rows]
                loop.carry(self.segment(moved, loop.values))
            state = list(loop.results)
        _, *totals = state
        size = plan.vectors
        return [totals[i : i + size] for i in range(0, len(totals), size)]

    def segment(self, rows: Sequence[Value], state: Sequence[Value]) -> list[Value]:
        """A run of words: by several, and what remains one by one."""
        nest, sizes = self.nest, self.sizes
        word = self.plan.multiply.left_bytes
        step = _WORDS * word
        with nest.loop(sizes.whole_bytes, step=step, carry=state) as loop:
            loop.carry(self.words(rows, loop.index, loop.values, _WORDS))
        state = loop.results
        with nest.loop(
            sizes.row_bytes, start=sizes.whole_bytes, step=word, carry=state
        ) as loop:
            loop.carry(self.words(rows, loop.index, loop.values, 1))
        return list(loop.results)

    def words(
        self, rows: Sequence[Value], byte: Value, state: Sequence[Value], count: int
    ) -> list[Value]:
        """`count` words of each row, by as many rows of a panel."""
        nest, plan = self.nest, self.plan
        lanes, vectors, multiply = plan.lanes, plan.vectors, plan.multiply
        weights, *totals = state
        lefts = [multiply.vector(nest, nest.offset(row, byte), count) for row in rows]
        for word in range(count):
            columns = [
                multiply.weights(nest, weights, (word * vectors + v) * lanes, lanes)
                for v in range(vectors)
            ]
            for row, left in enumerate(lefts):
                one = nest.splat(nest.extract(left, word), lanes)
                for v, column in enumerate(columns):
                    at = row * vectors + v
                    totals[at] = multiply.accumulate(nest, totals[at], one, column)
        after = count * vectors * lanes * multiply.weight_bytes
        return [nest.offset(weights, after), *totals]
