"""Steps of operators that move elements as they are."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gossamer.kernels.elementwise import Lanes, block_units, each_block
from gossamer.kernels.move import Box, element_kind, move, strides_of
from gossamer.kernels.step import Argument, Step
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
    kind = element_kind(nbytes)
    if kind is None:
        return None
    nest = Nest("move", target)
    source, result = nest.pointer(), nest.pointer()
    units = move(nest, box, kind, source, result)
    return Step(nest.finish(), (x, y), units, (1,))


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


def fill_step(target: Target, kind: Kind, count: int, value: int, y: Argument) -> Step:
    """One step that sets `count` elements to a whole number."""
    nest = Nest("fill", target)
    result = nest.pointer()

    def put(index: Value, group: Lanes) -> None:
        group.store(nest, nest.constant(value, kind.of(group.count)), result, index)

    lanes = max(target.vector_bytes // kind.bytes, 1)
    each_block(nest, count, lanes, put)
    return Step(nest.finish(), (y,), block_units(count), (0,))


def view_steps(
    target: Target, x: Tensor, outputs: Sequence[tuple[Tensor, Array]], phantom: Array
) -> list[Step] | None:
    """Steps that move what views of `phantom`, an array of x's shape, point to.

    One byte of `phantom` stands for one element of `x`. None where an output is no
    view, so that its elements cannot be found by strides.
    """
    moves: list[Step] = []
    for y, view in outputs:
        if not view.size:
            continue
        if not np.may_share_memory(view, phantom):
            return None
        start = view.ctypes.data - phantom.ctypes.data
        box = Box(view.shape, start, view.strides, 0, strides_of(view.shape))
        step = move_step(target, box, x.dtype.numpy.itemsize, x, y)
        if step is None:
            return None
        moves.append(step)
    return moves
