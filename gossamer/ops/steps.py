"""Steps of operators that move elements as they are."""

from __future__ import annotations

import math
import sys
from typing import TYPE_CHECKING

from gossamer.kernels.elements.elementwise import Lanes, block_units, each_block
from gossamer.kernels.movement.move import Box, element_kind, move, strides_of
from gossamer.kernels.step import Argument, Constant, Step
from gossamer.nest.build import Nest

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gossamer.ir.graph import Tensor
    from gossamer.ir.types import Array
    from gossamer.nest.expr import Kind, Value
    from gossamer.nest.target import Target


def move_step(
    target: Target, box: Box, nbytes: int, x: Argument, y: Argument
) -> Step | None:
    """One step that moves a box of elements of `nbytes` each."""
    if nbytes == 16:
        box, nbytes = _halved(box), 8
    kind = element_kind(nbytes)
    if kind is None:
        return None
    box = box.merged()
    tables = [Constant(table) for table in box.tables if table is not None]
    nest = Nest("move", target)
    source, result = nest.pointer(), nest.pointer()
    units = move(nest, box, kind, (source, result, *(nest.pointer() for _ in tables)))
    return Step(nest.finish(), (x, y, *tables), units, (1,))


def _halved(box: Box) -> Box:
    """The same box with each element as two of half the size."""
    return Box(
        (*box.sizes, 2),
        box.source * 2,
        (*(stride * 2 for stride in box.source_strides), 1),
        box.target * 2,
        (*(stride * 2 for stride in box.target_strides), 1),
        (*(t if t is None else t * 2 for t in box.tables), None) if box.tables else (),
    )


def move_steps(
    target: Target, moves: Sequence[tuple[Box, Argument]], nbytes: int, y: Argument
) -> list[Step] | None:
    """Steps that fill `y` from several boxes; empty ones are left out."""
    steps: list[Step] = []
    for box, x in moves:
        if 0 in box.sizes:
            continue
        step = move_step(target, box, nbytes, x, y)
        if step is None:
            return None
        steps.append(step)
    return steps


def surround_steps(
    target: Target,
    x: Tensor,
    border: Sequence[tuple[int, int]],
    value: int,
    y: Argument,
) -> list[Step] | None:
    """Steps that put `x` into the middle of `y`, elements of the bits `value` around.

    `border` holds the widths before and after each dimension of `x`.
    """
    nbytes = x.dtype.numpy.itemsize
    kind = element_kind(nbytes)
    if kind is None:
        return None
    sizes = [
        size + before + after
        for size, (before, after) in zip(x.shape, border, strict=True)
    ]
    strides = strides_of(sizes)
    start = sum(
        before * step for (before, _), step in zip(border, strides, strict=True)
    )
    box = Box(x.shape, 0, strides_of(x.shape), start, strides)
    moved = move_steps(target, [(box, x)], nbytes, y)
    if moved is None:
        return None
    return [fill_step(target, kind, math.prod(sizes), value, y), *moved]


def bits_of(value: Array) -> int:
    """The bits of an array's only element, as a whole number."""
    return int.from_bytes(value.tobytes(), sys.byteorder, signed=True)


def fill_step(target: Target, kind: Kind, count: int, value: int, y: Argument) -> Step:
    """One step that sets `count` elements to a whole number."""
    nest = Nest("fill", target)
    result = nest.pointer()

    def put(index: Value, group: Lanes) -> None:
        group.store(nest, nest.constant(value, kind.of(group.count)), result, index)

    lanes = max(target.vector_bytes // kind.bytes, 1)
    each_block(nest, count, lanes, put)
    return Step(nest.finish(), (y,), block_units(count), (0,))
