"""Reductions: some dimensions of an array folded into one number each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from gossamer.kernels.elements.elementwise import Lanes, each_vector
from gossamer.kernels.movement.move import strides_of
from gossamer.kernels.rows.reduce_arithmetic import ScaledSum
from gossamer.nest.expr import I64, Kind, Value

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from gossamer.nest.build import Nest

_CHAINS = 4
"""Vectors that are gathered side by side, so that none waits for the one before."""


@dataclass(frozen=True, slots=True)
class Axis:
    """A dimension: its size, and its steps in elements of the input and the output."""

    size: int
    source: int
    target: int = 0


@dataclass(frozen=True, slots=True)
class Folding:
    """Dimensions that are kept and dimensions that are folded, neighbours merged.

    `row` is the last dimension, whose elements adjoin; it belongs to neither list.
    """

    kept: tuple[Axis, ...]
    folded: tuple[Axis, ...]
    row: int
    keeps_row: bool

    @property
    def units(self) -> int:
        """Units of work: indices of the first dimension that is kept."""
        return self.kept[0].size if self.kept else 1


def folding(shape: Sequence[int], folded: Sequence[int]) -> Folding:
    """How to fold the dimensions `folded` of an array of this shape."""
    merged: list[tuple[int, bool]] = []
    for axis, size in enumerate(shape):
        is_folded = axis in folded
        if size == 1:
            continue
        if merged and merged[-1][1] == is_folded:
            merged[-1] = (merged[-1][0] * size, is_folded)
        else:
            merged.append((size, is_folded))
    merged = merged or [(1, True)]
    sources = strides_of([size for size, _ in merged])
    targets = strides_of([1 if is_folded else size for size, is_folded in merged])
    axes = [
        (Axis(size, source, target), is_folded)
        for (size, is_folded), source, target in zip(
            merged[:-1], sources[:-1], targets[:-1], strict=True
        )
    ]
    row, folds_row = merged[-1]
    kept = tuple(axis for axis, is_folded in axes if not is_folded)
    return Folding(kept, tuple(a for a, folds in axes if folds), row, not folds_row)


class ReduceArithmetic(Protocol):
    """How elements are gathered and what becomes of them."""

    @property
    def element(self) -> Kind:
        """The kind of elements in memory."""
        ...

    @property
    def total(self) -> Kind:
        """The kind in which they are gathered."""
        ...

    @property
    def in_order(self) -> bool:
        """Whether elements must be gathered one after another."""
        ...

    def start(self, nest: Nest, lanes: int) -> Value:
        """What to begin with."""
        ...

    def widen(self, nest: Nest, element: Value) -> Value:
        """An element as a total."""
        ...

    def gather(self, nest: Nest, total: Value, more: Value) -> Value:
        """A total with another, or with a widened element, in it."""
        ...

    def finish(self, nest: Nest, total: Value) -> Value:
        """The output's element."""
        ...


def reduce(
    nest: Nest, shape: Folding, arithmetic: ReduceArithmetic, x: Value, y: Value
) -> None:
    """A whole kernel; see `Folding.units`."""
    begin, end = nest.integer(), nest.integer()
    work = _Reduction(nest, shape, arithmetic, x, y)
    zero = nest.constant(0, I64)

    def kept(level: int, source: Value, target: Value) -> None:
        if level == len(shape.kept):
            work.row(source, target)
            return
        axis = shape.kept[level]
        first, last = (begin, end) if level == 0 else (0, axis.size)
        with nest.loop(last, start=first) as loop:
            kept(
                level + 1,
                source + loop.index * axis.source,
                target + loop.index * axis.target,
            )

    if shape.kept:
        kept(0, zero, zero)
        return
    with nest.loop(end, start=begin):
        kept(0, zero, zero)


@dataclass(frozen=True, slots=True)
class _Reduction:
    nest: Nest
    shape: Folding
    arithmetic: ReduceArithmetic
    x: Value
    y: Value

    @property
    def lanes(self) -> int:
        return max(self.nest.target.vector_bytes // self.arithmetic.total.bytes, 1)

    def row(self, source: Value, target: Value) -> None:
        """All outputs for one index of each kept dimension."""
        if self.shape.keeps_row:
            self._across(source, target)
        else:
            self._along(source, target)

    def _across(self, source: Value, target: Value) -> None:
        """Each lane folds a column of its own."""
        nest, arithmetic = self.nest, self.arithmetic

        def group(column: Value, lanes: Lanes) -> None:
            def element(place: Value, totals: Sequence[Value]) -> list[Value]:
                loaded = lanes.load(nest, arithmetic.element, self.x, place + column)
                more = arithmetic.widen(nest, loaded)
                return [arithmetic.gather(nest, totals[0], more)]

            start = arithmetic.start(nest, lanes.count)
            (total,) = self._fold(source, [start], element)
            result = arithmetic.finish(nest, total)
            lanes.store(nest, result, self.y, target + column)

        wide = self.lanes * _CHAINS
        whole = self.shape.row // wide * wide
        if whole:
            each_vector(nest, whole, wide, group)
        rest = self.shape.row - whole
        each_vector(nest, rest, self.lanes, lambda i, lanes: group(i + whole, lanes))

    def _along_bytes(self, arithmetic: ScaledSum, source: Value, target: Value) -> None:
        """`_along` for sums of bytes, four to a lane, in several chains."""
        nest, row = self.nest, self.shape.row
        width = nest.target.vector_bytes
        chains = min(row // width, _CHAINS)
        step = width * chains
        whole = row // step * step

        def element(place: Value, totals: Sequence[Value]) -> list[Value]:
            with nest.loop(whole, step=step, carry=totals[1:]) as loop:
                first = nest.offset(self.x, place + loop.index)
                loop.carry(
                    [
                        arithmetic.gather_bytes(nest, total, first, chain * width)
                        for chain, total in enumerate(loop.values)
                    ]
                )
            with nest.loop(row, start=whole, carry=totals[:1]) as rest:
                loaded = nest.load(arithmetic.element, self.x, place + rest.index)
                more = arithmetic.widen(nest, loaded)
                rest.carry([arithmetic.gather(nest, rest.values[0], more)])
            return [*rest.results, *loop.results]

        start = [arithmetic.start(nest, nest.target.lanes)] * chains
        totals = [arithmetic.start(nest, 1), *start]
        single, *vectors = self._fold(source, totals, element)
        for vector in vectors:
            single = single + nest.sum(vector)
        nest.store(arithmetic.finish(nest, single), self.y, target)

    def _along(self, source: Value, target: Value) -> None:
        """Adjoining elements, in vectors and one by one, into one total."""
        nest, arithmetic = self.nest, self.arithmetic
        if isinstance(arithmetic, ScaledSum) and arithmetic.adds_bytes(
            nest.target, self.shape.row
        ):
            self._along_bytes(arithmetic, source, target)
            return
        row = self.shape.row
        wide = self.lanes * _CHAINS if row >= self.lanes * _CHAINS else self.lanes
        whole = 0 if arithmetic.in_order else row // wide * wide

        def span(
            place: Value, totals: Sequence[Value], first: int, last: int, lanes: int
        ) -> list[Value]:
            with nest.loop(last, start=first, step=lanes, carry=totals) as loop:
                kind = arithmetic.element.of(lanes)
                loaded = nest.load(kind, self.x, place + loop.index)
                more = arithmetic.widen(nest, loaded)
                loop.carry([arithmetic.gather(nest, loop.values[0], more)])
            return list(loop.results)

        def element(place: Value, totals: Sequence[Value]) -> list[Value]:
            single, *vector = totals
            if vector:
                vector = span(place, vector, 0, whole, wide)
            if whole < row:
                (single,) = span(place, [single], whole, row, 1)
            return [single, *vector]

        totals = [arithmetic.start(nest, 1)]
        if whole:
            totals.append(arithmetic.start(nest, wide))
        total, *vector = self._fold(source, totals, element)
        if vector:
            folded = _within_lanes(nest, arithmetic, vector[0])
            total = arithmetic.gather(nest, total, folded)
        nest.store(arithmetic.finish(nest, total), self.y, target)

    def _fold(
        self,
        source: Value,
        totals: Sequence[Value],
        element: Callable[[Value, Sequence[Value]], Sequence[Value]],
        level: int = 0,
    ) -> Sequence[Value]:
        """Gather over the folded dimensions; `element` gets places and totals."""
        if level == len(self.shape.folded):
            return element(source, totals)
        axis = self.shape.folded[level]
        with self.nest.loop(axis.size, carry=totals) as loop:
            place = source + loop.index * axis.source
            loop.carry(self._fold(place, loop.values, element, level + 1))
        return loop.results


def _within_lanes(nest: Nest, arithmetic: ReduceArithmetic, total: Value) -> Value:
    """The lanes of a total folded into one, halves by halves."""
    while total.kind.lanes > 2:
        half = total.kind.lanes // 2
        low = nest.shuffle(total, total, range(half))
        high = nest.shuffle(total, total, range(half, 2 * half))
        total = arithmetic.gather(nest, low, high)
    if total.kind.lanes == 1:
        return total
    low, high = nest.extract(total, 0), nest.extract(total, 1)
    return arithmetic.gather(nest, low, high)
