"""Dense arrays as sparse constants, in the orders that files use."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

import numpy as np

from gossamer.ir.graph import DimensionMetadata, Sparsity, Tensor
from gossamer.ir.types import DType, TensorType

if TYPE_CHECKING:
    from gossamer.ir.quantization import Quantization
    from gossamer.ir.types import Array


def sparse_tensor(
    array: Array,
    order: tuple[int, ...],
    compressed: tuple[bool, ...],
    blocks: tuple[tuple[int, int], ...] = (),
    quantization: Quantization | None = None,
) -> Tensor:
    """A constant that stores `array` without what is zero at compressed levels.

    Args:
        array: the values.
        order: the axes, and behind them the block axes, from the outermost level in.
        compressed: for each level whether only what is not zero is stored.
        blocks: pairs of axis and block size.
        quantization: of the tensor.
    """
    split = _split(array, blocks).transpose(order)
    dimensions: list[DimensionMetadata] = []
    rows: list[tuple[int, ...]] = [()]
    for level, is_compressed in enumerate(compressed):
        size = split.shape[level]
        if not is_compressed:
            dimensions.append(DimensionMetadata(size))
            rows = [(*row, index) for row, index in product(rows, range(size))]
            continue
        kept = [[i for i in range(size) if split[(*row, i)].any()] for row in rows]
        segments = np.cumsum([0, *(len(each) for each in kept)])
        indices = tuple(index for each in kept for index in each)
        dimensions.append(DimensionMetadata(0, tuple(segments.tolist()), indices))
        rows = [
            (*row, index)
            for row, each in zip(rows, kept, strict=True)
            for index in each
        ]
    data = np.array([split[row] for row in rows], array.dtype)
    sparsity = Sparsity(order, tuple(axis for axis, _ in blocks), tuple(dimensions))
    type_ = TensorType(DType.of_numpy(array.dtype), array.shape)
    return Tensor("sparse", type_, data, quantization, sparsity=sparsity)


def _split(array: Array, blocks: tuple[tuple[int, int], ...]) -> Array:
    """The array with each block's inner axis behind all others."""
    rank = array.ndim
    for place, (axis, size) in enumerate(blocks):
        shape = list(array.shape)
        shape[axis : axis + 1] = [shape[axis] // size, size]
        array = np.moveaxis(array.reshape(shape), axis + 1, rank + place)
    return array
