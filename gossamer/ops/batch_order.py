"""Matrices brought into the order in which products read them, when a model runs."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

from gossamer.kernels.movement.move import Box, strides_of
from gossamer.kernels.products.batch import Matrices, right_bytes
from gossamer.kernels.step import Argument, Scratch, Step
from gossamer.nest.expr import I8
from gossamer.ops.steps import fill_step, move_step

if TYPE_CHECKING:
    from gossamer.ir.graph import Tensor
    from gossamer.kernels.products.product import Gemm
    from gossamer.nest.target import Target

SLACK = 64
"""Bytes behind scratch memory that vectors may read."""


def moved(
    target: Target, x: Argument, lies: Matrices, nbytes: int
) -> tuple[list[Step], Argument, Matrices]:
    """The matrices copied into dense rows."""
    sizes = (*lies.lead, lies.rows, lies.columns)
    strides = (*lies.lead_strides, lies.row_stride, lies.column_stride)
    dense = Scratch(math.prod(sizes) * nbytes + SLACK)
    box = Box(sizes, 0, strides, 0, strides_of(sizes))
    made = move_step(target, box, nbytes, x, dense)
    assert made is not None
    return [made], dense, Matrices.dense(lies.lead, lies.rows, lies.columns)


def rows_of(
    target: Target, tensor: Tensor, matrices: Matrices
) -> tuple[list[Step], Argument, Matrices]:
    """The left operand with the elements of a row side by side."""
    if matrices.column_stride == 1 or matrices.columns == 1:
        return [], tensor, matrices
    nbytes = tensor.dtype.numpy.itemsize
    return moved(target, tensor, matrices, nbytes)


def packed_right(
    target: Target, plan: Gemm, y: Argument, lies: Matrices, nbytes: int
) -> tuple[list[Step], Scratch, Matrices]:
    """The right operand in panels [panel][word][column][element]; K x N `lies`."""
    depth = plan.multiply.depth
    steps: list[Step] = []
    if lies.rows % depth:
        padded = -(-lies.rows // depth) * depth
        room = Scratch(lies.count * lies.columns * padded * nbytes + SLACK)
        steps.append(fill_step(target, I8, room.nbytes, 0, room))
        sizes = (*lies.lead, lies.columns, lies.rows)
        whole = Matrices.dense(lies.lead, lies.columns, padded)
        box = Box(
            sizes,
            0,
            (*lies.lead_strides, lies.column_stride, lies.row_stride),
            0,
            (*whole.lead_strides, padded, 1),
        )
        steps.extend(_present(move_step(target, box, nbytes, y, room)))
        y, lies = room, whole.turned
    packed = Scratch(lies.count * right_bytes(plan) + SLACK)
    for box, size in _panels(plan, lies, nbytes):
        steps.extend(_present(move_step(target, box, size, y, packed)))
    size = right_bytes(plan) // nbytes
    return steps, packed, Matrices.dense(lies.lead, 1, size)


def _present(step: Step | None) -> list[Step]:
    assert step is not None
    return [step]


def _panels(plan: Gemm, lies: Matrices, nbytes: int) -> list[tuple[Box, int]]:
    """The moves into panels, and the bytes of the elements that they move."""
    depth, words = plan.multiply.depth, plan.depth.words
    strides = (*lies.lead_strides, lies.column_stride)
    if depth > 1 and lies.row_stride == 1 and not any(s % depth for s in strides):
        # The elements of a word adjoin already: words move as a whole.
        lies = replace(
            lies,
            lead_strides=tuple(step // depth for step in lies.lead_strides),
            column_stride=lies.column_stride // depth,
        )
        nbytes, depth = nbytes * depth, 1
    pitch = right_bytes(plan) // nbytes
    whole, rest = divmod(plan.columns, plan.panel_columns)
    columns = plan.panel_columns
    panel = columns * words * depth
    lead = Matrices.dense(lies.lead, 1, pitch).lead_strides
    along, down = lies.column_stride, lies.row_stride
    moves: list[tuple[Box, int]] = []
    if whole:
        sizes = (*lies.lead, whole, words, columns, depth)
        source = (*lies.lead_strides, columns * along, depth * down, along, down)
        target = (*lead, panel, columns * depth, depth, 1)
        moves.append((Box(sizes, 0, source, 0, target), nbytes))
    if rest:
        width = -(-rest // plan.lanes) * plan.lanes
        sizes = (*lies.lead, words, rest, depth)
        source = (*lies.lead_strides, depth * down, along, down)
        target = (*lead, width * depth, depth, 1)
        start = whole * columns * along
        moves.append((Box(sizes, start, source, whole * panel, target), nbytes))
    return moves
