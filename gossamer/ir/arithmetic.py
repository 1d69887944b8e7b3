"""Exact integer arithmetic of quantized operators, the same on every machine.

A real factor m is held as (multiplier, shift): m = multiplier * 2**(shift - 31) with
multiplier in [2**30, 2**31). Products are rounded twice, as most of TensorFlow Lite's
reference kernels do: once to 32 bits, once by the right shift. Arrays of 32-bit
values are carried in int64, so that nothing overflows on the way.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from gossamer.errors import GraphError, UnsupportedError

if TYPE_CHECKING:
    from collections.abc import Callable

    from gossamer.ir.graph import Tensor
    from gossamer.ir.quantization import Quantization
    from gossamer.ir.types import Array, DType

Integers = npt.NDArray[np.int64]
"""Values that fit 32 bits (48 where stated), held in 64."""

ACTIVATION_RANGES: dict[str, tuple[float, float]] = {
    "none": (-math.inf, math.inf),
    "relu": (0.0, math.inf),
    "relu_n1_to_1": (-1.0, 1.0),
    "relu6": (0.0, 6.0),
    "relu_0_to_1": (0.0, 1.0),
}
"""Fused activations that are a clamp, with the real range they allow."""


def round_half_away(values: Array) -> npt.NDArray[np.float64]:
    """Round to the nearest whole number, halves away from zero (C's `round`)."""
    wide = np.asarray(values, np.float64)
    return np.trunc(wide + np.copysign(0.5, wide))


def quantize_multiplier(real: float) -> tuple[int, int]:
    """A real factor as (multiplier, shift).

    Factors under 2**-32 become (0, 0).

    Raises:
        GraphError: the factor is infinite or not a number.

    Example:
        >>> quantize_multiplier(0.75)
        (1610612736, 0)
    """
    if not math.isfinite(real):
        raise GraphError(f"a quantized operator's factor is {real}; expected a number")
    fraction, shift = math.frexp(real)
    scaled = math.copysign(math.floor(abs(fraction) * 2**31 + 0.5), fraction)
    multiplier = int(scaled)
    if abs(multiplier) == 1 << 31:
        multiplier //= 2
        shift += 1
    if multiplier == 0 or shift < -31:
        return 0, 0
    return multiplier, shift


def quantize_multipliers(real: Array) -> tuple[Integers, Integers]:
    """`quantize_multiplier` of each factor of a one-dimensional array."""
    pairs = [quantize_multiplier(float(factor)) for factor in real.reshape(-1)]
    return (
        np.array([pair[0] for pair in pairs], np.int64),
        np.array([pair[1] for pair in pairs], np.int64),
    )


def wrap(values: Array) -> Integers:
    """Keep the low 32 bits, as a 32-bit accumulator does."""
    return np.asarray(values, np.int64).astype(np.int32).astype(np.int64)


def doubling_high_multiply(
    left: Integers, right: Integers | int, bits: int = 32
) -> Integers:
    """The high half of `2 * left * right`, rounded to nearest, halves up; saturating.

    `bits` is the width of the factors and of the result.
    """
    half = 1 << (bits - 2)
    product = (np.multiply(left, right, dtype=np.int64) + half) >> (bits - 1)
    return np.minimum(product, (1 << (bits - 1)) - 1)


def nearest_power_of_two(scale: float) -> int | None:
    """The exponent of a scale that TFLite takes for a power of two; None for others."""
    if scale <= 0:
        return None
    exponent = math.log2(scale)
    return round(exponent) if abs(exponent - round(exponent)) < 1e-3 else None


def divide_by_power_of_two(values: Integers, exponent: Integers | int) -> Integers:
    """`values / 2**exponent` rounded to nearest, halves away from zero."""
    half = (np.int64(1) << np.asarray(exponent, np.int64)) >> 1
    negative = np.asarray(values < 0, np.int64) * (half > 0)
    return (values + half - negative) >> exponent


def multiply(
    values: Integers, multiplier: Integers | int, shift: Integers | int
) -> Integers:
    """`values` times the factor (multiplier, shift), for 32-bit values.

    `multiplier` and `shift` broadcast, so a last axis of channels may have its own.
    """
    left = np.maximum(shift, 0)
    right = np.maximum(np.negative(shift), 0)
    return divide_by_power_of_two(
        doubling_high_multiply(wrap(values << left), multiplier), right
    )


def choose(condition: Array, one: Array, other: Array) -> Array:
    """`np.where`, with the types that it does not tell."""
    return np.where(condition, one, other)


def multiply_real(values: Integers, factor: Array | float) -> Integers:
    """`values` times a float64 factor, rounded once, halves away from zero.

    The reference kernels of FULLY_CONNECTED do so; the result is held to 32 bits.
    """
    rounded = round_half_away(values.astype(np.float64) * factor)
    limits = np.iinfo(np.int32)
    return np.clip(rounded, limits.min, limits.max).astype(np.int64)


def multiply_wide(
    values: Integers, multiplier: Integers | int, shift: Integers | int
) -> Integers:
    """`values` times the factor, for 48-bit accumulators of 16-bit activations.

    The multiplier is reduced to 16 bits and the product rounded once, halves up.
    """
    wide = np.asarray(multiplier, np.int64)
    reduced = np.where(wide < 0x7FFF0000, (wide + (1 << 15)) >> 16, 0x7FFF)
    total = 15 - np.asarray(shift, np.int64)
    return (values * reduced + (np.int64(1) << (total - 1))) >> total


def activation_range(
    activation: str, quantization: Quantization, dtype: DType
) -> tuple[int, int]:
    """The least and greatest integer that a fused activation lets through.

    Raises:
        UnsupportedError: the activation is not a clamp.
    """
    scale, zero_point = quantization.pair()
    limits = np.iinfo(dtype.numpy)
    low, high = real_range(activation)

    def quantized(real: float) -> int:
        return zero_point + int(
            round_half_away(np.asarray(np.float32(real) / np.float32(scale)))
        )

    least = limits.min if low == -math.inf else max(limits.min, quantized(low))
    greatest = limits.max if high == math.inf else min(limits.max, quantized(high))
    return int(least), int(greatest)


def real_range(activation: str) -> tuple[float, float]:
    """The range of a fused activation that is a clamp."""
    if activation not in ACTIVATION_RANGES:
        raise UnsupportedError(
            f"the fused activation '{activation}' is not supported; expected one of "
            f"{', '.join(ACTIVATION_RANGES)}"
        )
    return ACTIVATION_RANGES[activation]


def activate(values: Array, activation: str) -> Array:
    """Apply a fused activation to real numbers (or unquantized integers)."""
    if activation == "none":
        return values
    if activation == "tanh":
        return np.tanh(values)
    low, high = real_range(activation)
    if values.dtype.kind in "iu":
        limits = np.iinfo(values.dtype)
        low, high = max(low, limits.min), min(high, limits.max)
    return np.clip(values, values.dtype.type(low), values.dtype.type(high))


def parameters(tensor: Tensor) -> tuple[np.float32, int]:
    """Scale and zero point of a tensor that must have one of each.

    Raises:
        UnsupportedError: the tensor has none, or one per channel.
        GraphError: the scale is not a positive number.
    """
    quantization = tensor.quantization
    if quantization is None or quantization.scale.size != 1:
        found = 0 if quantization is None else quantization.scale.size
        raise UnsupportedError(
            f"tensor '{tensor.name}' has {found} scales where an integer operator "
            "needs exactly one"
        )
    scale, zero_point = quantization.pair()
    if not 0 < scale < math.inf:
        raise GraphError(
            f"tensor '{tensor.name}' has the scale {scale}; expected a positive number"
        )
    return np.float32(scale), zero_point


def centered(tensor: Tensor, array: Array) -> Integers:
    """The array's integers minus the tensor's zero point."""
    quantization = tensor.quantization
    if quantization is None or not quantization.zero_point.any():
        return array.astype(np.int64)
    if quantization.zero_point.size > 1:
        shape = [1] * array.ndim
        shape[quantization.axis] = quantization.zero_point.size
        return array.astype(np.int64) - quantization.zero_point.reshape(shape)
    return array.astype(np.int64) - int(quantization.zero_point[0])


def settle(tensor: Tensor, scaled: Integers, activation: str = "none") -> Array:
    """Add the output's zero point, clamp to the activation's range and narrow."""
    _, zero_point = parameters(tensor)
    if tensor.quantization is None:
        raise UnsupportedError(f"tensor '{tensor.name}' has no quantization")
    low, high = activation_range(activation, tensor.quantization, tensor.dtype)
    # A hostile scale may turn the range around; the upper bound is applied last.
    clamped = np.minimum(np.maximum(scaled + zero_point, low), high)
    return clamped.astype(tensor.dtype.numpy)


def rescale(
    y: Tensor, values: Integers, factor: float, activation: str = "none"
) -> Array:
    """Requantize accumulators by one factor for the whole tensor."""
    return settle(y, multiply(values, *quantize_multiplier(factor)), activation)


def lookup_table(x: Tensor, y: Tensor, function: Callable[[Array], Array]) -> Array:
    """A function of one 8-bit number, tabulated from the least input on.

    `function` takes and gives float32 arrays; its 256 results are quantized with
    the output's scale as a factor, as the reference kernels do.
    """
    in_scale, in_zero = parameters(x)
    out_scale, out_zero = parameters(y)
    limits = np.iinfo(x.dtype.numpy)
    steps = np.arange(limits.min, limits.max + 1) - in_zero
    real = function((in_scale * steps.astype(np.float32)).astype(np.float32))
    inverse = np.float32(1) / out_scale
    rounded = round_half_away(np.nan_to_num(real.astype(np.float32) * inverse))
    return np.clip(rounded + out_zero, limits.min, limits.max).astype(y.dtype.numpy)


def look_up(table: Array, x: Array) -> Array:
    """The entries of a `lookup_table` for an array of its inputs."""
    least = np.iinfo(x.dtype).min
    return table[x.astype(np.int64) - least]
