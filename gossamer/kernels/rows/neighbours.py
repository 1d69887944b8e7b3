"""Channels divided by a power of what their neighbours hold."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gossamer.kernels.arithmetic.math import exp
from gossamer.kernels.elements.elementwise import Lanes, each_vector
from gossamer.kernels.rows.softmax import logarithm
from gossamer.nest.expr import F32, Value

if TYPE_CHECKING:
    from gossamer.nest.build import Nest


@dataclass(frozen=True, slots=True)
class Neighbours:
    """Rows of `depth` channels; `radius` of them count on either side of one."""

    depth: int
    radius: int
    bias: float
    alpha: float
    beta: float

    def apply(self, nest: Nest, value: Value, squares: Value) -> Value:
        """`value` over the power of its neighbours' sum of squares."""
        scale = nest.fma(squares, self.alpha, nest.constant(self.bias, value.kind))
        return value * exp(nest, logarithm(nest, scale) * -self.beta)


def normalize_locally(nest: Nest, work: Neighbours, x: Value, y: Value) -> None:
    """A whole kernel; units of work are rows."""
    begin, end = nest.integer(), nest.integer()
    edge = min(work.radius, work.depth)
    inner = max(work.depth - 2 * edge, 0)

    def channel(
        row: Value, place: Value, group: Lanes, first: Value, last: Value
    ) -> None:
        """`group` channels from `place` on, whose neighbours begin at `first`."""
        value = group.load(nest, F32, x, row + place)
        with nest.loop(last, start=first, carry=[nest.zero(group.count)]) as loop:
            other = group.load(nest, F32, x, row + loop.index)
            loop.carry([nest.fma(other, other, loop.values[0])])
        group.store(nest, work.apply(nest, value, loop.results[0]), y, row + place)

    def single(row: Value, start: int, stop: int) -> None:
        with nest.loop(stop, start=start) as loop:
            first = nest.maximum(loop.index - work.radius, 0)
            last = nest.minimum(loop.index + (work.radius + 1), work.depth)
            channel(row, loop.index, Lanes(1, 1), first, last)

    with nest.loop(end, start=begin) as unit:
        row = unit.index * work.depth

        def several(index: Value, group: Lanes) -> None:
            place = index + edge
            last = place + (work.radius + 1)
            channel(row, place, group, place - work.radius, last)

        single(row, 0, min(edge, work.depth))
        each_vector(nest, inner, nest.target.lanes, several)
        single(row, edge + inner, work.depth)
