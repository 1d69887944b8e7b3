"""The beginnings of sequences read backwards."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gossamer.kernels.elements.elementwise import Lanes, each_vector

if TYPE_CHECKING:
    from gossamer.kernels.movement.gather import Checked
    from gossamer.nest.build import Nest
    from gossamer.nest.expr import Kind, Value


@dataclass(frozen=True, slots=True)
class Sequences:
    """(outer, first, middle, second, inner): one of first and second is the batch."""

    outer: int
    first: int
    middle: int
    second: int
    inner: int
    batch_first: bool

    @property
    def units(self) -> int:
        return self.outer * self.first


def reverse_sequences(
    nest: Nest, work: Sequences, element: Kind, x: Value, lengths: Checked, y: Value
) -> None:
    """A whole kernel; units of work are outer and first indices."""
    begin, end = nest.integer(), nest.integer()
    size = work.second if work.batch_first else work.first
    block = work.middle * work.second * work.inner
    lanes = max(nest.target.vector_bytes // element.bytes, 1)

    def turned(place: Value, batch: Value) -> Value:
        """Where the element at `place` of a sequence comes from."""
        length = lengths.load(nest, batch, size + 1)
        inside = nest.compare("lt", place, length)
        return nest.select(inside, length - 1 - place, place)

    with nest.loop(end, start=begin) as unit:
        first = unit.index % work.first
        outer = unit.index - first
        with nest.loop(work.middle) as middle, nest.loop(work.second) as second:
            if work.batch_first:
                row, column = unit.index, turned(second.index, first)
            else:
                row, column = outer + turned(first, second.index), second.index
            inside = middle.index * work.second
            source = row * block + (inside + column) * work.inner
            target = unit.index * block + (inside + second.index) * work.inner

            def copy(
                index: Value, group: Lanes, source: Value = source, to: Value = target
            ) -> None:
                value = group.load(nest, element, x, source + index)
                group.store(nest, value, y, to + index)

            each_vector(nest, work.inner, lanes, copy)
