"""Transpose in registers: blocks whose rows adjoin on one side, columns on the other.

A block of R rows of C elements is read row by row and interleaved log2(R) times, each
time the first half of the vectors with the second:

    a0 a1 a2 a3, b0 b1 b2 b3  ->  a0 b0 a1 b1, a2 b2 a3 b3

after which the vectors, one after another, hold the block column by column.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gossamer.nest.expr import I64, Kind, Value

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gossamer.nest.build import Nest

_MOST_ROWS = 16
_ROWS_THAT_INTERLEAVE = (2, 4)
_LEAST_COLUMNS = 4


@dataclass(frozen=True, slots=True)
class Turn:
    """A transposition: (rows, columns) to (columns, rows) under outer dimensions.

    Strides are in elements. In the source the elements of a row adjoin and rows are
    `source_stride` apart; in the target columns are `target_stride` apart and the
    elements of a column adjoin. `outer` are (size, source stride, target stride).
    """

    rows: int
    columns: int
    source_stride: int
    target_stride: int
    source: int
    target: int
    outer: tuple[tuple[int, int, int], ...]

    @staticmethod
    def of(
        sizes: Sequence[int],
        source: tuple[int, Sequence[int]],
        target: tuple[int, Sequence[int]],
    ) -> Turn | None:
        """The transposition in a box, if its fastest dimensions are two.

        `source` and `target` are where the box starts, and its strides.
        """
        (start, one), (end, two) = source, target
        columns = [i for i, step in enumerate(one) if step == 1]
        rows = [i for i, step in enumerate(two) if step == 1]
        if not columns or not rows or columns[0] == rows[0]:
            return None
        row, column = rows[0], columns[0]
        others = [i for i in range(len(sizes)) if i not in (row, column)]
        outer = tuple((sizes[i], one[i], two[i]) for i in others)
        return Turn(sizes[row], sizes[column], one[row], two[column], start, end, outer)

    def block(self, vector_bytes: int, element: Kind) -> tuple[int, int] | None:
        """Rows and columns of a block; None where blocks do not pay."""
        lanes = max(vector_bytes // element.bytes, 1)
        if self.rows in _ROWS_THAT_INTERLEAVE and self.target_stride == self.rows:
            width = min(lanes, 1 << (self.columns.bit_length() - 1))
            return (self.rows, width) if width >= _LEAST_COLUMNS else None
        side = min(lanes, _MOST_ROWS)
        if side < 2 or self.rows < side or self.columns < side:
            return None
        return side, side

    @property
    def outer_count(self) -> int:
        count = 1
        for size, _, _ in self.outer:
            count *= size
        return count


def turn(
    nest: Nest,
    shape: Turn,
    block: tuple[int, int],
    element: Kind,
    pointers: tuple[Value, Value],
) -> int:
    """A whole kernel; returns its units: blocks of columns of the outer indices."""
    begin, end = nest.integer(), nest.integer()
    whole, rest = divmod(shape.columns, block[1])
    bands = whole + (rest > 0)
    walk = _Walk(nest, shape, block, element, pointers)
    with nest.loop(end, start=begin) as unit:
        outer, band = unit.index // bands, unit.index % bands
        source, target = walk.corner(outer)
        if not rest:
            walk.band(band * block[1], source, target)
            return bands * shape.outer_count
        with nest.when(nest.compare("lt", band, whole)) as full:
            walk.band(band * block[1], source, target)
        with nest.otherwise(full):
            every = (nest.constant(0, I64), shape.rows)
            last = nest.constant(whole * block[1], I64)
            walk.singly(every, (last, rest), source, target)
    return bands * shape.outer_count


@dataclass(frozen=True, slots=True)
class _Walk:
    nest: Nest
    shape: Turn
    block: tuple[int, int]
    element: Kind
    pointers: tuple[Value, Value]

    def corner(self, outer: Value) -> tuple[Value, Value]:
        """Where, in elements, an outer index begins on either side."""
        source = self.nest.constant(self.shape.source, I64)
        target = self.nest.constant(self.shape.target, I64)
        inner = 1
        for size, one, two in reversed(self.shape.outer):
            index = outer // inner % size
            source, target = source + index * one, target + index * two
            inner *= size
        return source, target

    def band(self, column: Value, source: Value, target: Value) -> None:
        """All rows of a block's columns."""
        height, width = self.block
        whole = self.shape.rows // height * height
        if whole == height:
            self._block(self.nest.constant(0, I64), column, source, target)
        elif whole:
            with self.nest.loop(whole, step=height) as row:
                self._block(row.index, column, source, target)
        if self.shape.rows > whole:
            rows = (self.nest.constant(whole, I64), self.shape.rows - whole)
            self.singly(rows, (column, width), source, target)

    def singly(
        self,
        rows: tuple[Value, int],
        columns: tuple[Value, int],
        source: Value,
        target: Value,
    ) -> None:
        """Element by element; `rows` and `columns` are first and count."""
        nest, shape = self.nest, self.shape
        with nest.loop(columns[1]) as c, nest.loop(rows[1]) as r:
            row, column = rows[0] + r.index, columns[0] + c.index
            at = source + row * shape.source_stride + column
            to = target + column * shape.target_stride + row
            value = nest.load(self.element, self.pointers[0], at)
            nest.store(value, self.pointers[1], to)

    def _block(self, row: Value, column: Value, source: Value, target: Value) -> None:
        nest, shape = self.nest, self.shape
        height, width = self.block
        first = source + row * shape.source_stride + column
        vectors = [
            nest.load(
                self.element.of(width),
                self.pointers[0],
                first + line * shape.source_stride,
            )
            for line in range(height)
        ]
        step = width if height != width else shape.target_stride
        start = target + column * shape.target_stride + row
        for line, vector in enumerate(interleaved(nest, vectors)):
            nest.store(vector, self.pointers[1], start + line * step)


def interleaved(nest: Nest, vectors: Sequence[Value]) -> list[Value]:
    """The lanes of 2**n vectors column by column."""
    lanes = vectors[0].kind.lanes
    both = [lane // 2 + (lanes if lane % 2 else 0) for lane in range(2 * lanes)]
    half = len(vectors) // 2
    found = list(vectors)
    for _ in range(len(vectors).bit_length() - 1):
        found = [
            nest.shuffle(found[i], found[i + half], order)
            for i in range(half)
            for order in (both[:lanes], both[lanes:])
        ]
    return found
