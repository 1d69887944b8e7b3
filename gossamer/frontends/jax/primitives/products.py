"""The rule of `dot_general`: FULLY_CONNECTED with weights, else BATCH_MATMUL."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from gossamer.frontends.emitter import dims
from gossamer.frontends.jax.primitives.shaping import reshaped
from gossamer.frontends.jax.registry import RuleResult, primitive
from gossamer.frontends.jax.steps import Known
from gossamer.frontends.parts.shaping import transpose
from gossamer.ir.types import DType
from gossamer.ops.batch_matmul import BatchMatMul
from gossamer.ops.fully_connected import FullyConnected

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gossamer.frontends.jax.call import Call
    from gossamer.ir.graph import Tensor
    from gossamer.ir.types import Shape


@primitive("dot_general")
def _dot_general(call: Call) -> RuleResult:
    (left, right), (left_batch, right_batch) = (
        tuple(tuple(int(axis) for axis in axes) for axes in pair)
        for pair in call.params["dimension_numbers"]
    )
    left, right = _ordered(left, right)
    if call.is_known(1) and left and not left_batch:
        y = _with_weights(call, 0, left, right)
    elif call.is_known(0) and right and not right_batch:
        made = _with_weights(call, 1, right, left)
        free = len(call.shape(1)) - len(right)
        rank = made.type.rank
        y = transpose(call, made, [*range(free, rank), *range(free)])
    else:
        y = _batched(call, (left, right), (left_batch, right_batch))
    return call.cast(y, call.dtype)


def _ordered(left: Shape, right: Shape) -> tuple[Shape, Shape]:
    """The axes that are summed over, in the order that they have on the left."""
    pairs = sorted(zip(left, right, strict=True))
    return tuple(one for one, _ in pairs), tuple(other for _, other in pairs)


def _with_weights(call: Call, index: int, axes: Shape, weight_axes: Shape) -> Tensor:
    """FULLY_CONNECTED; the result has the free axes of the tensor, then the weights'.

    Args:
        call: the step.
        index: which operand is the tensor; the other one is known.
        axes: the tensor's axes that are summed over.
        weight_axes: those of the weights, in the same order.
    """
    x = call.wide(index, DType.FLOAT32)
    kept = [axis for axis in range(x.type.rank) if axis not in axes]
    outer = [dims(x)[axis] for axis in kept]
    x = transpose(call, x, [*kept, *axes])
    weight, sizes = _matrix(call, 1 - index, weight_axes)
    inner = weight.shape[1]
    rows = outer or [1]
    if dims(x) != (*rows, inner):
        x = _merged(call, x, [*rows, inner])
    op = FullyConnected(keep_num_dims=len(rows) != 1)
    y = call.emit(op, x, weight, None)
    return _merged(call, y, [*outer, *sizes])


def _matrix(call: Call, index: int, axes: Shape) -> tuple[Tensor, list[int]]:
    """Weights as (units, inputs), and the sizes that units stand for."""
    operand = call.step.operands[index]
    assert isinstance(operand, Known)
    array = operand.full()
    free = [axis for axis in range(len(operand.shape)) if axis not in axes]
    sizes = [int(operand.shape[axis]) for axis in free]
    inputs = math.prod(int(operand.shape[axis]) for axis in axes)
    name = call.walk.name_of(operand.origin) or "weights"
    if np.asarray(array).dtype.kind in "iub":
        array = np.asarray(array).astype(np.float32)
    order = (*free, *axes)
    return call.weight(name, array, order, (math.prod(sizes), inputs)), sizes


def _batched(
    call: Call, summed: tuple[Shape, Shape], batch: tuple[Shape, Shape]
) -> Tensor:
    """BATCH_MATMUL of (batch..., left, inner) and (batch..., inner, right)."""
    left, is_left_turned = _operand(call, 0, batch[0], summed[0], inner_last=True)
    right, is_right_turned = _operand(call, 1, batch[1], summed[1], inner_last=False)
    y = call.emit(BatchMatMul(is_left_turned, is_right_turned), left, right)
    return reshaped(call, y, call.result_shape(), call.step.results[0].shape)


def _operand(
    call: Call, index: int, batch: Shape, summed: Shape, *, inner_last: bool
) -> tuple[Tensor, bool]:
    """An operand as a batch of matrices, and whether these are transposed."""
    x = call.wide(index, DType.FLOAT32)
    free = tuple(a for a in range(x.type.rank) if a not in (*batch, *summed))
    wanted, other = ((free, summed), (summed, free))[:: 1 if inner_last else -1]
    is_turned = (*batch, *wanted[0], *wanted[1]) != tuple(range(x.type.rank)) and (
        *batch,
        *other[0],
        *other[1],
    ) == tuple(range(x.type.rank))
    groups = other if is_turned else wanted
    shape = dims(x)
    moved = transpose(call, x, [*batch, *groups[0], *groups[1]])
    sizes = [_product([shape[a] for a in group]) for group in groups]
    return _merged(call, moved, [*(shape[a] for a in batch), *sizes]), is_turned


def _product(sizes: Sequence[int]) -> int:
    """The product, -1 where a size is free."""
    return -1 if any(size < 0 for size in sizes) else math.prod(sizes)


def _merged(call: Call, x: Tensor, shape: Sequence[int]) -> Tensor:
    return reshaped(call, x, shape, shape)
