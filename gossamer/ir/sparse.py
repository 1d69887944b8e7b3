"""Sparse constants: from the stored values to the array that they stand for."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from gossamer.errors import GraphError

if TYPE_CHECKING:
    import numpy.typing as npt

    from gossamer.ir.graph import DimensionMetadata, Sparsity, Tensor
    from gossamer.ir.types import Array

    Indices = npt.NDArray[np.int64]


def dense_tensor(tensor: Tensor) -> Tensor:
    """A sparse constant as a dense one; any other tensor as it is.

    Raises:
        GraphError: the sparsity does not fit the shape or the stored values.
    """
    if tensor.sparsity is None or tensor.data is None:
        return tensor
    return replace(tensor, data=dense_data(tensor), sparsity=None)


def dense_data(tensor: Tensor) -> Array | None:
    """The data of a constant with all its zeros; None where there is none.

    Raises:
        GraphError: the sparsity does not fit the shape or the stored values.
    """
    data, sparsity = tensor.data, tensor.sparsity
    if data is None or sparsity is None:
        return data
    try:
        indices = _indices(tensor, sparsity)
        dense = np.zeros(tensor.shape, data.dtype)
        dense[indices] = data.reshape(-1)[: len(indices[0])] if indices else data
    except (IndexError, ValueError) as error:
        raise GraphError(
            f"the sparsity of tensor '{tensor.name}' does not fit its shape "
            f"{list(tensor.shape)} and {data.size} stored values: {error}"
        ) from error
    return dense


def _indices(tensor: Tensor, sparsity: Sparsity) -> tuple[Indices, ...]:
    """For each axis the index of every stored value, in the order of storage."""
    rank = tensor.type.rank
    sizes = _sizes(tensor, sparsity)
    # Per level so far: where the stored values seen so far are along it.
    found: dict[int, Indices] = {}
    parents = np.zeros(1, np.int64)
    for level, dimension in zip(
        sparsity.traversal_order, sparsity.dimensions, strict=True
    ):
        rows, places = _below(dimension, len(parents), sizes[level])
        found = {each: where[rows] for each, where in found.items()}
        found[level] = places
        parents = rows
    axes = [found[axis] for axis in range(rank)]
    for place, axis in enumerate(sparsity.block_map):
        axes[axis] = axes[axis] * sizes[rank + place] + found[rank + place]
    return tuple(axes)


def _sizes(tensor: Tensor, sparsity: Sparsity) -> list[int]:
    """The size of each axis in blocks, then the size of each block."""
    sizes = list(tensor.shape)
    for place, axis in enumerate(sparsity.block_map):
        level = sparsity.traversal_order.index(tensor.type.rank + place)
        size = max(sparsity.dimensions[level].dense_size, 1)
        sizes[axis] //= size
        sizes.append(size)
    return sizes


def _below(
    dimension: DimensionMetadata, count: int, size: int
) -> tuple[Indices, Indices]:
    """What one level adds to `count` rows: the row of each entry, and its index."""
    if dimension.segments is None or dimension.indices is None:
        rows = np.repeat(np.arange(count), size)
        return rows, np.tile(np.arange(size), count)
    lengths = np.diff(np.array(dimension.segments, np.int64))
    rows = np.repeat(np.arange(count), lengths)
    return rows, np.array(dimension.indices, np.int64)
