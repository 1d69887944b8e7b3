"""Reshaping by operators, with at most one size that is not known."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from gossamer.frontends.emitter import axis_of, dims
from gossamer.frontends.report import Unsupported
from gossamer.ops.expand_dims import ExpandDims
from gossamer.ops.reshape import Reshape
from gossamer.ops.squeeze import Squeeze
from gossamer.ops.transpose import Transpose

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gossamer.frontends.emitter import Emitter
    from gossamer.ir.graph import Tensor
    from gossamer.ir.types import Shape


def reshape(emitter: Emitter, x: Tensor, target: Sequence[int | None]) -> Tensor:
    """RESHAPE to `target`, in which one size may be free (-1 or None).

    Raises:
        Unsupported: more than one size is not known.
    """
    shape = resolved(dims(x), target)
    if shape == dims(x):
        return x
    return emitter.emit(Reshape(), x, emitter.indices("shape", shape))


def resolved(source: Shape, target: Sequence[int | None]) -> Shape:
    """The target with -1 for at most one size: the rest follows from the source.

    The size of a free first axis (the batch) that stays in front counts as known:
    the others are then found from what remains.
    """
    shape = [-1 if dim is None else int(dim) for dim in target]
    if shape.count(-1) > 1 and source and source[0] == -1 and shape[0] == -1:
        rest = resolved(source[1:], shape[1:])
        if all(dim >= 0 for dim in rest):
            return (-1, *rest)
    if shape.count(-1) > 1:
        raise Unsupported(
            f"the target shape {tuple(target)} has more than one size that is not "
            f"known, for an input of shape {source}",
            "Fix all sizes but the batch, as in keras.Input((32, 32, 3)).",
        )
    if shape.count(-1) == 1 and all(dim >= 0 for dim in source):
        known = math.prod(dim for dim in shape if dim >= 0)
        shape[shape.index(-1)] = math.prod(source) // known if known else 0
    return tuple(shape)


def flatten(emitter: Emitter, x: Tensor) -> Tensor:
    """RESHAPE to (batch, all the rest)."""
    batch, *rest = dims(x)
    size = -1 if any(dim < 0 for dim in rest) else math.prod(rest)
    return reshape(emitter, x, (batch, size))


def expand_dims(emitter: Emitter, x: Tensor, axis: int) -> Tensor:
    front = axis_of(axis, x.type.rank + 1)
    shape = dims(x)
    if sum(dim < 0 for dim in shape) <= 1:
        return reshape(emitter, x, (*shape[:front], 1, *shape[front:]))
    return emitter.emit(ExpandDims(), x, emitter.indices("axis", front))


def squeeze(emitter: Emitter, x: Tensor, axes: Sequence[int] | None) -> Tensor:
    """Without the axes of size one, or without those of `axes`."""
    shape = dims(x)
    gone = (
        tuple(index for index, dim in enumerate(shape) if dim == 1)
        if axes is None
        else tuple(axis_of(int(axis), len(shape)) for axis in axes)
    )
    kept = tuple(dim for index, dim in enumerate(shape) if index not in gone)
    if sum(dim < 0 for dim in shape) <= 1:
        return reshape(emitter, x, kept)
    return emitter.emit(Squeeze(gone), x)


def transpose(emitter: Emitter, x: Tensor, axes: Sequence[int]) -> Tensor:
    order = [axis_of(int(axis), x.type.rank) for axis in axes]
    if order == sorted(order):
        return x
    return emitter.emit(Transpose(), x, emitter.indices("axes", order))
