"""Steps of operators that go through elements one by one, or only move them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gossamer.ir.types import DType
from gossamer.kernels.elementwise import (
    Lanes,
    block_units,
    broadcast,
    each_block,
    each_pair,
)
from gossamer.kernels.lookup import byte_table
from gossamer.kernels.move import Box, element_kind, move, strides_of
from gossamer.kernels.step import Argument, Constant, Step
from gossamer.nest.build import Nest
from gossamer.nest.expr import F16, F32, I8, I32, I64, Kind, Value

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from gossamer.ir.graph import Node, Tensor
    from gossamer.ir.types import Array
    from gossamer.nest.target import Target

KINDS = {
    DType.FLOAT32: F32,
    DType.FLOAT16: F16,
    DType.INT8: I8,
    DType.INT32: I32,
    DType.INT64: I64,
}
"""How elements of a type lie in memory, for types that kernels compute with."""


def unary_step(
    name: str,
    target: Target,
    x: Tensor,
    y: Tensor,
    compute: Callable[[Nest, Value], Value],
) -> list[Step] | None:
    """One step that applies `compute` to vectors of `x`; None for other types."""
    source, result = KINDS.get(x.dtype), KINDS.get(y.dtype)
    if source is None or result is None or not y.type.size:
        return None
    nest = Nest(name, target, numbers_in_memory=True)
    from_, to = nest.pointer(), nest.pointer()

    def element(index: Value, group: Lanes) -> None:
        value = compute(nest, group.load(nest, source, from_, index))
        group.store(nest, value, to, index)

    each_block(nest, y.type.size, target.lanes, element)
    arguments = (x, y, *_numbers(nest))
    return [Step(nest.finish(), arguments, block_units(y.type.size), (1,))]


def _numbers(nest: Nest) -> tuple[Constant, ...]:
    """The table of numbers behind a kernel's last pointer, where it has one."""
    return (Constant(np.array(nest.numbers, np.int32)),) if nest.numbers else ()


def binary_step(
    name: str,
    target: Target,
    inputs: tuple[Tensor, Tensor],
    y: Tensor,
    compute: Callable[[Nest, Value, Value], Value],
) -> list[Step] | None:
    """One step that applies `compute` to two inputs that broadcast to `y`."""
    left, right = inputs
    kinds = [KINDS.get(tensor.dtype) for tensor in (left, right, y)]
    if None in kinds or not y.type.size:
        return None
    one, two, _ = kinds
    assert one is not None
    assert two is not None
    loops = broadcast(left.shape, right.shape)
    nest = Nest(name, target, numbers_in_memory=True)
    a, b, to = nest.pointer(), nest.pointer(), nest.pointer()

    def operand(
        kind: Kind, pointer: Value, index: Value, group: Lanes, stride: int
    ) -> Value:
        if stride:
            return group.load(nest, kind, pointer, index)
        return nest.splat(nest.load(kind, pointer, index), group.count)

    def element(at: Value, bt: Value, index: Value, group: Lanes) -> None:
        value = compute(
            nest,
            operand(one, a, at, group, loops.left[-1]),
            operand(two, b, bt, group, loops.right[-1]),
        )
        group.store(nest, value, to, index)

    if left.shape == right.shape:
        each_block(
            nest, y.type.size, target.lanes, lambda i, group: element(i, i, i, group)
        )
        units = block_units(y.type.size)
    else:
        each_pair(nest, loops, target.lanes, element)
        units = loops.sizes[0] if len(loops.sizes) > 1 else 1
    arguments = (left, right, y, *_numbers(nest))
    return [Step(nest.finish(), arguments, units, (2,))]


def table_step(target: Target, table: Array, x: Tensor, y: Tensor) -> list[Step] | None:
    """One step that looks int8 up in 256 int8 entries, the one of -128 first."""
    if not y.type.size:
        return None
    if target.looks_up_bytes:
        return [byte_table_step(target, table, x, y)]
    nest = Nest("table", target)
    from_, entries, to = nest.pointer(), nest.pointer(), nest.pointer()

    def element(index: Value, group: Lanes) -> None:
        for lane in range(group.count):
            where = nest.convert(nest.load(I8, from_, index + lane), I64) + 128
            nest.store(nest.load(I8, entries, where), to, index + lane)

    each_block(nest, y.type.size, 1, element)
    constant = Constant(np.ascontiguousarray(table, np.int8))
    arguments = (x, constant, y)
    return [Step(nest.finish(), arguments, block_units(y.type.size), (2,))]


def byte_table_step(target: Target, table: Array, x: Tensor, y: Tensor) -> Step:
    """One step that looks 8-bit numbers up in 256 entries, 64 at a time."""
    nest = Nest("byte_table", target)
    pointers = (nest.pointer(), nest.pointer(), nest.pointer())
    byte_table(nest, y.type.size, pointers)
    constant = Constant(np.roll(table, 128).astype(table.dtype))
    return Step(nest.finish(), (x, constant, y), block_units(y.type.size), (2,))


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


def integer_table_step(node: Node, target: Target) -> list[Step] | None:
    """An int8 function of one int8 as a table of all that it can give."""
    x, y = node.input(0), node.output
    if x.dtype is not DType.INT8 or y.dtype is not DType.INT8:
        return None
    every = np.arange(-128, 128, dtype=np.int8)
    (table,) = node.op.integer(node, every)
    return table_step(target, table, x, y)


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
