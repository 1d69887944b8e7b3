"""Boxes whose adjoining elements end up apart: squares are turned in registers.

A square of n rows of n elements becomes its transpose in log2(n) rounds, each of which
interleaves the first half of the rows with the second.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gossamer.nest.expr import I64, Value

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gossamer.kernels.movement.move import Box
    from gossamer.nest.build import Nest
    from gossamer.nest.expr import Kind

_MOST_LANES = 16
_LEAST_LANES = 4


def turned(nest: Nest, square: Sequence[Value]) -> list[Value]:
    """The columns of a square whose rows are given as vectors."""
    rows = list(square)
    size = len(rows)
    low = [lane // 2 + size * (lane % 2) for lane in range(size)]
    high = [lane + size // 2 for lane in low]
    for _ in range(size.bit_length() - 1):
        pairs = list(zip(rows[: size // 2], rows[size // 2 :], strict=True))
        rows = [nest.shuffle(a, b, order) for a, b in pairs for order in (low, high)]
    return rows


@dataclass(frozen=True, slots=True)
class Turn:
    """A box with the dimension that adjoins in the source, and the side of squares."""

    box: Box
    adjoining: int
    side: int

    @property
    def outer(self) -> tuple[int, ...]:
        """All dimensions but the two that are turned."""
        return tuple(i for i in range(self.box.rank - 1) if i != self.adjoining)

    @property
    def units(self) -> int:
        """Units of work: of the first outer dimension, or strips of squares."""
        if self.outer:
            return self.box.sizes[self.outer[0]]
        return -(-self.box.sizes[self.adjoining] // self.side)


def turn_of(nest: Nest, box: Box, element: Kind) -> Turn | None:
    """How to turn a merged box; None where rows move as they are, or are too short."""
    last = box.rank - 1
    if any(table is not None for table in box.tables):
        return None
    if box.target_strides[last] != 1 or box.source_strides[last] in (-1, 0, 1):
        return None
    found = [i for i in range(last) if box.source_strides[i] == 1]
    side = min(nest.target.vector_bytes // element.bytes, _MOST_LANES)
    if not found or side < _LEAST_LANES:
        return None
    if min(box.sizes[found[0]], box.sizes[last]) < side:
        return None
    return Turn(box, found[0], side)


def turn(nest: Nest, work: Turn, element: Kind, x: Value, y: Value) -> int:
    """A whole kernel; returns the units of work, see `Turn.units`."""
    begin, end = nest.integer(), nest.integer()
    plane = _Plane(nest, work, element, x, y)
    source = nest.constant(work.box.source, I64)
    target = nest.constant(work.box.target, I64)

    def outer(level: int, source: Value, target: Value) -> None:
        if level == len(work.outer):
            strips = (plane.strips, 0) if level else (end, begin)
            plane.run(source, target, *strips)
            return
        axis = work.outer[level]
        first, last = (begin, end) if level == 0 else (0, work.box.sizes[axis])
        with nest.loop(last, start=first) as loop:
            outer(
                level + 1,
                source + loop.index * work.box.source_strides[axis],
                target + loop.index * work.box.target_strides[axis],
            )

    outer(0, source, target)
    return work.units


@dataclass(frozen=True, slots=True)
class _Plane:
    """The two dimensions that are turned: rows in the source, columns in the target."""

    nest: Nest
    work: Turn
    element: Kind
    x: Value
    y: Value

    @property
    def strips(self) -> int:
        return -(-self.work.box.sizes[self.work.adjoining] // self.work.side)

    def run(
        self, source: Value, target: Value, last: Value | int, first: Value | int
    ) -> None:
        """Strips `first` to `last` of squares; what is left of the sides one by one."""
        nest, work = self.nest, self.work
        size, side = work.box.sizes[work.adjoining], work.side
        step = work.box.target_strides[work.adjoining]
        whole = size // side
        stop = nest.minimum(nest.like(last, I64), whole)
        with nest.loop(stop, start=first) as strip:
            at = source + strip.index * side
            self._strip(at, target + strip.index * (side * step), side)
        if size % side:
            start = nest.maximum(nest.like(first, I64), whole)
            with nest.loop(last, start=start):
                at = source + whole * side
                self._single(at, target + whole * side * step, size % side, 0)

    def _strip(self, source: Value, target: Value, side: int) -> None:
        """`side` elements that adjoin in the source, along the whole last dimension."""
        nest, box = self.nest, self.work.box
        columns = box.sizes[-1]
        whole = columns // side * side
        across, down = box.source_strides[-1], box.target_strides[self.work.adjoining]
        with nest.loop(whole, step=side) as loop:
            at = source + loop.index * across
            kind = self.element.of(side)
            rows = [nest.load(kind, self.x, at + i * across) for i in range(side)]
            to = target + loop.index
            for i, row in enumerate(turned(nest, rows)):
                nest.store(row, self.y, to + i * down)
        if whole < columns:
            self._single(source, target, side, whole)

    def _single(self, source: Value, target: Value, rows: int, first: int) -> None:
        """Elements one by one, from column `first` on."""
        nest, box = self.nest, self.work.box
        across, down = box.source_strides[-1], box.target_strides[self.work.adjoining]
        with nest.loop(rows) as row, nest.loop(box.sizes[-1], start=first) as column:
            at = source + row.index + column.index * across
            value = nest.load(self.element, self.x, at)
            nest.store(value, self.y, target + row.index * down + column.index)
