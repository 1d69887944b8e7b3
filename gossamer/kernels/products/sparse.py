"""Matrix products that skip the zeros of their weights.

Rows of the input are the lanes: a block of them is turned so that a word of all rows
is a few vectors, and a word of weights that is not zero meets these and nothing else.
The sums, one vector per column, are turned back for the epilogue. A depth whose turned
rows would leave the nearest cache goes in parts, between which the sums lie in memory.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gossamer.kernels.products.gemm import Place
from gossamer.kernels.products.product import Depth, Gemm, Rows, Tile
from gossamer.kernels.products.sparse_words import WORD, Parts, SparseWeights
from gossamer.kernels.step import Argument, Constant, Scratch, Step
from gossamer.nest.build import Nest
from gossamer.nest.expr import I32, I64, Value

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy.typing as npt

    from gossamer.kernels.products.gemm import Epilogue
    from gossamer.kernels.products.multiply import Multiply
    from gossamer.kernels.products.placed import Sums
    from gossamer.nest.target import Target

_UNITS = 4


@dataclass(frozen=True, slots=True)
class _Walk:
    """What the three stages of a block have in common."""

    nest: Nest
    multiply: Multiply
    rows: Rows
    parts: Parts
    columns: int
    vectors: int

    @property
    def lanes(self) -> int:
        return self.nest.target.lanes

    @property
    def block(self) -> int:
        return self.vectors * self.lanes

    @property
    def chains(self) -> int:
        """Words under way at once, so that no sum waits for the one before."""
        return max(4 // self.vectors, 2)

    def turn_input(self, x: Value, pitch: int, turned: Value) -> None:
        """A part of a block of rows, `pitch` bytes apart, as [word][row]."""
        nest, lanes = self.nest, self.lanes
        kind = self.multiply.word.of(lanes)
        for group in range(self.vectors):
            first = nest.offset(x, group * lanes * pitch)
            place = nest.offset(turned, group * lanes * WORD)

            def part(word: Value, first: Value = first, place: Value = place) -> None:
                source = nest.offset(first, word * WORD)
                rows = [
                    nest.load(kind, nest.offset(source, row * pitch))
                    for row in range(min(lanes, self.rows.count))
                ]
                rows += [rows[-1]] * (lanes - len(rows))
                target = nest.offset(place, word * (self.block * WORD))
                for index, each in enumerate(turned_lanes(nest, rows)):
                    nest.store(each, nest.offset(target, index * self.block * WORD))

            self._overlapping(self.parts.size, part)

    def _overlapping(self, count: int, emit: Any) -> None:
        """Groups of `lanes` of `count` things; the last may overlap the one before."""
        nest, lanes = self.nest, self.lanes
        groups = -(-count // lanes)
        with nest.loop(groups) as loop:
            emit(nest.minimum(loop.index * lanes, count - lanes))

    def sum_columns(
        self,
        lists: tuple[Value, Value, Value],
        turned: Value,
        sums: Value,
        columns: tuple[Value, int],
        *,
        adds: bool = False,
    ) -> None:
        """Sums as [column][row]: for each word that is not zero, all rows.

        `columns` are the first list and how many; `adds` says to go on from `sums`.
        """
        nest = self.nest
        starts, places, words = lists
        zero = nest.zero(self.lanes, self.multiply.total)
        with nest.loop(columns[1]) as column:
            index = columns[0] + column.index
            first = nest.convert(nest.load(I32, starts, index), I64)
            last = nest.convert(nest.load(I32, starts, index + 1), I64)
            target = nest.offset(sums, column.index * (self.block * WORD))
            places_ = [
                nest.offset(target, v * self.lanes * WORD) for v in range(self.vectors)
            ]
            carried = [zero] * (self.vectors * self.chains)
            if adds:
                carried[: self.vectors] = [nest.load(zero.kind, at) for at in places_]
            with nest.loop(last, start=first, step=self.chains, carry=carried) as loop:
                after = list(loop.values)
                for chain in range(self.chains):
                    self._word(
                        loop.index + chain, (places, words), turned, after, chain
                    )
                loop.carry(after)
            for v in range(self.vectors):
                total = loop.results[v]
                for chain in range(1, self.chains):
                    total = total + loop.results[chain * self.vectors + v]
                nest.store(total, places_[v])

    def clear(self, sums: Value) -> None:
        """All sums as zeros."""
        nest = self.nest
        zero = nest.zero(self.lanes, self.multiply.total)
        with nest.loop(self.columns * self.vectors) as loop:
            nest.store(zero, nest.offset(sums, loop.index * (self.lanes * WORD)))

    def _word(
        self,
        index: Value,
        lists: tuple[Value, Value],
        turned: Value,
        totals: list[Value],
        chain: int,
    ) -> None:
        nest = self.nest
        place = nest.convert(nest.load(I32, lists[0], index), I64)
        weight = nest.splat(nest.load(self.multiply.word, lists[1], index), self.lanes)
        source = nest.offset(turned, place)
        kind = self.multiply.word.of(self.lanes)
        for v in range(self.vectors):
            rows = nest.load(kind, nest.offset(source, v * self.lanes * WORD))
            at = chain * self.vectors + v
            totals[at] = self.multiply.accumulate(nest, totals[at], rows, weight)

    def each_group(self, emit: Callable[[Value, int], None]) -> None:
        """Call `emit` for groups of columns, as many as lanes, and for the rest."""
        whole = self.columns // self.lanes
        if whole:
            with self.nest.loop(whole) as loop:
                emit(loop.index * self.lanes, self.lanes)
        rest = self.columns - whole * self.lanes
        if rest:
            emit(self.nest.constant(whole * self.lanes, I64), rest)

    def finish(
        self,
        epilogue: Epilogue,
        sums: Value,
        y: Value,
        row: Value,
        columns: tuple[Value, int],
    ) -> None:
        """Turn the sums of a group of columns back and hand them to the epilogue."""
        nest, lanes = self.nest, self.lanes
        column, count = columns
        tile = Tile(min(lanes, self.rows.count), 1, lanes, count)
        (start,) = epilogue.start(nest, column, tile)
        kind = self.multiply.total.of(lanes)
        pitch = self.columns * epilogue.output_bytes
        for group in range(self.vectors):
            source = nest.offset(sums, group * lanes * WORD)
            zero = nest.zero(lanes, self.multiply.total)
            vectors = [
                nest.load(kind, nest.offset(source, index * self.block * WORD))
                if index < count
                else zero
                for index in range(lanes)
            ]
            turned = turned_lanes(nest, vectors)[: tile.rows]
            rows = [[each + start] for each in turned]
            first = row + group * lanes
            corner = nest.offset(y, first * pitch + column * epilogue.output_bytes)
            epilogue.finish(nest, rows, Place(corner, first, column, pitch), tile)


def turned_lanes(nest: Nest, rows: Sequence[Value]) -> list[Value]:
    """As many vectors as they have lanes, turned: lane i of vector j and j of i."""
    turned = list(rows)
    lanes = len(turned)
    half = lanes // 2
    while half:
        low = [j if not j & half else j - half + lanes for j in range(lanes)]
        high = [j + half if not j & half else j + lanes for j in range(lanes)]
        for i in range(lanes):
            if not i & half:
                a, b = turned[i], turned[i + half]
                turned[i] = nest.shuffle(a, b, low)
                turned[i + half] = nest.shuffle(a, b, high)
        half //= 2
    return turned


def row_vectors(target: Target, rows: int, words: int) -> int:
    """Vectors of rows in a block; 0 where there are too few words."""
    if not rows or words < target.lanes:
        return 0
    return next((v for v in (4, 2) if rows >= v * target.lanes), 1)


def sparse_step(
    target: Target,
    rows: Rows,
    weights: npt.NDArray[Any],
    sums: Sums,
    arguments: tuple[Argument, Argument],
) -> Step:
    """A product of rows that adjoin by weights (columns, depth).

    There must be as many words as lanes. Of fewer rows the last is taken several times.
    """
    x, y = arguments
    columns = len(weights)
    multiply = sums.multiply
    depth = Depth(-(-weights.shape[1] // multiply.depth))
    vectors = row_vectors(target, rows.count, depth.words)
    plan = Gemm(
        rows,
        depth,
        columns,
        multiply,
        target.lanes,
        1,
        target.lanes,
        panels_outer=False,
    )
    given = sums.arguments(plan)
    nest = Nest(f"sparse_{sums.name}", target)
    source = nest.pointer()
    pointers = (nest.pointer(), nest.pointer(), nest.pointer())
    scratch = nest.pointer()
    others = [nest.pointer() for _ in given]
    result = nest.pointer()
    epilogue = sums.epilogue(nest, others)
    parts = Parts.of(depth.words, vectors, target.lanes)
    walk = _Walk(nest, multiply, rows, parts, columns, vectors)
    lists = SparseWeights.of(weights, multiply, walk.block, walk.chains, parts)
    blocks = -(-rows.count // walk.block)
    units = min(blocks, _UNITS)
    held = target.lanes if parts.count == 1 else columns
    room = (parts.size + held) * walk.block * WORD
    split = _Split(blocks, units, room)
    _blocks(walk, epilogue, split, pointers, (source, scratch, result))
    every = (
        x,
        Constant(lists.starts),
        Constant(lists.places),
        Constant(lists.words),
        Scratch(units * room),
        *given,
        y,
    )
    return Step(nest.finish(), every, units, (4, len(every) - 1))


@dataclass(frozen=True, slots=True)
class _Split:
    """Blocks of rows, units of work, and the bytes of memory that each has."""

    blocks: int
    units: int
    room: int


def _blocks(
    walk: _Walk,
    epilogue: Epilogue,
    split: _Split,
    lists: tuple[Value, Value, Value],
    pointers: tuple[Value, Value, Value],
) -> None:
    """A whole kernel: each unit has blocks of rows and memory of its own."""
    nest = walk.nest
    x, scratch, y = pointers
    begin, end = nest.integer(), nest.integer()
    with nest.loop(end, start=begin) as unit:
        turned = nest.offset(scratch, unit.index * split.room)
        sums = nest.offset(turned, walk.parts.size * walk.block * WORD)
        first = unit.index * split.blocks // split.units
        last = (unit.index + 1) * split.blocks // split.units
        with nest.loop(last, start=first) as block:
            # The last block may do rows of the one before again.
            end_row = max(walk.rows.count - walk.block, 0)
            row = nest.minimum(block.index * walk.block, end_row)
            source = nest.offset(x, row * walk.rows.stride)
            do = _at_once if walk.parts.count == 1 else _in_parts
            do(walk, epilogue, lists, (source, turned, sums, y), row)


def _at_once(
    walk: _Walk,
    epilogue: Epilogue,
    lists: tuple[Value, Value, Value],
    places: tuple[Value, Value, Value, Value],
    row: Value,
) -> None:
    """A block of rows: a group of columns is finished as soon as it is summed."""
    source, turned, sums, y = places
    walk.turn_input(source, walk.rows.stride, turned)

    def group(column: Value, count: int) -> None:
        walk.sum_columns(lists, turned, sums, (column, count))
        walk.finish(epilogue, sums, y, row, (column, count))

    walk.each_group(group)


def _in_parts(
    walk: _Walk,
    epilogue: Epilogue,
    lists: tuple[Value, Value, Value],
    places: tuple[Value, Value, Value, Value],
    row: Value,
) -> None:
    """A block of rows: all columns are summed over one part of the depth at a time."""
    nest = walk.nest
    source, turned, sums, y = places
    walk.clear(sums)
    with nest.loop(walk.parts.count) as part:
        first = nest.offset(source, walk.parts.origin(nest, part.index) * WORD)
        walk.turn_input(first, walk.rows.stride, turned)
        columns = part.index * walk.columns, walk.columns
        walk.sum_columns(lists, turned, sums, columns, adds=True)

    def group(column: Value, count: int) -> None:
        at = nest.offset(sums, column * (walk.block * WORD))
        walk.finish(epilogue, at, y, row, (column, count))

    walk.each_group(group)
