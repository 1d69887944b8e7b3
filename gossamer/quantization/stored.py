"""The real numbers that a stored constant stands for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gossamer.errors import GossamerError
from gossamer.ir.sparse import dense_data
from gossamer.ops.blockwise import blockwise_weights, has_blocks

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gossamer.ir.graph import Node, Tensor
    from gossamer.ir.types import Array


def real_values(
    tensor: Tensor | None, producers: Mapping[Tensor, Node]
) -> Array | None:
    """A constant's real numbers, float32, also where a DEQUANTIZE gives them.

    None for what is computed, or is stored in a form that is not known.
    """
    if tensor is None:
        return None
    producer = producers.get(tensor)
    if producer is not None and producer.op.name == "DEQUANTIZE":
        return real_values(producer.input(0), {})
    data = dense_data(tensor)
    if data is None:
        return None
    quantization = tensor.quantization
    if has_blocks(tensor):
        return _by_blocks(tensor, data)
    if quantization is not None and quantization.scale.size and data.dtype.kind in "iu":
        return quantization.dequantize(data)
    return data.astype(np.float32) if tensor.dtype.is_float else None


def _by_blocks(tensor: Tensor, data: Array) -> Array | None:
    try:
        return blockwise_weights(tensor, data)
    except GossamerError:
        return None
