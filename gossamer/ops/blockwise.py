"""Dense layers whose weights have a scale per block of their inner dimension."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gossamer.errors import GraphError, UnsupportedError
from gossamer.ops.integer_product import quantize_rows_asymmetric

if TYPE_CHECKING:
    from gossamer.ir.graph import Tensor
    from gossamer.ir.quantization import Blockwise
    from gossamer.ir.types import Array


def has_blocks(weights: Tensor) -> bool:
    """Whether weights have scales for blocks."""
    quantization = weights.quantization
    return quantization is not None and quantization.blockwise is not None


def blockwise_weights(weights: Tensor, array: Array) -> Array:
    """Weights (O, I) as float32, which holds them exactly: few bits by 11 bits.

    Raises:
        UnsupportedError: the blocks span several axes.
        GraphError: the scales are not there, or not one per block.
    """
    assert weights.quantization is not None
    blockwise = weights.quantization.blockwise
    assert blockwise is not None
    size = _block_size(weights, blockwise, array.shape)
    scales = _per_block(weights, blockwise.scales, array.shape, size)
    if scales is None:
        raise GraphError(f"the weights '{weights.name}' have no scales for blocks")
    blocks = array.reshape(len(array), -1, size).astype(np.float32)
    zeros = _per_block(weights, blockwise.zero_points, array.shape, size)
    blocks = blocks if zeros is None else blocks - zeros
    return (blocks * scales).reshape(array.shape)


def _block_size(weights: Tensor, blockwise: Blockwise, shape: tuple[int, ...]) -> int:
    sizes = blockwise.block_shape or (1, blockwise.block_size)
    if len(sizes) != 2 or sizes[0] != 1:
        raise UnsupportedError(
            f"the weights '{weights.name}' have scales for blocks of {list(sizes)}; "
            "blocks of one row are supported"
        )
    if sizes[1] < 1 or shape[1] % sizes[1]:
        raise GraphError(
            f"blocks of {sizes[1]} do not divide the {shape[1]} columns of the weights "
            f"'{weights.name}'"
        )
    return sizes[1]


def _per_block(
    weights: Tensor, given: Tensor | None, shape: tuple[int, ...], size: int
) -> Array | None:
    """One number per block, as (O, blocks, 1) float32."""
    if given is None or given.data is None:
        return None
    blocks = shape[1] // size
    if given.data.size != shape[0] * blocks:
        raise GraphError(
            f"the weights '{weights.name}' have {given.data.size} scales for "
            f"{shape[0] * blocks} blocks"
        )
    return given.data.reshape(shape[0], blocks, 1).astype(np.float32)


def blockwise_product(rows: Array, matrix: Array, bias: Array | None) -> Array:
    """Rows (R, I) of floats, quantized with a zero point, times (O, I) weights."""
    values, scale, zero_point = quantize_rows_asymmetric(rows)
    centred = (values - zero_point).astype(np.float64)
    sums = (centred @ matrix.astype(np.float64).T).astype(np.float32)
    result = sums * scale
    return result if bias is None else result + bias
