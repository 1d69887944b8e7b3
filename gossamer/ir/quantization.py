"""How integers stand for real numbers: real = scale * (quantized - zero_point)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from gossamer.ir.types import limits_of

if TYPE_CHECKING:
    from gossamer.ir.graph import Tensor
    from gossamer.ir.types import Array, DType


def _no_floats() -> npt.NDArray[np.float32]:
    return np.zeros(0, np.float32)


def _no_integers() -> npt.NDArray[np.int64]:
    return np.zeros(0, np.int64)


@dataclass(frozen=True, slots=True, eq=False)
class Blockwise:
    """Scales that change every `block_size` elements of the last axis.

    `scales` and `zero_points` are constant tensors of the same subgraph;
    `block_shape` gives a size per axis where blocks span several.
    """

    scales: Tensor | None
    zero_points: Tensor | None
    block_size: int
    block_shape: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class MultiAxis:
    """Scales per index along several axes at once, as constant tensors."""

    scales: Tensor | None
    zero_points: Tensor | None
    block_size: int
    axes: tuple[int, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Quantization:
    """Scale and zero point, one for the tensor or one per index along `axis`."""

    scale: npt.NDArray[np.float32] = field(default_factory=_no_floats)
    zero_point: npt.NDArray[np.int64] = field(default_factory=_no_integers)
    axis: int = 0
    minimum: npt.NDArray[np.float32] = field(default_factory=_no_floats)
    maximum: npt.NDArray[np.float32] = field(default_factory=_no_floats)
    blockwise: Blockwise | None = None
    multi_axis: MultiAxis | None = None
    custom: bytes | None = None

    @staticmethod
    def per_tensor(scale: float, zero_point: int = 0) -> Quantization:
        return Quantization(
            np.array([scale], np.float32), np.array([zero_point], np.int64)
        )

    @staticmethod
    def per_channel(scale: Array, axis: int) -> Quantization:
        """Symmetric: one scale per index along `axis`, zero points 0."""
        return Quantization(
            np.asarray(scale, np.float32), np.zeros(len(scale), np.int64), axis
        )

    @property
    def is_set(self) -> bool:
        """Whether there is a scale at all (an empty record is common in files)."""
        return self.scale.size > 0 or self.blockwise is not None

    @property
    def is_per_channel(self) -> bool:
        return self.scale.size > 1

    def pair(self) -> tuple[float, int]:
        """The one scale and zero point of a per-tensor quantization."""
        zero_point = int(self.zero_point[0]) if self.zero_point.size else 0
        return float(self.scale[0]), zero_point

    def _along(self, values: Array, rank: int) -> Array:
        if values.size <= 1:
            return values.reshape(()) if values.size else np.zeros((), values.dtype)
        shape = [1] * rank
        shape[self.axis] = values.size
        return values.reshape(shape)

    def dequantize(self, array: Array) -> npt.NDArray[np.float32]:
        """Integers to real numbers, in float32."""
        zero_point = self._along(self.zero_point, array.ndim)
        scale = self._along(self.scale, array.ndim)
        return (scale * (array.astype(np.int64) - zero_point)).astype(np.float32)

    def quantize(self, array: Array, dtype: DType) -> Array:
        """Real numbers to integers, rounding half away from zero, saturating.

        What is not a number becomes the least.
        """
        zero_point = self._along(self.zero_point, array.ndim)
        scale = self._along(self.scale, array.ndim)
        scaled = (np.asarray(array, np.float32) / scale).astype(np.float64)
        # In float64, where adding a half to a float32 number is exact.
        rounded = np.trunc(scaled + np.copysign(0.5, scaled))
        low, high = limits_of(dtype)
        shifted = np.nan_to_num(rounded, nan=-np.inf) + zero_point
        return np.clip(shifted, low, high).astype(dtype.numpy)

    def same(self, other: Quantization | None) -> bool:
        """Whether both give the same scales and zero points on the same axis."""
        if other is None:
            return False
        return (
            np.array_equal(self.scale, other.scale)
            and np.array_equal(self.zero_point, other.zero_point)
            and (self.axis == other.axis or not self.is_per_channel)
        )
