"""Arrays and inputs for the arithmetic operators' cases, the same in every run."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gossamer.ir.quantization import Quantization
from tests.ops.contract import Constant, Feed

if TYPE_CHECKING:
    import numpy.typing as npt

    from gossamer.ir.types import Array


def floats(*shape: int, seed: int = 0, reach: float = 2.0) -> Array:
    """Float32 numbers of both signs, most of them within `reach`."""
    rng = np.random.default_rng([seed, *shape])
    return np.asarray(rng.normal(size=shape) * reach / 2, np.float32)


def integers(dtype: npt.DTypeLike, *shape: int, seed: int = 0) -> Array:
    """Integers over the whole range of a type, both ends among them."""
    limits = np.iinfo(dtype)
    rng = np.random.default_rng([seed, *shape])
    drawn = np.asarray(
        rng.integers(limits.min, limits.max, shape, np.int64, endpoint=True), dtype
    )
    if drawn.size > 1:
        drawn.reshape(-1)[:2] = limits.min, limits.max
    return drawn


def scale(real: float, zero_point: int = 0) -> Quantization:
    """One scale and zero point for the whole tensor."""
    return Quantization.per_tensor(real, zero_point)


def feed(dtype: npt.DTypeLike, shape: tuple[int, ...], q: Quantization) -> Feed:
    """An integer input over the whole range of its type."""
    return Feed(integers(dtype, *shape), q)


def channel_scales(count: int, least: float) -> Array:
    """Scales from `least` to nine times as much, a different one per channel."""
    rng = np.random.default_rng(count)
    return (least * rng.uniform(1, 9, count)).astype(np.float32)


def weights(shape: tuple[int, ...], axis: int | None, least: float = 0.004) -> Constant:
    """Symmetric int8 weights with a scale per index along `axis`, or one for all."""
    drawn = np.maximum(integers(np.int8, *shape, seed=1), -127).astype(np.int8)
    if axis is None:
        return Constant(drawn, scale(least))
    return Constant(
        drawn, Quantization.per_channel(channel_scales(shape[axis], least), axis)
    )


def bias(x_scale: float, given: Constant, count: int, dtype: npt.DTypeLike) -> Constant:
    """A bias of the product's scales, large enough to matter."""
    assert given.quantization is not None
    scales = (np.float32(x_scale) * given.quantization.scale).astype(np.float32)
    drawn = np.random.default_rng(count).integers(-3000, 3000, count)
    zero_points = np.zeros(scales.size, np.int64)
    return Constant(drawn.astype(dtype), Quantization(scales, zero_points, 0))
