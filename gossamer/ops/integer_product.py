"""Sums of products on quantized tensors: the part that conv, dense and others share.

Fixed-point: integer inputs and weights give 32-bit sums, which are requantized per
channel. Hybrid (dynamic range): float inputs are quantized on the fly, per row.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from gossamer.errors import UnsupportedError
from gossamer.ir.arithmetic import (
    Integers,
    activate,
    choose,
    multiply,
    multiply_real,
    multiply_wide,
    parameters,
    quantize_multipliers,
    round_half_away,
    settle,
    wrap,
)
from gossamer.ir.types import DType

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy.typing as npt

    from gossamer.ir.graph import Tensor
    from gossamer.ir.types import Array


def weight_scales(weights: Tensor) -> npt.NDArray[np.float32]:
    """The scales of weights: one, or one per channel.

    Raises:
        UnsupportedError: there are none, or one per block of a channel.
    """
    quantization = weights.quantization
    if quantization is None or not quantization.scale.size:
        raise UnsupportedError(
            f"the weights '{weights.name}' are integers without a scale per tensor or "
            "channel"
        )
    return quantization.scale


def product_scales(x: Tensor, weights: Tensor, y: Tensor) -> npt.NDArray[np.float64]:
    """The real factors, one or one per channel, that take sums to the output's scale.

    They are multiplied in the order of the reference kernels, in float64.
    """
    in_scale, _ = parameters(x)
    out_scale, _ = parameters(y)
    scales = weight_scales(weights).astype(np.float64)
    return np.float64(in_scale) * scales / np.float64(out_scale)


def product_factors(x: Tensor, weights: Tensor, y: Tensor) -> tuple[Integers, Integers]:
    """The same as multipliers and shifts."""
    return quantize_multipliers(product_scales(x, weights, y))


def has_wide_sums(x: DType, bias: np.dtype[Any] | None, stated: DType) -> bool:
    """Whether sums have 64 bits: 16-bit inputs, unless their bias has 32.

    `stated` is the option that tells the bias's type, FLOAT32 where it says nothing.
    """
    if x is not DType.INT16 or stated is DType.INT32:
        return False
    return bias is None or bias == np.int64


def requantize_sums(
    sums: Array,
    tensors: tuple[Tensor, Tensor, Tensor],
    bias: Array | None,
    activation: str,
    *,
    is_wide: bool = False,
    is_real: bool = False,
) -> Array:
    """Sums of products (channels last), with the bias added, as the output's integers.

    Args:
        sums: centred inputs times centred weights, added up.
        tensors: input, weights and output, for their scales.
        bias: integers of the product's scale, or None.
        activation: the fused activation.
        is_wide: sums have 64 bits, not 32.
        is_real: the factor is a float64, not a multiplier and a shift.
    """
    total = sums.astype(np.int64)
    if bias is not None:
        total = total + bias.astype(np.int64)
    total = total if is_wide else wrap(total)
    x, weights, y = tensors
    if is_real:
        scaled = multiply_real(total, product_scales(x, weights, y))
    else:
        rule = multiply_wide if is_wide else multiply
        scaled = rule(total, *product_factors(x, weights, y))
    return settle(y, scaled, activation)


def quantize_rows_symmetric(rows: Array) -> tuple[Array, Array, Array]:
    """Quantize each row of (R, K) floats to [-127, 127].

    Returns:
        int64 values, float32 scales (R, 1) and zero points (R, 1), which are 0.
    """
    reach = np.abs(rows).max(axis=1, keepdims=True, initial=0).astype(np.float32)
    safe = np.where(reach == 0, np.float32(1), reach)
    scale = np.where(reach == 0, np.float32(1), reach / np.float32(127))
    values = round_half_away(rows * (np.float32(127) / safe))
    quantized = np.clip(values, -127, 127).astype(np.int64)
    return quantized, scale.astype(np.float32), np.zeros_like(reach, np.int64)


def quantize_rows_asymmetric(rows: Array) -> tuple[Array, Array, Array]:
    """Quantize each row of (R, K) floats to [-128, 127] with a zero point.

    Returns:
        int64 values, float32 scales (R, 1) and zero points (R, 1).
    """
    low = rows.min(axis=1, keepdims=True, initial=0).astype(np.float64)
    high = rows.max(axis=1, keepdims=True, initial=0).astype(np.float64)
    is_zero = low == high
    step = np.where(is_zero, 1.0, (high - low) / 255.0)
    # Of the two ends the one whose numbers are smaller rounds less.
    from_low = -128.0 - low / step
    from_high = 127.0 - high / step
    nearer = 128 + np.abs(low / step) < 127 + np.abs(high / step)
    zero_point: Array = round_half_away(choose(nearer, from_low, from_high))
    zero_point = np.where(is_zero, 0, np.clip(zero_point, -128, 127)).astype(np.int64)
    span = high.astype(np.float32) - low.astype(np.float32)
    scale = np.where(is_zero, np.float32(1), span / np.float32(255))
    # The zero point is added after rounding: in float32 before it, halves would move.
    values = round_half_away(rows * (np.float32(1) / scale)) + zero_point
    quantized = np.where(is_zero, 0, np.clip(values, -128, 127)).astype(np.int64)
    return quantized, scale.astype(np.float32), zero_point


def hybrid_weights(weights: Array) -> Array:
    """8-bit weights beside float inputs as float64.

    uint8 holds the bits of int8 here, and zero points count for nothing.
    """
    signed = weights.view(np.int8) if weights.dtype == np.uint8 else weights
    return signed.astype(np.float64)


def hybrid(
    x: Array,
    weights: Tensor,
    product: Callable[[Array], Array],
    bias: Array | None,
    activation: str,
    *,
    asymmetric: bool,
) -> Array:
    """Float input, integer weights: quantize each item of `x`'s first axis, multiply.

    Args:
        x: (R, …) floats; each of the R items gets a scale of its own.
        weights: the weights, for their scales.
        product: sums of products of centred integers (R, …) with the weights,
            channels last, in float64 (exact for such integers).
        bias: float32 bias per channel, or None.
        activation: the fused activation, applied to floats.
        asymmetric: whether items get a zero point.
    """
    count = x.shape[0]
    rows = np.ascontiguousarray(x, np.float32).reshape(count, x.size // max(count, 1))
    quantize = quantize_rows_asymmetric if asymmetric else quantize_rows_symmetric
    values, scale, zero_point = quantize(rows)
    sums = product((values - zero_point).reshape(x.shape).astype(np.float64))
    lead = (count,) + (1,) * (sums.ndim - 1)
    factors = scale.reshape(lead) * weight_scales(weights)
    result = sums.astype(np.float32) * factors
    if bias is not None:
        result = result + bias
    return activate(result.astype(np.float32), activation)
