"""Running sums along a dimension."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gossamer.kernels.elements.elementwise import Lanes, each_vector

if TYPE_CHECKING:
    from gossamer.nest.build import Nest
    from gossamer.nest.expr import Kind, Value


@dataclass(frozen=True, slots=True)
class Running:
    """(outer, size, inner), summed along the middle; see CUMSUM for the rest."""

    outer: int
    size: int
    inner: int
    exclusive: bool
    reverse: bool


def running_sums(nest: Nest, work: Running, kind: Kind, x: Value, y: Value) -> None:
    """A whole kernel; units of work are outer indices."""
    begin, end = nest.integer(), nest.integer()
    lanes = max(nest.target.vector_bytes // kind.bytes, 1)
    with nest.loop(end, start=begin) as outer:
        base = outer.index * (work.size * work.inner)

        def column(index: Value, group: Lanes, base: Value = base) -> None:
            start = nest.zero(group.count, kind)
            with nest.loop(work.size, carry=[start]) as loop:
                step = loop.index
                if work.reverse:
                    step = nest.like(work.size - 1, step.kind) - step
                place = base + step * work.inner + index
                total = loop.values[0] + group.load(nest, kind, x, place)
                shown = loop.values[0] if work.exclusive else total
                group.store(nest, shown, y, place)
                loop.carry([total])

        each_vector(nest, work.inner, lanes, column)
