"""Which types of integers kernels take, and how these lie in memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gossamer.ir.types import DType
from gossamer.kernels.integers import INT8, INT16, UINT8
from gossamer.nest.expr import I32, I64

if TYPE_CHECKING:
    from gossamer.ir.graph import Tensor

STORED = {DType.INT8: INT8, DType.UINT8: UINT8, DType.INT16: INT16}
"""The types of quantized activations."""

WHOLE = {DType.INT32: I32, DType.INT64: I64}
"""The types of plain whole numbers."""


def is_quantized(*tensors: Tensor) -> bool:
    """Whether all tensors are integers with one scale, of one type."""
    return len({tensor.dtype for tensor in tensors}) == 1 and all(
        t.dtype in STORED
        and t.quantization is not None
        and t.quantization.is_set
        and t.quantization.scale.size == 1
        for t in tensors
    )
