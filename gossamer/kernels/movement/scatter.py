"""Rows added to, or put into, places that come from data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gossamer.kernels.elements.elementwise import Lanes, each_vector

if TYPE_CHECKING:
    from gossamer.kernels.movement.gather import Checked, Points
    from gossamer.nest.build import Nest
    from gossamer.nest.expr import Kind, Value


@dataclass(frozen=True, slots=True)
class Joining:
    """How a row meets what is in its place: by an operator of the nest."""

    element: Kind
    op: str


def scatter(
    nest: Nest,
    points: Points,
    joining: Joining,
    updates: Value,
    indices: Checked,
    y: Value,
) -> None:
    """A whole kernel of one unit of work: several rows may go to one place."""
    begin, end = nest.integer(), nest.integer()
    element = joining.element
    lanes = max(nest.target.vector_bytes // element.bytes, 1)
    with nest.loop(end, start=begin), nest.loop(points.count) as loop:
        target = points.place(nest, indices, loop.index)
        source = loop.index * points.inner

        def join(
            index: Value, group: Lanes, source: Value = source, to: Value = target
        ) -> None:
            more = group.load(nest, element, updates, source + index)
            there = group.load(nest, element, y, to + index)
            joined = nest.binary(joining.op, there, more)
            group.store(nest, joined, y, to + index)

        each_vector(nest, points.inner, lanes, join)
