"""Matrix products over register tiles: the heart of convolutions and dense layers.

    y[row, column] = finish(sum over k of x[row, k] * w[k, column])

The left operand is read in place, row by row. The right one is packed into panels
`[panel][word][column]` as wide as the tile, so that it streams through once. A tile of
`rows` by `vectors` sums stays in registers while the whole inner dimension passes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeAlias

from gossamer.kernels.products.product import INDEPENDENT_SUMS, Gemm, Tile
from gossamer.nest.expr import I64, Value

if TYPE_CHECKING:
    from collections.abc import Callable

    from gossamer.nest.build import Nest

    _Progress: TypeAlias = tuple[list[Value], Value]

_UNROLLED_WORDS = 12
_WORDS_PER_ITERATION = 4


class Epilogue(Protocol):
    """What becomes of the sums: bias, scaling, activation, store."""

    @property
    def output_bytes(self) -> int:
        """Bytes of one output element."""
        ...

    def start(self, nest: Nest, column: Value, tile: Tile) -> list[Value]:
        """The sums to begin with, one per vector; `column` is the first column."""
        ...

    def finish(
        self, nest: Nest, sums: list[list[Value]], place: Place, tile: Tile
    ) -> None:
        """Turn the sums of a tile, one list per row, into output and store them."""
        ...


@dataclass(frozen=True, slots=True)
class Place:
    """Where a tile's output goes: the address of its corner, and which it is.

    `pitch` is the distance in bytes between rows of the output.
    """

    corner: Value
    row: Value
    column: Value
    pitch: int | Value


def gemm(
    nest: Nest, plan: Gemm, epilogue: Epilogue, x: Value, w: Value, y: Value
) -> None:
    """Emit the product; the kernel's last two parameters bound the units of work."""
    product(nest, plan, epilogue, (x, w, y), (nest.integer(), nest.integer()))


def product(
    nest: Nest,
    plan: Gemm,
    epilogue: Epilogue,
    pointers: tuple[Value, Value, Value],
    units: tuple[Value, Value],
) -> None:
    """Emit the units of work from the first of `units` up to the second."""
    walk = _walk_panels if plan.panels_outer else _walk_rows
    walk(nest, plan, epilogue, pointers, units)


def _walk_panels(
    nest: Nest,
    plan: Gemm,
    epilogue: Epilogue,
    pointers: tuple[Value, Value, Value],
    units: tuple[Value, Value],
) -> None:
    x, w, y = pointers
    begin, end = units
    whole = plan.whole_panels

    def panel(index: Value, vectors: int, columns: int) -> None:
        weights = nest.offset(w, index * plan.panel_bytes)
        with nest.loop(plan.rows.lines) as line:
            first = plan.rows.line(nest, x, line.index)

            def tile(rows: int, row: Value) -> None:
                shape = Tile(rows, vectors, plan.lanes, columns)
                corner = (line.index * plan.rows.count + row, index)
                _tile(nest, plan, epilogue, shape, (first, weights, y), row, corner)

            each_tile(nest, plan, tile, None)

    if whole:
        last = nest.minimum(end, whole)
        with nest.loop(last, start=begin) as index:
            panel(index.index, plan.vectors, plan.panel_columns)
    if plan.columns > whole * plan.panel_columns:
        start = nest.maximum(begin, whole)
        rest = plan.columns - whole * plan.panel_columns
        with nest.loop(end, start=start):
            panel(nest.constant(whole, I64), -(-rest // plan.lanes), rest)


def _walk_rows(
    nest: Nest,
    plan: Gemm,
    epilogue: Epilogue,
    pointers: tuple[Value, Value, Value],
    units: tuple[Value, Value],
) -> None:
    x, w, y = pointers

    def tile(first: Value, rows: int, row: Value, line_row: Value | int) -> None:
        panels_of_tile(nest, plan, epilogue, (first, w, y), rows, row, line_row)

    walk_rows(nest, plan, x, units, tile)


def walk_rows(
    nest: Nest,
    plan: Gemm,
    x: Value,
    units: tuple[Value, Value],
    emit: Callable[[Value, int, Value, Value | int], None],
) -> None:
    """Call `emit` for each tile of the units.

    It is given the address of the line's first row, the tile's number of rows, which
    row of the line it begins with, and which of all rows the line begins with.
    """

    def line_of_tiles(
        first: Value, line_row: Value | int, bounds: tuple[Value, Value] | None
    ) -> None:
        each_tile(
            nest, plan, lambda rows, row: emit(first, rows, row, line_row), bounds
        )

    if plan.rows.lines == 1:
        line_of_tiles(x, 0, units)
        return
    with nest.loop(units[1], start=units[0]) as line:
        first = plan.rows.line(nest, x, line.index)
        line_of_tiles(first, line.index * plan.rows.count, None)


def panels_of_tile(
    nest: Nest,
    plan: Gemm,
    epilogue: Epilogue,
    pointers: tuple[Value, Value, Value],
    rows: int,
    row: Value,
    line_row: Value | int,
) -> None:
    """The product of `rows` rows from `row` on with all panels, within a kernel.

    `pointers` are the line's first row, the weights and the output.
    """
    first, w, y = pointers
    whole = plan.whole_panels
    output_row = row + line_row
    if whole:
        with nest.loop(whole) as panel:
            shape = Tile(rows, plan.vectors, plan.lanes, plan.panel_columns)
            weights = nest.offset(w, panel.index * plan.panel_bytes)
            corner = (output_row, panel.index)
            _tile(nest, plan, epilogue, shape, (first, weights, y), row, corner)
    rest = plan.columns - whole * plan.panel_columns
    if rest:
        shape = Tile(rows, -(-rest // plan.lanes), plan.lanes, rest)
        weights = nest.offset(w, whole * plan.panel_bytes)
        corner = (output_row, nest.constant(whole, I64))
        _tile(nest, plan, epilogue, shape, (first, weights, y), row, corner)


def each_tile(
    nest: Nest,
    plan: Gemm,
    emit: Callable[[int, Value], None],
    bounds: tuple[Value, Value] | None,
) -> None:
    """Loop over the tiles of a line: first the taller ones, then those one row less."""
    larger, smaller = plan.tile_counts
    height = plan.larger_tile
    begin, end = bounds or (None, None)
    if larger:
        stop = nest.minimum(end, larger) if end is not None else larger
        with nest.loop(stop, start=begin if begin is not None else 0) as tile:
            emit(height, tile.index * height)
    if smaller:
        start = nest.maximum(begin, larger) if begin is not None else larger
        stop = end if end is not None else larger + smaller
        with nest.loop(stop, start=start) as tile:
            emit(height - 1, tile.index * (height - 1) + larger)


def _tile(
    nest: Nest,
    plan: Gemm,
    epilogue: Epilogue,
    shape: Tile,
    pointers: tuple[Value, Value, Value],
    row: Value,
    corner: tuple[Value, Value],
) -> None:
    """One register tile: start the sums, run through the inner dimension, finish."""
    first, weights, y = pointers
    output_row, panel = corner
    left = nest.offset(first, row * plan.rows.stride)
    column = panel * plan.panel_columns
    sums = _sums(nest, plan, shape, left, weights, epilogue.start(nest, column, shape))
    pitch = plan.output_pitch or plan.columns * epilogue.output_bytes
    address = nest.offset(y, output_row * pitch + column * epilogue.output_bytes)
    place = Place(address, output_row, column, pitch)
    epilogue.finish(nest, sums, place, shape)


def _sums(
    nest: Nest,
    plan: Gemm,
    shape: Tile,
    left: Value,
    weights: Value,
    initial: list[Value],
) -> list[list[Value]]:
    """The tile's sums, one list of vectors per row.

    Few sums would wait for one another, so that small tiles keep several chains.
    """
    chains = max(min(INDEPENDENT_SUMS // (shape.rows * shape.vectors), 4), 1)
    zero = nest.zero(shape.lanes, plan.multiply.total)
    totals = [initial[v] for _ in range(shape.rows) for v in range(shape.vectors)]
    totals += [zero] * (len(totals) * (chains - 1))
    depth = plan.depth

    def row(start: Value, pointer: Value, carried: list[Value]) -> _Progress:
        return runs_of(
            nest,
            (depth.parts, depth.part_stride),
            (start, pointer, carried),
            lambda at, w, sums: _segment(nest, plan, shape, (at, w), sums),
        )

    segments = (depth.segments, depth.segment_stride)
    totals, _ = runs_of(nest, segments, (left, weights, totals), row)
    size = shape.rows * shape.vectors
    for chain in range(1, chains):
        part = totals[chain * size : (chain + 1) * size]
        totals[:size] = [a + b for a, b in zip(totals[:size], part, strict=True)]
    return [
        totals[row * shape.vectors : (row + 1) * shape.vectors]
        for row in range(shape.rows)
    ]


def runs_of(
    nest: Nest,
    runs: tuple[int, int],
    state: tuple[Value, Value, list[Value]],
    emit: Callable[[Value, Value, list[Value]], _Progress],
) -> _Progress:
    """Repeat `emit` over `runs` = (count, stride of the left operand)."""
    count, stride = runs
    left, weights, totals = state
    if count == 1:
        return emit(left, weights, totals)
    with nest.loop(count, carry=[weights, *totals]) as loop:
        pointer, *carried = loop.values
        start = nest.offset(left, loop.index * stride)
        after, end = emit(start, pointer, carried)
        loop.carry([end, *after])
    return list(loop.results[1:]), loop.results[0]


def _segment(
    nest: Nest,
    plan: Gemm,
    shape: Tile,
    pointers: tuple[Value, Value],
    totals: list[Value],
) -> tuple[list[Value], Value]:
    """Run through one segment; also the address behind its weights."""
    left, weights = pointers
    words = plan.depth.words
    packed_bytes = plan.multiply.weight_bytes * shape.vectors * shape.lanes
    step_bytes = plan.right_pitch or packed_bytes
    if words <= _UNROLLED_WORDS:
        zero = nest.constant(0, I64)
        totals = _words(nest, plan, shape, (left, weights, zero), words, totals)
        return totals, nest.offset(weights, words * step_bytes)
    single = shape.rows == 1 and words >= shape.lanes
    unroll = shape.lanes if single else _WORDS_PER_ITERATION
    rounds = words // unroll
    step = unroll * plan.multiply.left_bytes
    with nest.loop(rounds * step, step=step, carry=[weights, *totals]) as loop:
        pointer, *carried = loop.values
        after = _words(nest, plan, shape, (left, pointer, loop.index), unroll, carried)
        loop.carry([nest.offset(pointer, unroll * step_bytes), *after])
    pointer, *totals = loop.results
    rest = words - rounds * unroll
    if rest:
        byte = nest.constant(rounds * step, I64)
        totals = _words(nest, plan, shape, (left, pointer, byte), rest, totals)
        pointer = nest.offset(pointer, rest * step_bytes)
    return totals, pointer


def _overlap(plan: Gemm, shape: Tile, words: int) -> int:
    """How many rows of a tile read the same, of `words` words of each."""
    if shape.rows == 1 or not plan.rows.stride:
        return 1
    return min(-(-words * plan.multiply.left_bytes // plan.rows.stride), shape.rows)


def _words(
    nest: Nest,
    plan: Gemm,
    shape: Tile,
    pointers: tuple[Value, Value, Value],
    count: int,
    totals: list[Value],
) -> list[Value]:
    """`count` words: per word the weights once, then row by row one broadcast each.

    Rows outside, vectors inside: the other order makes the scheduler keep all
    broadcasts alive at once, more than there are registers. A single row is read a
    vector at a time, since such a product is bound by its loads. Rows that overlap
    are read through pointers that LLVM cannot compare: it would keep what they share
    until all registers are gone, where reading it again costs nothing.
    """
    left, weights, byte = pointers
    overlap = _overlap(plan, shape, count)
    lefts = [left, *(nest.opaque(left) for _ in range(1, overlap))]
    multiply = plan.multiply
    totals = list(totals)
    size = shape.rows * shape.vectors
    chains = len(totals) // size
    together = None
    if shape.rows == 1 and count == shape.lanes:
        together = multiply.vector(nest, nest.offset(left, byte), shape.lanes)
    for word in range(count):
        pitch = plan.right_pitch
        first = nest.offset(weights, word * pitch) if pitch else weights
        before = 0 if pitch else word * shape.vectors
        columns = [
            multiply.weights(nest, first, (before + v) * shape.lanes, shape.lanes)
            for v in range(shape.vectors)
        ]
        base = (word % chains) * size
        for row in range(shape.rows):
            if together is not None:
                one = nest.shuffle(together, together, [word] * shape.lanes)
            else:
                where = byte + (row * plan.rows.stride + word * multiply.left_bytes)
                start = lefts[row % len(lefts)]
                one = multiply.broadcast(nest, start, where, shape.lanes)
            for v in range(shape.vectors):
                at = base + row * shape.vectors + v
                totals[at] = multiply.accumulate(nest, totals[at], one, columns[v])
    return totals
