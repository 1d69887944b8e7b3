"""Normalizations by statistics of the input itself, with few operators."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from gossamer.frontends.emitter import axis_of, dims
from gossamer.frontends.parts.arithmetic import affine
from gossamer.frontends.parts.shaping import reshape, transpose
from gossamer.ir.types import DType, TensorType
from gossamer.ops.arithmetic import Add, Mul, Sub
from gossamer.ops.concatenation import Concatenation
from gossamer.ops.l2_normalization import L2Normalization
from gossamer.ops.maximum import Minimum
from gossamer.ops.reduce import Mean, Sum
from gossamer.ops.reshape import Reshape
from gossamer.ops.shape import Shape as ShapeOf
from gossamer.ops.strided_slice import StridedSlice
from gossamer.ops.unary import Rsqrt, Square

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gossamer.frontends.emitter import Emitter
    from gossamer.ir.graph import Tensor
    from gossamer.ir.types import Array, Shape

ONE, ZERO = np.ones((), np.float32), np.zeros((), np.float32)


def standardize(
    emitter: Emitter,
    x: Tensor,
    axes: Sequence[int],
    epsilon: float,
    scale: Array = ONE,
    offset: Array = ZERO,
) -> Tensor:
    """(x - mean) / sqrt(variance + epsilon) * scale + offset, over `axes`.

    Nine operators. `scale` and `offset` broadcast against `x`.
    """
    centred = emitter.emit(Sub(), x, _mean(emitter, x, axes))
    inverse = _inverse_deviation(emitter, centred, axes, epsilon)
    y = emitter.emit(Mul(), centred, inverse)
    return affine(emitter, y, scale, offset)


def divide_by_root_mean_square(
    emitter: Emitter,
    x: Tensor,
    axes: Sequence[int],
    epsilon: float,
    scale: Array = ONE,
) -> Tensor:
    """As x / sqrt(mean(x²) + epsilon) * scale, over `axes`."""
    inverse = _inverse_deviation(emitter, x, axes, epsilon)
    return affine(emitter, emitter.emit(Mul(), x, inverse), scale, ZERO)


def divide_by_deviation(
    emitter: Emitter,
    x: Tensor,
    axes: Sequence[int],
    epsilon: float,
    scale: Array = ONE,
) -> Tensor:
    """As x / sqrt(variance + epsilon) * scale, over `axes`: the mean stays."""
    centred = emitter.emit(Sub(), x, _mean(emitter, x, axes))
    inverse = _inverse_deviation(emitter, centred, axes, epsilon)
    return affine(emitter, emitter.emit(Mul(), x, inverse), scale, ZERO)


def _mean(emitter: Emitter, x: Tensor, axes: Sequence[int]) -> Tensor:
    return emitter.emit(Mean(keep_dims=True), x, emitter.indices("axes", axes))


def _inverse_deviation(
    emitter: Emitter, x: Tensor, axes: Sequence[int], epsilon: float
) -> Tensor:
    variance = _mean(emitter, emitter.emit(Square(), x), axes)
    return emitter.emit(
        Rsqrt(), emitter.emit(Add(), variance, emitter.scalar("epsilon", epsilon))
    )


def unit(
    emitter: Emitter, x: Tensor, axes: Sequence[int], epsilon: float = 1e-12
) -> Tensor:
    """`x` over its Euclidean length along `axes`, which counts as `epsilon` or more.

    L2_NORMALIZATION along the last axis, where lengths count as 1e-6 or more.
    """
    rank = x.type.rank
    fronts = [axis_of(int(axis), rank) for axis in axes]
    if len(fronts) > 1 or rank > 4:
        return _unit(emitter, x, fronts, epsilon)
    if fronts == [rank - 1]:
        return emitter.emit(L2Normalization(), x)
    order = list(range(rank))
    order[fronts[0]], order[-1] = order[-1], order[fronts[0]]
    y = emitter.emit(L2Normalization(), transpose(emitter, x, order))
    return transpose(emitter, y, order)


def _unit(emitter: Emitter, x: Tensor, axes: Sequence[int], epsilon: float) -> Tensor:
    squares = emitter.emit(Square(), x)
    total = emitter.emit(Sum(keep_dims=True), squares, emitter.indices("axes", axes))
    inverse = emitter.emit(Rsqrt(), total)
    bounded = emitter.emit(Minimum(), inverse, emitter.scalar("largest", 1 / epsilon))
    return emitter.emit(Mul(), x, bounded)


def standardize_groups(
    emitter: Emitter,
    x: Tensor,
    groups: int,
    axis: int,
    epsilon: float,
    scale: Array = ONE,
    offset: Array = ZERO,
) -> Tensor:
    """Standardize each group of channels over the group and all axes but the batch.

    Args:
        emitter: where the nodes go.
        x: (batch, ...), with the channels on `axis`.
        groups: into how many parts of equal size the channels are split.
        axis: counted from the front.
        epsilon: added to the variance.
        scale: (channels,), or a scalar.
        offset: (channels,), or a scalar.
    """
    rank, channels = x.type.rank, dims(x)[axis]
    if groups in (1, channels):
        own = () if groups == 1 else (axis,)
        axes = [place for place in range(1, rank) if place not in own]
        shape = (channels,) + (1,) * (rank - 1 - axis)
        scale, offset = (_shaped(a, shape) for a in (scale, offset))
        return standardize(emitter, x, axes, epsilon, scale, offset)
    before, size, after = dims(x)[:axis], channels // groups, dims(x)[axis + 1 :]
    inner = (groups, size) + (1,) * len(after)
    if -1 in (*before[1:], *after):
        y = _regrouped(emitter, x, (*before, groups, size, *after))
        axes = [place for place in range(1, rank + 1) if place != axis]
    else:
        flat = [math.prod(before[1:]), math.prod(after)]
        y = reshape(emitter, x, (before[0], flat[0], groups, size, flat[1]))
        axes, inner = [1, 3, 4], (groups, size, 1)
    scale, offset = (_shaped(a, inner) for a in (scale, offset))
    y = standardize(emitter, y, axes, epsilon, scale, offset)
    return _regrouped(emitter, y, dims(x), x)


def _shaped(values: Array, shape: Shape) -> Array:
    return values if values.ndim == 0 else values.reshape(shape)


def _regrouped(
    emitter: Emitter, x: Tensor, target: Shape, like: Tensor | None = None
) -> Tensor:
    """RESHAPE to `target`; several free sizes are those of `like`, or of `x`.

    Of `x`, one axis has become two of known sizes; `like` has the target's shape.
    """
    if target.count(-1) <= 1:
        return reshape(emitter, x, target)
    sizes = emitter.emit(ShapeOf(DType.INT32), x if like is None else like)
    if like is None:
        split = next(
            i for i, (a, b) in enumerate(zip(dims(x), target, strict=False)) if a != b
        )
        parts = [_part(emitter, sizes, 0, split)]
        parts.append(emitter.indices("groups", target[split : split + 2]))
        if split + 1 < x.type.rank:
            parts.append(_part(emitter, sizes, split + 1, x.type.rank))
        sizes = emitter.emit(Concatenation(0), *parts)
    (y,) = emitter.builder.nodes(
        Reshape(),
        x,
        sizes,
        names=(f"{emitter.path}/reshape",),
        types=[TensorType(x.dtype, target)],
    )
    return y


def _part(emitter: Emitter, sizes: Tensor, begin: int, end: int) -> Tensor:
    bounds = [emitter.indices("bounds", [bound]) for bound in (begin, end, 1)]
    return emitter.emit(StridedSlice(), sizes, *bounds)
