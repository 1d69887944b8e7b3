"""Move elements as they are: a box of one array into a box of another."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gossamer.kernels.elementwise import Lanes, each_vector
from gossamer.kernels.transpose import Turn, turn
from gossamer.nest.expr import I8, I16, I32, I64, Kind, Value

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gossamer.nest.build import Nest

_BY_SIZE = {1: I8, 2: I16, 4: I32, 8: I64}


@dataclass(frozen=True, slots=True)
class Box:
    """Sizes of a box, and where it starts and how it steps on either side.

    All in elements; strides may be 0 (repeat) or negative (reverse).
    """

    sizes: tuple[int, ...]
    source: int
    source_strides: tuple[int, ...]
    target: int
    target_strides: tuple[int, ...]

    def merged(self) -> Box:
        """The same box with neighbouring dimensions joined where both sides allow."""
        sizes: list[int] = []
        source: list[int] = []
        target: list[int] = []
        for size, one, two in zip(
            self.sizes, self.source_strides, self.target_strides, strict=True
        ):
            if size == 1:
                continue
            if sizes and source[-1] == one * size and target[-1] == two * size:
                sizes[-1] *= size
                source[-1], target[-1] = one, two
            else:
                sizes.append(size)
                source.append(one)
                target.append(two)
        if not sizes:
            sizes, source, target = [1], [1], [1]
        return Box(tuple(sizes), self.source, tuple(source), self.target, tuple(target))


def strides_of(shape: Sequence[int]) -> tuple[int, ...]:
    """Steps in elements of an array stored row by row."""
    strides: list[int] = []
    step = 1
    for size in reversed(shape):
        strides.append(step)
        step *= size
    return tuple(reversed(strides))


def element_kind(nbytes: int) -> Kind | None:
    """The kind that moves elements of a size; None where there is none."""
    return _BY_SIZE.get(nbytes)


def move(nest: Nest, box: Box, element: Kind, x: Value, y: Value) -> int:
    """A whole kernel; returns the units of work."""
    box = box.merged()
    turned = Turn.of(
        box.sizes,
        (box.source, box.source_strides),
        (box.target, box.target_strides),
    )
    block = turned and turned.block(nest.target.vector_bytes, element)
    if turned and block:
        return turn(nest, turned, block, element, (x, y))
    begin, end = nest.integer(), nest.integer()
    flat = len(box.sizes) == 1

    def dimension(level: int, source: Value, target: Value) -> None:
        size = box.sizes[level]
        one, two = box.source_strides[level], box.target_strides[level]
        if level == len(box.sizes) - 1 and one == two == 1 and not flat:
            _row(nest, size, element, (x, source), (y, target))
            return
        first, last = (begin, end) if level == 0 else (0, size)
        with nest.loop(last, start=first) as loop:
            at, to = source + loop.index * one, target + loop.index * two
            if level == len(box.sizes) - 1:
                nest.store(nest.load(element, x, at), y, to)
            else:
                dimension(level + 1, at, to)

    if flat and box.source_strides == box.target_strides == (1,):
        with nest.loop(end, start=begin):
            start = nest.constant(box.source, I64), nest.constant(box.target, I64)
            _row(nest, box.sizes[0], element, (x, start[0]), (y, start[1]))
        return 1
    dimension(0, nest.constant(box.source, I64), nest.constant(box.target, I64))
    return box.sizes[0]


def _row(
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

    each_vector(nest, count, lanes, copy)
