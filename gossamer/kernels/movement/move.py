"""Move elements as they are: a box of one array into a box of another."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gossamer.kernels.elements.elementwise import (
    Lanes,
    block_units,
    each_block,
    each_vector,
)
from gossamer.kernels.movement.turn import turn, turn_of
from gossamer.nest.expr import I8, I16, I32, I64, Kind, Value

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy as np
    import numpy.typing as npt

    from gossamer.nest.build import Nest

_BY_SIZE = {1: I8, 2: I16, 4: I32, 8: I64}


@dataclass(frozen=True, slots=True, eq=False)
class Box:
    """Sizes of a box, and where it starts and how it steps on either side.

    All in elements; strides may be 0 (repeat) or negative (reverse). A dimension with
    an array in `tables` reads at these offsets instead of at multiples of a stride.
    """

    sizes: tuple[int, ...]
    source: int
    source_strides: tuple[int, ...]
    target: int
    target_strides: tuple[int, ...]
    tables: tuple[npt.NDArray[np.int64] | None, ...] = ()

    @property
    def rank(self) -> int:
        return len(self.sizes)

    @property
    def is_row(self) -> bool:
        """Whether it is one row of the target, read on, back, or from one place."""
        is_one = self.rank == 1 and self.target_strides == (1,)
        return is_one and self.table(0) is None and abs(self.source_strides[0]) <= 1

    def table(self, level: int) -> npt.NDArray[np.int64] | None:
        """The offsets of a dimension that has no stride."""
        return self.tables[level] if self.tables else None

    def merged(self) -> Box:
        """The same box with neighbouring dimensions joined where both sides allow."""
        sizes: list[int] = []
        source: list[int] = []
        target: list[int] = []
        tables: list[npt.NDArray[np.int64] | None] = []
        first = self.source
        for level, size in enumerate(self.sizes):
            one, two = self.source_strides[level], self.target_strides[level]
            table = self.table(level)
            if size == 1:
                first += 0 if table is None else int(table[0])
                continue
            steady = table is None and bool(sizes) and tables[-1] is None
            if steady and source[-1] == one * size and target[-1] == two * size:
                sizes[-1] *= size
                source[-1], target[-1] = one, two
            else:
                sizes.append(size)
                source.append(one)
                target.append(two)
                tables.append(table)
        if not sizes:
            sizes, source, target, tables = [1], [1], [1], [None]
        return Box(
            tuple(sizes),
            first,
            tuple(source),
            self.target,
            tuple(target),
            tuple(tables),
        )


def strides_of(shape: Sequence[int]) -> tuple[int, ...]:
    """Steps in elements of an array stored row by row."""
    strides: list[int] = []
    step = 1
    for size in reversed(shape):
        strides.append(step)
        step *= size
    return tuple(reversed(strides))


def element_kind(nbytes: int) -> Kind | None:
    """The kind that moves elements of a size; None where there is none."""
    return _BY_SIZE.get(nbytes)


def move(
    nest: Nest,
    box: Box,
    element: Kind,
    pointers: tuple[Value, Value, *tuple[Value, ...]],
) -> int:
    """A whole kernel for a merged box; returns the units of work.

    `pointers` are x, y and one for each of the box's tables (int64). A unit is an
    index of the outermost dimension, or a block where all is one row or a
    transposition.
    """
    x, y, *given = pointers
    unread = iter(given)
    tables = [None if box.table(i) is None else next(unread) for i in range(box.rank)]
    if box.is_row:
        return _blocks(nest, box, element, x, y)
    squares = turn_of(nest, box, element)
    if squares is not None:
        return turn(nest, squares, element, x, y)
    begin, end = nest.integer(), nest.integer()

    def dimension(level: int, source: Value, target: Value) -> None:
        size, table = box.sizes[level], tables[level]
        one, two = box.source_strides[level], box.target_strides[level]
        is_last = level == box.rank - 1
        if is_last and two == 1 and abs(one) <= 1 and table is None and level:
            _row(nest, size, element, (x, source), (y, target), one)
            return
        first, last = (begin, end) if level == 0 else (0, size)
        with nest.loop(last, start=first) as loop:
            step = (
                loop.index * one if table is None else nest.load(I64, table, loop.index)
            )
            at, to = source + step, target + loop.index * two
            if is_last:
                nest.store(nest.load(element, x, at), y, to)
            else:
                dimension(level + 1, at, to)

    dimension(0, nest.constant(box.source, I64), nest.constant(box.target, I64))
    return box.sizes[0]


def _blocks(nest: Nest, box: Box, element: Kind, x: Value, y: Value) -> int:
    """One row, in blocks."""
    source = x, nest.constant(box.source, I64)
    target = y, nest.constant(box.target, I64)
    copy = _copying(nest, element, source, target, box.source_strides[0])
    lanes = max(nest.target.vector_bytes // element.bytes, 1)
    each_block(nest, box.sizes[0], lanes, copy)
    return block_units(box.sizes[0])


def _row(
    nest: Nest,
    count: int,
    element: Kind,
    source: tuple[Value, Value],
    target: tuple[Value, Value],
    step: int,
) -> None:
    lanes = max(nest.target.vector_bytes // element.bytes, 1)
    unroll = 4 if count >= 8 * lanes else 1
    copy = _copying(nest, element, source, target, step)
    each_vector(nest, count, lanes, copy, unroll=unroll)


def _copying(
    nest: Nest,
    element: Kind,
    source: tuple[Value, Value],
    target: tuple[Value, Value],
    step: int,
) -> Callable[[Value, Lanes], None]:
    """What copies a group of a row that is read in steps of 1, -1 or 0."""

    def copy(index: Value, group: Lanes) -> None:
        if step == 1:
            value = group.load(nest, element, source[0], source[1] + index)
        elif step == 0:
            value = nest.splat(nest.load(element, *source), group.count)
        else:
            value = _backwards(nest, element, source, index, group)
        group.store(nest, value, target[0], target[1] + index)

    return copy


def _backwards(
    nest: Nest, element: Kind, source: tuple[Value, Value], index: Value, group: Lanes
) -> Value:
    """The elements that lead up to one, the last first."""
    count = group.valid
    first = source[1] - index - (count - 1)
    value = group.load(nest, element, source[0], first)
    if group.count == 1:
        return value
    order = [*range(count - 1, -1, -1), *range(count, group.count)]
    return nest.shuffle(value, value, order)
