"""Which types of integers kernels take, and how these lie in memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gossamer.ir.types import DType
from gossamer.kernels.arithmetic.integers import INT8, INT16, UINT8
from gossamer.nest.expr import F32, I32, I64

if TYPE_CHECKING:
    from gossamer.ir.graph import Tensor

STORED = {DType.INT8: INT8, DType.UINT8: UINT8, DType.INT16: INT16}
"""The types of quantized activations."""

WHOLE = {DType.INT32: I32, DType.INT64: I64}
"""The types of plain whole numbers."""


PLAIN = {DType.FLOAT32: F32, **WHOLE}
"""The types of plain numbers."""


def one_scale(tensor: Tensor) -> bool:
    """Whether a tensor is a quantized activation with one scale."""
    quantization = tensor.quantization
    known = quantization is not None and quantization.scale.size == 1
    return known and tensor.dtype in STORED


def is_quantized(*tensors: Tensor) -> bool:
    """Whether all tensors are quantized activations of one type, with one scale."""
    alike = len({tensor.dtype for tensor in tensors}) == 1
    return alike and all(one_scale(tensor) for tensor in tensors)
