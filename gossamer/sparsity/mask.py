"""Masks of weights: 1 for those that stay, 0 for those that are pruned.

All take the weights as NumPy arrays and return a mask of their shape and type. The
formulas are those of TensorFlow's toolkit (pruning_impl), so that the masks are too.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, get_args

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Array: TypeAlias = NDArray[Any]

Pooling: TypeAlias = Literal["AVG", "MAX"]
POOLINGS: tuple[Pooling, ...] = get_args(Pooling)


def magnitude_mask(weights: Array, sparsity: float) -> Array:
    """Keep the largest: as many as `sparsity` leaves, one at least, ties all.

    Example:
        >>> magnitude_mask(np.array([0.1, -3.0, 0.2, 1.0]), 0.5)
        array([0., 1., 0., 1.])
    """
    if not weights.size:
        return np.ones_like(weights)
    size = np.abs(weights)
    kept = max(round(size.size * (1 - sparsity)), 1)
    threshold = np.partition(size.reshape(-1), size.size - kept)[size.size - kept]
    return (size >= threshold).astype(weights.dtype)


def block_mask(
    weights: Array, sparsity: float, block: tuple[int, int], pooling: Pooling = "AVG"
) -> Array:
    """Keep or prune whole blocks of a matrix, by the mean or maximum of each.

    Blocks at the end of an axis may be smaller. Axes of size 1 do not count.

    Raises:
        ValueError: the weights are no matrix.
    """
    if block == (1, 1):
        return magnitude_mask(weights, sparsity)
    matrix = np.squeeze(weights)
    if matrix.ndim != 2:
        raise ValueError(
            "Block Sparsity can only be used for layers which have 2-dimensional "
            f"weights; these have the shape {weights.shape}"
        )
    pooled = _pooled(np.abs(matrix), block, pooling)
    kept = magnitude_mask(pooled, sparsity)
    spread = np.kron(kept, np.ones(block, kept.dtype))
    return spread[: matrix.shape[0], : matrix.shape[1]].reshape(weights.shape)


def _pooled(size: Array, block: tuple[int, int], pooling: Pooling) -> Array:
    """One number for each block, of the elements that are there."""
    starts: list[Array] = [
        np.arange(0, dim, step) for dim, step in zip(size.shape, block, strict=True)
    ]
    reduce = np.maximum if pooling == "MAX" else np.add
    made = reduce.reduceat(reduce.reduceat(size, starts[0], 0), starts[1], 1)
    if pooling == "MAX":
        return made
    ones = np.ones_like(size)
    count = np.add.reduceat(np.add.reduceat(ones, starts[0], 0), starts[1], 1)
    return made / count


def m_by_n_mask(weights: Array, pattern: tuple[int, int]) -> Array:
    """Prune the `m` smallest of each `n` consecutive weights of an output.

    Args:
        weights: (..., inputs, outputs), as Keras stores kernels.
        pattern: (m, n), such as (2, 4).

    Raises:
        ValueError: the inputs of an output are no multiple of n.
    """
    zeros, group = pattern
    require_fit(weights.shape, pattern)
    rows = outputs_first(weights)
    size = np.abs(rows).reshape(rows.shape[0], -1, group)
    order = np.argsort(size, axis=-1, kind="stable")
    mask = np.ones_like(size)
    np.put_along_axis(mask, order[..., :zeros], 0, axis=-1)
    flat = mask.reshape(rows.shape)
    moved = flat.reshape(weights.shape[-1], *weights.shape[:-1])
    return np.moveaxis(moved, 0, -1).astype(weights.dtype)


def fits(shape: Sequence[int], pattern: tuple[int, int]) -> bool:
    """Whether the weights of an output are a multiple of the pattern's n."""
    return math.prod(shape[:-1]) % pattern[1] == 0


def require_fit(shape: Sequence[int], pattern: tuple[int, int]) -> None:
    """Refuse a pattern that weights of a shape cannot have.

    Raises:
        ValueError: the inputs of an output are no multiple of n.
    """
    if not fits(shape, pattern):
        raise ValueError(
            f"sparsity of {pattern[0]} by {pattern[1]} needs a multiple of "
            f"{pattern[1]} weights for each output; weights of the shape "
            f"{tuple(shape)} have {math.prod(shape[:-1])}"
        )


def outputs_first(weights: Array) -> Array:
    """A kernel as a matrix: (outputs, all that one output is made of)."""
    return np.moveaxis(weights, -1, 0).reshape(weights.shape[-1], -1)
