"""Loops over elements: vectors first, then what is left of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gossamer.nest.expr import I64, Kind, Value

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from gossamer.nest.build import Nest

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
            for part in range(unroll):
                emit(loop.index + part * lanes, Lanes(lanes, lanes))
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
    """Two operands over one output: collapsed sizes, and strides in elements.

    The last dimension is contiguous in the output; an operand moves along it by 1 or
    stays (stride 0).
    """

    sizes: tuple[int, ...]
    left: tuple[int, ...]
    right: tuple[int, ...]


def broadcast(left: Sequence[int], right: Sequence[int]) -> Broadcast:
    """The loop over two shapes, neighbouring dimensions merged where both allow it."""
    rank = max(len(left), len(right))
    one = (1,) * (rank - len(left)) + tuple(left)
    two = (1,) * (rank - len(right)) + tuple(right)
    sizes = tuple(b if a == 1 else a for a, b in zip(one, two, strict=True))
    merged: list[tuple[int, int, int]] = []  # size, left moves, right moves
    for size, a, b in zip(sizes, one, two, strict=True):
        moves = (int(a == size), int(b == size))
        if size == 1 and merged:
            continue
        if merged and merged[-1][1:] == moves and size > 1:
            merged[-1] = (merged[-1][0] * size, *moves)
        elif merged and merged[-1][0] == 1:
            merged[-1] = (size, *moves)
        else:
            merged.append((size, *moves))
    merged = merged or [(1, 1, 1)]
    return Broadcast(
        tuple(size for size, _, _ in merged),
        _strides(merged, 1),
        _strides(merged, 2),
    )


def _strides(merged: Sequence[tuple[int, int, int]], which: int) -> tuple[int, ...]:
    strides: list[int] = []
    step = 1
    for dimension in reversed(merged):
        moves = dimension[which]
        strides.append(step if moves else 0)
        step *= dimension[0] if moves else 1
    return tuple(reversed(strides))


def each_pair(
    nest: Nest,
    loops: Broadcast,
    lanes: int,
    emit: Callable[[Value, Value, Value, Lanes], None],
) -> None:
    """A whole kernel over two broadcast operands.

    `emit(left, right, output, group)` gets element offsets; an operand whose last
    stride is 0 is read at one place and spread by the caller. Units of work are the
    indices of the outermost dimension.
    """
    begin, end = nest.integer(), nest.integer()

    def dimension(level: int, left: Value, right: Value, output: Value) -> None:
        size = loops.sizes[level]
        a, b = loops.left[level], loops.right[level]
        if level == len(loops.sizes) - 1:
            each_vector(
                nest,
                size,
                lanes,
                lambda i, group: emit(left + i * a, right + i * b, output + i, group),
            )
            return
        inner = 1
        for later in loops.sizes[level + 1 :]:
            inner *= later
        first, last = (begin, end) if level == 0 else (0, size)
        with nest.loop(last, start=first) as loop:
            dimension(
                level + 1,
                left + loop.index * a,
                right + loop.index * b,
                output + loop.index * inner,
            )

    zero = nest.constant(0, I64)
    dimension(0, zero, zero, zero)
