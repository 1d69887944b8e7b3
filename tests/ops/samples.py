"""Fixed random inputs of the arithmetic operators' cases."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gossamer.ir.quantization import Quantization
from tests.ops.contract import Constant, Feed

if TYPE_CHECKING:
    from gossamer.ir.types import Array


def floats(*shape: int, reach: float = 1, seed: int = 0) -> Array:
    """float32 values from -`reach` to `reach`."""
    rng = np.random.default_rng([seed, *shape])
    return np.asarray(rng.uniform(-reach, reach, shape), np.float32)


def integers(dtype: type[np.integer], *shape: int, seed: int = 0) -> Array:
    """Values over the whole range of `dtype`."""
    limits = np.iinfo(dtype)
    rng = np.random.default_rng([seed, *shape])
    return rng.integers(limits.min, limits.max, shape, dtype, endpoint=True)


def scale(step: float, zero_point: int = 0) -> Quantization:
    """One scale and zero point for the whole tensor."""
    return Quantization.per_tensor(step, zero_point)


def feed(
    dtype: type[np.integer], shape: tuple[int, ...], quantization: Quantization
) -> Feed:
    """A quantized input over the whole range of its type."""
    return Feed(integers(dtype, *shape), quantization)


def weights(shape: tuple[int, ...], axis: int | None) -> Constant:
    """int8 weights without -128; one scale per channel along `axis`, or only one."""
    values = np.maximum(integers(np.int8, *shape), -127).astype(np.int8)
    if axis is None:
        return Constant(values, scale(0.01))
    steps = np.linspace(0.005, 0.015, shape[axis], dtype=np.float32)
    return Constant(values, Quantization.per_channel(steps, axis))


def bias(
    input_scale: float, given: Constant, channels: int, dtype: type[np.integer]
) -> Constant:
    """A bias at the scale of the products of the input and the weights `given`."""
    quantization = given.quantization
    assert quantization is not None
    steps = quantization.scale * np.float32(input_scale)
    values = np.random.default_rng(channels).integers(-2000, 2000, channels)
    made = (
        Quantization.per_channel(steps, 0)
        if quantization.is_per_channel
        else scale(float(steps[0]))
    )
    return Constant(values.astype(dtype), made)
