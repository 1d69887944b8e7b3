"""Loops over elements: vectors first, then what is left of them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from gossamer.nest.expr import I64, Kind, Value

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from gossamer.kernels.elements.element import Element
    from gossamer.nest.build import Nest

_MANY_REGISTERS = 32
BLOCK = 4096
"""Elements of one unit of work."""


@dataclass(frozen=True, slots=True)
class Lanes:
    """A group of adjoining elements: `count` lanes, of which `valid` are real."""

    count: int
    valid: int

    def load(self, nest: Nest, element: Kind, pointer: Value, index: Value) -> Value:
        return nest.load(element.of(self.count), pointer, index, self.valid)

    def store(self, nest: Nest, value: Value, pointer: Value, index: Value) -> None:
        nest.store(value, pointer, index, self.valid)


def each_vector(
    nest: Nest,
    count: int,
    lanes: int,
    emit: Callable[[Value, Lanes], None],
    *,
    unroll: int = 1,
) -> None:
    """Call `emit` for `count` adjoining elements, `lanes` at a time.

    `unroll` vectors are emitted per iteration. What is left over becomes smaller
    vectors of a power of two, so that no element is touched twice or beyond the end.
    """
    step = lanes * unroll
    whole = count // step * step
    if whole:
        with nest.loop(whole, step=step) as loop:
            _unrolled(nest, loop.index, lanes, unroll, emit)
    start = whole
    while start + lanes <= count:
        emit(nest.constant(start, I64), Lanes(lanes, lanes))
        start += lanes
    rest = count - start
    if rest and nest.target.registers >= 32:
        emit(nest.constant(start, I64), Lanes(lanes, rest))
        return
    size = lanes // 2
    while rest:
        if rest >= size:
            emit(nest.constant(start, I64), Lanes(size, size))
            start += size
            rest -= size
        else:
            size //= 2


def _unrolled(
    nest: Nest,
    first: Value,
    lanes: int,
    count: int,
    emit: Callable[[Value, Lanes], None],
) -> None:
    """Adjoining vectors, side by side where there are registers for it."""

    def part(which: int) -> None:
        emit(first + which * lanes, Lanes(lanes, lanes))

    parts = [partial(part, which) for which in range(count)]
    if nest.target.registers < _MANY_REGISTERS:
        for each in parts:
            each()
        return
    nest.interleave(parts)


def block_units(count: int) -> int:
    """Units of work of `each_block`."""
    return -(-count // BLOCK)


def each_block(
    nest: Nest, count: int, lanes: int, emit: Callable[[Value, Lanes], None]
) -> None:
    """A whole kernel over `count` elements; the last parameters bound the blocks."""
    begin, end = nest.integer(), nest.integer()
    whole = count // BLOCK

    def block(base: Value, size: int) -> None:
        unroll = 4 if size >= 8 * lanes else 1
        each_vector(
            nest, size, lanes, lambda i, group: emit(base + i, group), unroll=unroll
        )

    if whole:
        with nest.loop(nest.minimum(end, whole), start=begin) as unit:
            block(unit.index * BLOCK, BLOCK)
    if count > whole * BLOCK:
        with nest.loop(end, start=nest.maximum(begin, whole)):
            block(nest.constant(whole * BLOCK, I64), count - whole * BLOCK)


@dataclass(frozen=True, slots=True)
class Broadcast:
    """Operands over one output: its sizes, collapsed, and each operand's strides.

    Strides are in elements. The last dimension is contiguous in the output; an operand
    moves along it by 1 or stays (stride 0).
    """

    sizes: tuple[int, ...]
    strides: tuple[tuple[int, ...], ...]

    @property
    def units(self) -> int:
        """Units of work of `each_element`."""
        if len(self.sizes) == 1:
            return block_units(self.sizes[0])
        return self.sizes[0]


def broadcast(*shapes: Sequence[int]) -> Broadcast:
    """The loop over shapes, neighbouring dimensions merged where all allow it."""
    rank = max(len(shape) for shape in shapes)
    padded = [(1,) * (rank - len(shape)) + tuple(shape) for shape in shapes]
    merged: list[tuple[int, tuple[bool, ...]]] = []  # size, and who moves along it
    for sizes in zip(*padded, strict=True):
        size = next((size for size in sizes if size != 1), 1)
        if size == 1:
            continue
        moves = tuple(one == size for one in sizes)
        if merged and merged[-1][1] == moves:
            size *= merged.pop()[0]
        merged.append((size, moves))
    merged = merged or [(1, (True,) * len(shapes))]
    return Broadcast(
        tuple(size for size, _ in merged),
        tuple(_strides(merged, which) for which in range(len(shapes))),
    )


def _strides(
    merged: Sequence[tuple[int, tuple[bool, ...]]], which: int
) -> tuple[int, ...]:
    strides: list[int] = []
    step = 1
    for size, moves in reversed(merged):
        strides.append(step if moves[which] else 0)
        step *= size if moves[which] else 1
    return tuple(reversed(strides))


@dataclass(frozen=True, slots=True)
class Source:
    """An operand in memory."""

    pointer: Value
    element: Element

    def load(self, nest: Nest, index: Value, group: Lanes) -> Value:
        loaded = group.load(nest, self.element.memory, self.pointer, index)
        return self.element.read(nest, loaded)

    def load_one(self, nest: Nest, index: Value) -> Value:
        return self.element.read(
            nest, nest.load(self.element.memory, self.pointer, index)
        )


def each_element(
    nest: Nest,
    loops: Broadcast,
    lanes: int,
    sources: Sequence[Source],
    emit: Callable[[list[Value], Value, Lanes], None],
) -> None:
    """A whole kernel over broadcast operands, in `loops.units` units of work.

    `emit(values, index, group)` gets the lanes of each operand and the output's index.
    """
    zero = nest.constant(0, I64)
    starts = [zero] * len(sources)
    if len(loops.sizes) == 1:
        row = _Row(nest, loops, lanes, sources, starts)
        each_block(
            nest, loops.sizes[0], lanes, lambda i, g: emit(row.values(i, g), i, g)
        )
        return
    begin, end = nest.integer(), nest.integer()

    def dimension(level: int, starts: Sequence[Value], output: Value) -> None:
        size = loops.sizes[level]
        if level == len(loops.sizes) - 1:
            row = _Row(nest, loops, lanes, sources, starts)
            each_vector(
                nest,
                size,
                lanes,
                lambda i, group: emit(row.values(i, group), output + i, group),
                unroll=4 if size >= 8 * lanes else 1,
            )
            return
        first, last = (begin, end) if level == 0 else (0, size)
        inner = math.prod(loops.sizes[level + 1 :])
        with nest.loop(last, start=first) as loop:
            moved = [
                start + loop.index * strides[level]
                for start, strides in zip(starts, loops.strides, strict=True)
            ]
            dimension(level + 1, moved, output + loop.index * inner)

    dimension(0, starts, zero)


class _Row:
    """The operands along the last dimension; one that stays is read before it."""

    def __init__(
        self,
        nest: Nest,
        loops: Broadcast,
        lanes: int,
        sources: Sequence[Source],
        starts: Sequence[Value],
    ) -> None:
        self._nest = nest
        self._lanes = lanes
        self._operands = list(zip(sources, starts, strict=True))
        self._single: dict[int, Value] = {}
        self._spread: dict[int, Value] = {}
        for which, (source, start) in enumerate(self._operands):
            if not loops.strides[which][-1]:
                single = source.load_one(nest, start)
                self._single[which] = single
                self._spread[which] = nest.splat(single, lanes)

    def values(self, index: Value, group: Lanes) -> list[Value]:
        return [
            self._value(which, index, group) for which in range(len(self._operands))
        ]

    def _value(self, which: int, index: Value, group: Lanes) -> Value:
        if which not in self._single:
            source, start = self._operands[which]
            return source.load(self._nest, start + index, group)
        if group.count == self._lanes:
            return self._spread[which]
        return self._nest.splat(self._single[which], group.count)
