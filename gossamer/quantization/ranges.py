"""From the range of real values to scale and zero point, and constants to integers.

Activations: int8, asymmetric, one scale: scale = (max - min) / 255, with 0 inside;
int16, symmetric: scale = max(|min|, |max|) / 32767.
Weights: int8 in [-127, 127], zero point 0, one scale per channel: max|w| / 127.
Bias: int32, or int64 beside int16, zero point 0, scale = input scale * weight scale.

The arithmetic is in float32, in the order in which TensorFlow's converter does it, so
that the same ranges give the same file.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from gossamer.ir.quantization import Quantization
from gossamer.ir.types import DType, limits_of

if TYPE_CHECKING:
    from gossamer.ir.types import Array

NARROWEST = 1e-6
"""A range narrower than this is widened: its scale would overflow multipliers."""

LARGEST_BIAS = (2**31 - 1) // 2
"""Half of int32: the accumulator keeps the other half for the sum of products."""

LONGEST_BIAS = 2**39
"""What an int64 bias is held at: sums of 40 bits keep their multipliers exact."""

INT16_LIMIT = 32767
"""int16 activations use [-32767, 32767] for their range, so that zero is 0."""

WEIGHT_LIMIT = 127
"""Weights use [-127, 127]: without -128 a product of two never needs 16 bits."""


@dataclass(frozen=True, slots=True)
class Range:
    """The least and the greatest value that a tensor took."""

    minimum: float
    maximum: float

    @staticmethod
    def of(array: Array) -> Range:
        """The range of a non-empty array."""
        return Range(float(np.min(array)), float(np.max(array)))

    def union(self, other: Range | None) -> Range:
        """The least range that holds both."""
        if other is None:
            return self
        return Range(min(self.minimum, other.minimum), max(self.maximum, other.maximum))

    def within(self, other: Range) -> bool:
        return other.minimum <= self.minimum and self.maximum <= other.maximum

    @property
    def is_finite(self) -> bool:
        return bool(np.isfinite(self.minimum) and np.isfinite(self.maximum))


def activation_quantization(values: Range, dtype: DType = DType.INT8) -> Quantization:
    """Asymmetric int8 or symmetric int16 for values in a range; 0 is always among them.

    Example:
        >>> activation_quantization(Range(0.0, 6.0)).pair()
        (0.023529412224888802, -128)
    """
    low, high = min(values.minimum, 0.0), max(values.maximum, 0.0)
    if dtype is DType.INT16:
        largest = np.float32(max(-low, high, NARROWEST))
        return Quantization.per_tensor(float(largest / np.float32(INT16_LIMIT)))
    if high - low < NARROWEST:
        low, high = low - NARROWEST, high + NARROWEST
    scale = (np.float32(high) - np.float32(low)) / np.float32(255)
    zero_point = round_half_away(np.array(-128 - low / float(scale), np.float32))
    return Quantization.per_tensor(float(scale), int(np.clip(zero_point, -128, 127)))


def constant_quantization(array: Array, dtype: DType = DType.INT8) -> Quantization:
    """That of a constant that is not weights: by its own values' range."""
    values = Range.of(array) if array.size else Range(0.0, 0.0)
    return activation_quantization(values, dtype)


def representable(quantization: Quantization, dtype: DType) -> Range:
    """The real numbers that integers of a type reach with a quantization."""
    scale, zero_point = quantization.pair()
    low, high = limits_of(dtype)
    return Range(scale * (low - zero_point), scale * (high - zero_point))


def weight_quantization(
    array: Array, axis: int | None, dtype: DType = DType.INT8
) -> Quantization:
    """Symmetric int8 or int4 for weights, per index along `axis` (None: one for all).

    A channel of zeros gets the scale of the narrowest range.
    """
    largest = _largest(array, axis).reshape(-1).astype(np.float32)
    scale = largest / np.float32(limits_of(dtype)[1])
    if axis is None:
        return Quantization.per_tensor(float(scale[0]))
    return Quantization.per_channel(scale, axis)


def bias_scale(input_scale: float, weights: Quantization) -> Array:
    """The scale of a bias: that of the products it is added to, float32."""
    return np.float32(input_scale) * weights.scale


def widen_for_bias(
    weights: Quantization, bias: Array, input_scale: float
) -> Quantization:
    """Weights' scales, made larger where the bias would not fit into int32.

    A channel's bias b is stored as b / (input scale * weight scale); where that
    exceeds `LARGEST_BIAS`, the weight scale grows until it is `LARGEST_BIAS`.
    """
    size = np.abs(bias.astype(np.float64)).reshape(-1)
    if not weights.is_per_channel:
        size = size.max(keepdims=True, initial=0.0)
    stored = size / bias_scale(input_scale, weights).astype(np.float64)
    needed = size / LARGEST_BIAS / input_scale
    scale = np.where(stored < LARGEST_BIAS, weights.scale, needed).astype(np.float32)
    return Quantization(scale, weights.zero_point, weights.axis)


def quantize_weights(
    array: Array, quantization: Quantization, dtype: DType = DType.INT8
) -> Array:
    """Weights as int8 in [-127, 127], or int4 in [-7, 7]."""
    _, limit = limits_of(dtype)
    scaled = _scaled_down(array, quantization)
    return np.clip(round_half_away(scaled), -limit, limit).astype(np.int8)


def quantize_weights_precisely(
    array: Array, axis: int | None, dtype: DType = DType.INT8
) -> Array:
    """Weights by division in float64, as TensorFlow does for dynamic range.

    `quantize_weights` differs from it where a quotient is a hair away from a half.
    """
    _, limit = limits_of(dtype)
    scale = _largest(array, axis) / limit
    rounded = round_half_away(array.astype(np.float64) / scale)
    return np.clip(rounded, -limit, limit).astype(np.int8)


def quantize_bias(
    array: Array, quantization: Quantization, dtype: DType = DType.INT32
) -> Array:
    """A bias as int32 or int64, saturating (int64 at 2**40, as TensorFlow does)."""
    rounded = round_half_away(_scaled_down(array, quantization))
    low, high = limits_of(dtype)
    ends = (max(low, -LONGEST_BIAS), min(high, LONGEST_BIAS))
    return np.clip(rounded, *ends).astype(dtype.numpy)


def quantize_constant(
    array: Array, quantization: Quantization, dtype: DType = DType.INT8
) -> Array:
    """Any other constant as int8 or int16 with one scale and zero point."""
    scale, zero_point = quantization.pair()
    shifted = array.astype(np.float64) / scale + zero_point
    return np.clip(round_half_away(shifted), *limits_of(dtype)).astype(dtype.numpy)


def round_half_away(values: Array) -> Array:
    """To the nearest whole number, halves away from zero, in float64.

    In float32 the sum with a half would itself be rounded.
    """
    precise = values.astype(np.float64)
    return np.trunc(precise + np.copysign(0.5, precise))


def _largest(array: Array, axis: int | None) -> Array:
    """The greatest magnitude per index along `axis`; the other sizes are 1; float64."""
    others = tuple(i for i in range(array.ndim) if i != axis)
    magnitude = np.abs(array.astype(np.float64))
    return np.maximum(magnitude.max(others, keepdims=True, initial=0.0), NARROWEST / 2)


def _scaled_down(array: Array, quantization: Quantization) -> Array:
    """`array` divided by its scales as TensorFlow does it: times 1 / scale."""
    shape = [1] * array.ndim
    if quantization.is_per_channel:
        shape[quantization.axis] = -1
    inverse = (1.0 / quantization.scale.astype(np.float64)).astype(np.float32)
    return array.astype(np.float32) * inverse.reshape(shape)
