"""The greatest elements of each row, in falling order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gossamer.nest.expr import I32, Value

if TYPE_CHECKING:
    from gossamer.kernels.arithmetic.integers import Stored
    from gossamer.nest.build import Nest
    from gossamer.nest.expr import Kind


@dataclass(frozen=True, slots=True)
class Best:
    """(rows, size) to the `count` greatest; `stored` is None for plain numbers.

    `element` is the kind of elements in memory.
    """

    rows: int
    size: int
    count: int
    element: Kind
    stored: Stored | None

    def load(self, nest: Nest, pointer: Value, index: Value) -> Value:
        """An element as it is compared."""
        value = nest.load(self.element, pointer, index)
        return value if self.stored is None else self.stored.widen(nest, value, I32)


@dataclass(frozen=True, slots=True)
class _Ranking:
    """The best so far and their places, in memory from `start` on."""

    nest: Nest
    work: Best
    values: Value
    places: Value
    start: Value

    def get(self, rank: Value) -> tuple[Value, Value]:
        at = self.start + rank
        value = self.work.load(self.nest, self.values, at)
        return value, self.nest.load(I32, self.places, at)

    def set(self, rank: Value, value: Value, place: Value) -> None:
        at = self.start + rank
        stored = self.nest.convert(value, self.work.element)
        self.nest.store(stored, self.values, at)
        self.nest.store(place, self.places, at)

    def insert(self, value: Value, place: Value, count: Value | int) -> list[Value]:
        """Put an element where it belongs among `count`; returns what falls out.

        Of equal elements the earlier one stays ahead.
        """
        nest = self.nest
        with nest.loop(count, carry=[value, place]) as loop:
            new, old = loop.values, self.get(loop.index)
            equal = nest.compare("eq", new[0], old[0])
            earlier = nest.binary("and", equal, nest.compare("lt", new[1], old[1]))
            better = nest.binary("or", nest.compare("gt", new[0], old[0]), earlier)
            pairs = list(zip(new, old, strict=True))
            kept = [nest.select(better, a, b) for a, b in pairs]
            self.set(loop.index, kept[0], kept[1])
            loop.carry([nest.select(better, b, a) for a, b in pairs])
        return list(loop.results)


def best(nest: Nest, work: Best, x: Value, values: Value, places: Value) -> None:
    """A whole kernel; units of work are rows."""
    begin, end = nest.integer(), nest.integer()
    with nest.loop(end, start=begin) as row:
        source = row.index * work.size
        start = row.index * work.count
        ranking = _Ranking(nest, work, values, places, start)
        with nest.loop(work.count) as first:
            value = work.load(nest, x, source + first.index)
            place = nest.convert(first.index, I32)
            last, at = ranking.insert(value, place, first.index)
            ranking.set(first.index, last, at)
        with nest.loop(work.size, start=work.count) as rest:
            value = work.load(nest, x, source + rest.index)
            last = work.load(nest, values, start + (work.count - 1))
            with nest.when(nest.compare("gt", value, last)):
                ranking.insert(value, nest.convert(rest.index, I32), work.count)
