"""Rows chosen by indices from data; each index is checked where it is used."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gossamer.kernels.elements.elementwise import Lanes, each_vector
from gossamer.nest.expr import F32, F64, I8, I32, I64, Kind, Value

if TYPE_CHECKING:
    from gossamer.nest.build import Nest


@dataclass(frozen=True, slots=True)
class Checked:
    """Indices in memory; one outside its dimension rings the alarm and becomes 0.

    `alarm` points to the word that takes the wrong index, which is never 0.
    """

    indices: Value
    kind: Kind
    alarm: Value

    def load(
        self, nest: Nest, place: Value, size: int, *, wraps: bool = False
    ) -> Value:
        """The index at `place`, from 0 to below `size` (at least 1), as int64.

        With `wraps` an index below 0 counts from the end.
        """
        index = nest.convert(nest.load(self.kind, self.indices, place), I64)
        if wraps:
            from_end = nest.compare("lt", index, 0)
            index = nest.select(from_end, index + size, index)
        wrong = nest.compare("ult", nest.constant(size - 1, I64), index)
        with nest.when(wrong):
            nest.store(index, self.alarm)
        return nest.select(wrong, 0, index)


@dataclass(frozen=True, slots=True)
class Slices:
    """(batches, outer, size, inner) by (batches, count) -> (..., outer, count, inner).

    `inner` elements are moved for each index.
    """

    batches: int
    outer: int
    size: int
    count: int
    inner: int

    @property
    def units(self) -> int:
        """Units of work: indices where there is one batch, else batches and outer."""
        return (
            self.count if self.batches * self.outer == 1 else self.batches * self.outer
        )


def gather(
    nest: Nest, slices: Slices, element: Kind, x: Value, indices: Checked, y: Value
) -> None:
    """A whole kernel; see `Slices.units`."""
    begin, end = nest.integer(), nest.integer()

    def copy(place: Value, source: Value, target: Value) -> None:
        at = source + indices.load(nest, place, slices.size) * slices.inner
        _slice(nest, slices.inner, element, (x, at), (y, target))

    if slices.units == slices.count and slices.batches * slices.outer == 1:
        with nest.loop(end, start=begin) as loop:
            zero = nest.constant(0, I64)
            copy(loop.index, zero, loop.index * slices.inner)
        return
    with nest.loop(end, start=begin) as outer:
        first = (outer.index // slices.outer) * slices.count
        source = outer.index * (slices.size * slices.inner)
        target = outer.index * (slices.count * slices.inner)
        with nest.loop(slices.count) as loop:
            copy(first + loop.index, source, target + loop.index * slices.inner)


@dataclass(frozen=True, slots=True)
class Points:
    """`count` points of a coordinate for each of `sizes`; `inner` elements at each."""

    count: int
    sizes: tuple[int, ...]
    inner: int

    def place(self, nest: Nest, indices: Checked, point: Value) -> Value:
        """The first element at a point, coordinates checked."""
        place = nest.constant(0, I64)
        for axis, size in enumerate(self.sizes):
            index = indices.load(nest, point * len(self.sizes) + axis, size)
            place = place * size + index
        return place * self.inner


def gather_points(
    nest: Nest, points: Points, element: Kind, x: Value, indices: Checked, y: Value
) -> None:
    """A whole kernel; units of work are points."""
    begin, end = nest.integer(), nest.integer()
    with nest.loop(end, start=begin) as loop:
        source = points.place(nest, indices, loop.index)
        target = loop.index * points.inner
        _slice(nest, points.inner, element, (x, source), (y, target))


def _slice(
    nest: Nest,
    count: int,
    element: Kind,
    source: tuple[Value, Value],
    target: tuple[Value, Value],
) -> None:
    lanes = max(nest.target.vector_bytes // element.bytes, 1)

    def copy(index: Value, group: Lanes) -> None:
        value = group.load(nest, element, source[0], source[1] + index)
        group.store(nest, value, target[0], target[1] + index)

    each_vector(nest, count, lanes, copy, unroll=4 if count >= 8 * lanes else 1)


def gather_scaled(
    nest: Nest,
    slices: Slices,
    is_signed: bool,  # noqa: FBT001
    pointers: tuple[Value, Value],
    indices: Checked,
    y: Value,
) -> None:
    """A whole kernel; rows of bytes times their scales. Units of work are indices.

    `pointers` are those of the table and of a scale (float64) for each of its rows.
    """
    x, scales = pointers
    begin, end = nest.integer(), nest.integer()
    lanes = nest.target.lanes
    with nest.loop(end, start=begin) as loop:
        index = indices.load(nest, loop.index, slices.size)
        scale = nest.load(F64, scales, index)
        source = index * slices.inner
        target = loop.index * slices.inner

        def copy(at: Value, group: Lanes) -> None:
            stored = group.load(nest, I8, x, source + at)
            wide = I32.of(group.count)
            whole = (
                nest.convert(stored, wide) if is_signed else nest.unsigned(stored, wide)
            )
            real = nest.convert(whole, F64.of(group.count))
            scaled = real * nest.splat(scale, group.count)
            result = nest.convert(scaled, F32.of(group.count))
            group.store(nest, result, y, target + at)

        each_vector(nest, slices.inner, lanes, copy)
