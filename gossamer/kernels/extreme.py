"""Where the greatest or the least element along a dimension stands."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gossamer.kernels.elementwise import Lanes, each_vector
from gossamer.nest.expr import I32, Kind, Value

if TYPE_CHECKING:
    from gossamer.kernels.integers import Stored
    from gossamer.nest.build import Nest


@dataclass(frozen=True, slots=True)
class Search:
    """(outer, size, inner) to (outer, inner); `greatest` or least, the first of equals.

    `stored` is None for float32 and int32; `result` is the kind of the indices.
    """

    outer: int
    size: int
    inner: int
    greatest: bool
    element: Kind
    stored: Stored | None
    result: Kind

    @property
    def order(self) -> str:
        return "gt" if self.greatest else "lt"

    def load(self, nest: Nest, x: Value, index: Value, group: Lanes) -> Value:
        """Elements as int32 or float32."""
        value = group.load(nest, self.element, x, index)
        return value if self.stored is None else self.stored.widen(nest, value, I32)


def search(nest: Nest, work: Search, x: Value, y: Value) -> None:
    """A whole kernel; units of work are outer indices."""
    begin, end = nest.integer(), nest.integer()
    with nest.loop(end, start=begin) as outer:
        source = outer.index * (work.size * work.inner)
        target = outer.index * work.inner
        if work.inner == 1:
            _along(nest, work, (x, source), (y, target))
        else:
            _across(nest, work, (x, source), (y, target))


def _across(
    nest: Nest, work: Search, source: tuple[Value, Value], target: tuple[Value, Value]
) -> None:
    """Each lane searches a column of its own."""
    x, base = source

    def group(column: Value, lanes: Lanes) -> None:
        first = work.load(nest, x, base + column, lanes)
        start = [first, nest.zero(lanes.count, I32)]
        with nest.loop(work.size, start=1, carry=start) as loop:
            place = base + loop.index * work.inner + column
            value = work.load(nest, x, place, lanes)
            index = nest.splat(nest.convert(loop.index, I32), lanes.count)
            better = nest.compare(work.order, value, loop.values[0])
            loop.carry(_taken(nest, better, (value, index), loop.values))
        found = nest.convert(loop.results[1], work.result.of(lanes.count))
        lanes.store(nest, found, target[0], target[1] + column)

    each_vector(nest, work.inner, nest.target.lanes, group)


def _taken(
    nest: Nest, better: Value, new: tuple[Value, Value], old: tuple[Value, ...]
) -> list[Value]:
    return [nest.select(better, a, b) for a, b in zip(new, old, strict=True)]


def _along(
    nest: Nest, work: Search, source: tuple[Value, Value], target: tuple[Value, Value]
) -> None:
    """Lanes search every so-manyth element, then what they found is compared."""
    x, base = source
    lanes = nest.target.lanes
    whole = work.size // lanes * lanes
    group, one = Lanes(lanes, lanes), Lanes(1, 1)
    best = [work.load(nest, x, base, one), nest.constant(0, I32)]
    if whole:
        # Each lane counts the vectors; its own position is added at the end.
        start = [work.load(nest, x, base, group), nest.zero(lanes, I32)]
        with nest.loop(whole, start=lanes, step=lanes, carry=start) as loop:
            value = work.load(nest, x, base + loop.index, group)
            index = nest.splat(nest.convert(loop.index, I32), lanes)
            better = nest.compare(work.order, value, loop.values[0])
            loop.carry(_taken(nest, better, (value, index), loop.values))
        for lane in range(lanes):
            value, index = (nest.extract(each, lane) for each in loop.results)
            best = _first(nest, work, best, [value, index + lane])
    with nest.loop(work.size, start=max(whole, 1), carry=best) as loop:
        value = work.load(nest, x, base + loop.index, one)
        better = nest.compare(work.order, value, loop.values[0])
        index = nest.convert(loop.index, I32)
        loop.carry(_taken(nest, better, (value, index), loop.values))
    nest.store(nest.convert(loop.results[1], work.result), *target)


def _first(
    nest: Nest, work: Search, best: list[Value], other: list[Value]
) -> list[Value]:
    """The better of two (value, index), of equals the one that comes first."""
    better = nest.compare(work.order, other[0], best[0])
    equal = nest.compare("eq", other[0], best[0])
    earlier = nest.binary("and", equal, nest.compare("lt", other[1], best[1]))
    taken = nest.binary("or", better, earlier)
    return _taken(nest, taken, (other[0], other[1]), tuple(best))
