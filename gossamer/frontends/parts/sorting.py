"""Sorting by TOPK_V2, which gives the greatest elements of the last axis in order."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gossamer.frontends.emitter import axis_of
from gossamer.frontends.parts import sizes
from gossamer.frontends.parts.arithmetic import computed_in
from gossamer.frontends.parts.shaping import transpose
from gossamer.ir.types import DType
from gossamer.ops.arithmetic import Sub
from gossamer.ops.gather import Gather
from gossamer.ops.top_k import TopKV2
from gossamer.ops.unary import Neg

if TYPE_CHECKING:
    from gossamer.frontends.emitter import Emitter
    from gossamer.ir.graph import Tensor


def greatest(
    emitter: Emitter, x: Tensor, count: int, axis: int
) -> tuple[Tensor, Tensor]:
    """The greatest along an axis, falling, and their places in int32."""
    moved = to_end(emitter, emitter.cast(x, computed_in(x.dtype)), axis)
    values, places = _greatest(emitter, moved, emitter.indices("k", count))
    return (
        to_end(emitter, emitter.cast(values, x.dtype), axis),
        to_end(emitter, places, axis),
    )


def rising(
    emitter: Emitter, x: Tensor, axis: int, *others: Tensor
) -> tuple[Tensor, Tensor, list[Tensor]]:
    """Sort along an axis, and other tensors of the same sizes in the same order.

    Elements that are equal stay in their order; where those stand that are not
    numbers is left open.

    Returns:
        The sorted elements, the places in int32 where they were, and the others.
    """
    last = x.type.rank - 1
    front = axis_of(axis, x.type.rank)
    key = to_end(emitter, emitter.cast(x, computed_in(x.dtype)), front)
    count = sizes.size(emitter, x, front)
    falling, places = _greatest(emitter, _opposite(emitter, key), count)
    values = emitter.cast(_opposite(emitter, falling), x.dtype)
    moved = [
        emitter.emit(Gather(last, last), to_end(emitter, other, front), places)
        for other in others
    ]
    first, second, *rest = (to_end(emitter, y, front) for y in (values, places, *moved))
    return first, second, rest


def _greatest(emitter: Emitter, x: Tensor, count: Tensor) -> tuple[Tensor, Tensor]:
    values, places = emitter.emit_all(TopKV2(), x, count)
    return values, places


def _opposite(emitter: Emitter, x: Tensor) -> Tensor:
    """What falls as x rises: -x, or for whole numbers -1 - x, which cannot overflow."""
    if x.dtype.is_float:
        return emitter.emit(Neg(), x)
    if x.dtype is DType.BOOL:
        x = emitter.cast(x, DType.INT32)
    ones = emitter.constant("ones", np.array(-1, x.dtype.numpy))
    return emitter.emit(Sub(), ones, x)


def to_end(emitter: Emitter, x: Tensor, axis: int) -> Tensor:
    """`x` with an axis and the last one exchanged."""
    order = list(range(x.type.rank))
    order[axis], order[-1] = order[-1], order[axis]
    return transpose(emitter, x, order)
