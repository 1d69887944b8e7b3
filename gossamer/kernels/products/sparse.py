"""Matrix products that skip the zeros of their weights.

Rows of the input are the lanes: a block of them is turned so that a word of all rows
is a few vectors, and a word of weights that is not zero meets these and nothing else.
The sums, one vector per column, are turned back for the epilogue.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from gossamer.kernels.products.gemm import Place
from gossamer.kernels.products.product import Depth, Gemm, Rows, Tile
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

_WORD = 4
_UNITS = 4
_NEAR_BYTES = 36 * 1024
"""A turned block of rows up to this size stays in the nearest cache."""


@dataclass(frozen=True, slots=True)
class SparseWeights:
    """The words of weights that are not zero, column by column.

    `starts` (columns + 1) count words; `places` are byte distances in a turned block
    of rows. Each column has a multiple of `chains` words; what is filled up is 0.
    """

    starts: npt.NDArray[np.int32]
    places: npt.NDArray[np.int32]
    words: npt.NDArray[Any]

    @staticmethod
    def of(
        weights: npt.NDArray[Any], multiply: Multiply, block: int, chains: int
    ) -> SparseWeights:
        """From weights (columns, depth); `block` rows are turned at a time."""
        filled = _whole_words(weights, multiply.depth)
        words = filled.view(np.uint32)[..., 0]
        # By value: the bits of -0.0 are not zero.
        is_kept = (filled != 0).any(axis=2)
        starts, places, kept = [0], list[int](), list[int]()
        for row, which in zip(words, is_kept, strict=True):
            (found,) = np.nonzero(which)
            gap = -len(found) % chains
            places += [*(found * (block * _WORD)).tolist(), *[0] * gap]
            kept += [*row[found].tolist(), *[0] * gap]
            starts.append(len(kept))
        return SparseWeights(
            np.array(starts, np.int32),
            np.array(places or [0], np.int32),
            np.array(kept or [0], np.uint32).view(np.int32),
        )


def word_density(weights: npt.NDArray[Any], per_word: int) -> float:
    """The share of words of weights (columns, depth) that are not zero."""
    return float((_whole_words(weights, per_word) != 0).any(axis=2).mean())


def _whole_words(weights: npt.NDArray[Any], per_word: int) -> npt.NDArray[Any]:
    """Weights (columns, depth) as (columns, words, elements), filled up with zeros."""
    columns, depth = weights.shape
    size = -(-depth // per_word)
    filled = np.zeros((columns, size * per_word), weights.dtype)
    filled[:, :depth] = weights
    return filled.reshape(columns, size, per_word)


@dataclass(frozen=True, slots=True)
class _Walk:
    """What the three stages of a block have in common."""

    nest: Nest
    multiply: Multiply
    rows: Rows
    words: int
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
        """A block of rows `pitch` bytes apart as [word][row]."""
        nest, lanes = self.nest, self.lanes
        kind = self.multiply.word.of(lanes)
        for group in range(self.vectors):
            first = nest.offset(x, group * lanes * pitch)
            place = nest.offset(turned, group * lanes * _WORD)

            def part(word: Value, first: Value = first, place: Value = place) -> None:
                source = nest.offset(first, word * _WORD)
                rows = [
                    nest.load(kind, nest.offset(source, row * pitch))
                    for row in range(lanes)
                ]
                target = nest.offset(place, word * (self.block * _WORD))
                for index, each in enumerate(turned_lanes(nest, rows)):
                    nest.store(each, nest.offset(target, index * self.block * _WORD))

            self._overlapping(self.words, part)

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
    ) -> None:
        """Sums as [column][row]: for each word that is not zero, all rows.

        `columns` are the first one and how many.
        """
        nest = self.nest
        starts, places, words = lists
        zero = nest.zero(self.lanes, self.multiply.total)
        with nest.loop(columns[1]) as column:
            index = columns[0] + column.index
            first = nest.convert(nest.load(I32, starts, index), I64)
            last = nest.convert(nest.load(I32, starts, index + 1), I64)
            carried = [zero] * (self.vectors * self.chains)
            with nest.loop(last, start=first, step=self.chains, carry=carried) as loop:
                after = list(loop.values)
                for chain in range(self.chains):
                    self._word(
                        loop.index + chain, (places, words), turned, after, chain
                    )
                loop.carry(after)
            target = nest.offset(sums, column.index * (self.block * _WORD))
            for v in range(self.vectors):
                total = loop.results[v]
                for chain in range(1, self.chains):
                    total = total + loop.results[chain * self.vectors + v]
                nest.store(total, nest.offset(target, v * self.lanes * _WORD))

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
            rows = nest.load(kind, nest.offset(source, v * self.lanes * _WORD))
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
        tile = Tile(lanes, 1, lanes, count)
        (start,) = epilogue.start(nest, column, tile)
        kind = self.multiply.total.of(lanes)
        pitch = self.columns * epilogue.output_bytes
        for group in range(self.vectors):
            source = nest.offset(sums, group * lanes * _WORD)
            zero = nest.zero(lanes, self.multiply.total)
            vectors = [
                nest.load(kind, nest.offset(source, index * self.block * _WORD))
                if index < count
                else zero
                for index in range(lanes)
            ]
            rows = [[each + start] for each in turned_lanes(nest, vectors)]
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
    """Vectors of rows in a block; 0 where there are too few rows or words."""
    if rows < target.lanes or words < target.lanes:
        return 0
    vector = words * target.lanes * _WORD
    fits = (v for v in (4, 2) if v * vector <= _NEAR_BYTES and rows >= v * target.lanes)
    return next(fits, 1)


def sparse_step(
    target: Target,
    rows: Rows,
    weights: npt.NDArray[Any],
    sums: Sums,
    arguments: tuple[Argument, Argument],
) -> Step:
    """A product of rows that adjoin by weights (columns, depth).

    There must be as many rows and words as lanes.
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
    walk = _Walk(nest, multiply, rows, plan.depth.words, columns, vectors)
    lists = SparseWeights.of(weights, multiply, walk.block, walk.chains)
    blocks = -(-rows.count // walk.block)
    units = min(blocks, _UNITS)
    room = (plan.depth.words + target.lanes) * walk.block * _WORD
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
        sums = nest.offset(turned, walk.words * walk.block * _WORD)
        first = unit.index * split.blocks // split.units
        last = (unit.index + 1) * split.blocks // split.units
        with nest.loop(last, start=first) as block:
            # The last block may do rows of the one before again.
            end_row = walk.rows.count - walk.block
            row = nest.minimum(block.index * walk.block, end_row)
            source = nest.offset(x, row * walk.rows.stride)
            walk.turn_input(source, walk.rows.stride, turned)

            def group(column: Value, count: int, row: Value = row) -> None:
                walk.sum_columns(lists, turned, sums, (column, count))
                walk.finish(epilogue, sums, y, row, (column, count))

            walk.each_group(group)
