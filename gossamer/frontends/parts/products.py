"""Products with a constant matrix, and of two tensors along an axis of each."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from gossamer.frontends.emitter import dims
from gossamer.frontends.parts.shaping import reshape, transpose
from gossamer.ops.arithmetic import Mul
from gossamer.ops.batch_matmul import BatchMatMul
from gossamer.ops.fully_connected import FullyConnected
from gossamer.ops.reduce import Sum

if TYPE_CHECKING:
    from gossamer.frontends.emitter import Emitter
    from gossamer.ir.graph import Tensor
    from gossamer.ir.types import Shape


def fully_connected(
    emitter: Emitter, x: Tensor, kernel: Any, bias: Any | None
) -> Tensor:
    """FULLY_CONNECTED over the last axis of `x`.

    Args:
        emitter: where the node goes.
        x: (..., inputs).
        kernel: (inputs, units); stored as (units, inputs).
        bias: (units,), or None.
    """
    op = FullyConnected(keep_num_dims=x.type.rank != 2)
    weight = emitter.weight("kernel", kernel, (1, 0))
    return emitter.emit(
        op, x, weight, None if bias is None else emitter.weight("bias", bias)
    )


def batch_dot(
    emitter: Emitter, x: Tensor, y: Tensor, x_axis: int, y_axis: int
) -> Tensor:
    """The sums of products along an axis of each, for each entry of the batch.

    Args:
        emitter: where the nodes go.
        x: (batch, ...), of rank 2 or more.
        y: (batch, ...), of rank 2 or more.
        x_axis: the axis of `x` that is summed over, from the front, not the batch.
        y_axis: the same of `y`; its size is that of `x_axis`.

    Returns:
        (batch, the other axes of `x`, the other axes of `y`), or (batch, 1).
    """
    if x.type.rank == y.type.rank == 2:
        products = emitter.emit(Mul(), x, y)
        return emitter.emit(Sum(keep_dims=True), products, emitter.indices("axes", [1]))
    rows, columns = _others(x, x_axis), _others(y, y_axis)
    left, is_turned = _matrices(emitter, x, x_axis)
    right, is_upright = _matrices(emitter, y, y_axis)
    op = BatchMatMul(adj_x=is_turned, adj_y=not is_upright)
    product = emitter.emit(op, left, right)
    batch = dims(x)[0] if dims(x)[0] >= 0 else dims(y)[0]
    return reshape(emitter, product, (batch, *rows, *columns))


def _others(x: Tensor, axis: int) -> Shape:
    """The sizes of all axes but the batch and one."""
    return tuple(size for i, size in enumerate(dims(x)) if i not in (0, axis))


def _matrices(emitter: Emitter, x: Tensor, axis: int) -> tuple[Tensor, bool]:
    """`x` as (batch, others, summed) or (batch, summed, others): then with True."""
    rank, shape = x.type.rank, dims(x)
    if rank == 3:
        return x, axis == 1
    others = _others(x, axis)
    size = -1 if -1 in others else math.prod(others)
    if 1 < axis < rank - 1:
        rest = [i for i in range(1, rank) if i != axis]
        x = transpose(emitter, x, (0, *rest, axis))
    if axis == 1 and rank > 2:
        return reshape(emitter, x, (shape[0], shape[1], size)), True
    return reshape(emitter, x, (shape[0], size, shape[axis])), False
