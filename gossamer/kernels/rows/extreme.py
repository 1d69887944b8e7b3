"""Where the greatest or the least element along a dimension stands."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gossamer.kernels.elements.elementwise import Lanes, each_vector
from gossamer.nest.expr import I32, Kind, Value

if TYPE_CHECKING:
    from gossamer.kernels.arithmetic.integers import Stored
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
    lanes = nest.target.lanes
    while lanes > work.size:
        lanes //= 2
    best = _start(nest, work, source, lanes)
    whole = work.size // lanes * lanes
    group = Lanes(lanes, lanes)
    with nest.loop(whole, start=lanes, step=lanes, carry=best) as loop:
        value = work.load(nest, source[0], source[1] + loop.index, group)
        index = nest.splat(nest.convert(loop.index, I32), lanes) + _count(nest, lanes)
        better = nest.compare(work.order, value, loop.values[0])
        loop.carry(_taken(nest, better, (value, index), loop.values))
    best = list(loop.results)
    if whole < work.size:
        # The last vector overlaps: an element seen twice has one index.
        start = work.size - lanes
        value = work.load(nest, source[0], source[1] + start, group)
        best = _first(nest, work, best, [value, _count(nest, lanes) + start])
    while best[0].kind.lanes > 1:
        best = _first(nest, work, *_halved(nest, best))
    nest.store(nest.convert(best[1], work.result), *target)


def _start(
    nest: Nest, work: Search, source: tuple[Value, Value], lanes: int
) -> list[Value]:
    """The first elements and their indices."""
    value = work.load(nest, *source, Lanes(lanes, lanes))
    return [value, _count(nest, lanes)]


def _count(nest: Nest, lanes: int) -> Value:
    """0, 1, 2 ... as int32 lanes."""
    if lanes == 1:
        return nest.constant(0, I32)
    zeros = nest.zero(lanes, I32)
    count = zeros
    step = 1
    while step < lanes:
        chosen = [lane + lanes * bool(lane & step) for lane in range(lanes)]
        count = count + nest.shuffle(zeros, zeros + _splat(nest, step, lanes), chosen)
        step *= 2
    return count


def _splat(nest: Nest, number: int, lanes: int) -> Value:
    return nest.constant(number, I32.of(lanes))


def _halved(nest: Nest, best: list[Value]) -> tuple[list[Value], list[Value]]:
    """The first and the second half of the lanes of each value."""
    half = best[0].kind.lanes // 2
    if half == 1:
        return (
            [nest.extract(each, 0) for each in best],
            [nest.extract(each, 1) for each in best],
        )
    low, high = range(half), range(half, 2 * half)
    return (
        [nest.shuffle(each, each, low) for each in best],
        [nest.shuffle(each, each, high) for each in best],
    )


def _first(
    nest: Nest, work: Search, best: list[Value], other: list[Value]
) -> list[Value]:
    """The better of two (value, index), of equals the one that comes first."""
    better = nest.compare(work.order, other[0], best[0])
    equal = nest.compare("eq", other[0], best[0])
    earlier = nest.binary("and", equal, nest.compare("lt", other[1], best[1]))
    taken = nest.binary("or", better, earlier)
    return _taken(nest, taken, (other[0], other[1]), tuple(best))
