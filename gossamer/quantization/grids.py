"""The scale of weights that are multiples of one already, as training left them.

Weights that were rounded while they were trained, and multiplied by a factor for each
channel since, are k * s with whole numbers k. The greatest |k| need not be 127: then
max|w| / 127 would be another scale, and rounding to it would move all weights.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gossamer.ir.quantization import Quantization
from gossamer.ir.types import DType, limits_of
from gossamer.quantization.ranges import weight_quantization

if TYPE_CHECKING:
    from gossamer.ir.types import Array

_NEAR = 1e-3
"""How far from a whole number a multiple may be, for the rounding of float32."""

_GLANCE = 32
"""So many weights of a channel are looked at before all are."""

_FEWEST = 4
"""A channel of fewer weights is on too many grids to tell."""


def grid_quantization(
    array: Array, axis: int | None, dtype: DType = DType.INT8
) -> Quantization:
    """Symmetric int8 or int4 for weights, by the scale of which they are multiples.

    A channel that is on no grid gets max|w| / 127 as other weights do. Of several
    scales, the smallest is taken, beside which a bias is stored best.

    Args:
        array: float32 weights.
        axis: counts the channels; None for one scale for all.
        dtype: INT8 or INT4.
    """
    usual = weight_quantization(array, axis, dtype)
    steps = _steps(_rows(array, axis), limits_of(dtype)[1])
    largest = usual.scale.astype(np.float64) * limits_of(dtype)[1]
    found = (largest / np.maximum(steps, 1)).astype(np.float32)
    scale = np.where(steps > 0, found, usual.scale)
    if axis is None:
        return Quantization.per_tensor(float(scale[0]))
    return Quantization.per_channel(scale, axis)


def fits_int4(array: Array, axis: int | None) -> bool:
    """Whether weights are multiples of their channels' scales by at most 7."""
    rows = _rows(array, axis)
    if rows.shape[1] < _FEWEST:
        return False
    return bool((_steps(rows, limits_of(DType.INT4)[1]) > 0).all())


def _rows(array: Array, axis: int | None) -> Array:
    """Weights as (channels, weights of a channel)."""
    if axis is None:
        return array.reshape(1, -1)
    return np.moveaxis(array, axis, 0).reshape(array.shape[axis], -1)


def _steps(rows: Array, limit: int) -> Array:
    """The greatest multiple in each channel, `limit` at most; 0 where there is none."""
    largest = np.abs(rows).max(1, keepdims=True, initial=0.0).astype(np.float64)
    parts = rows / np.where(largest > 0, largest, 1.0)
    steps: Array = np.where(largest[:, 0] > 0, 0, limit)
    for step in range(limit, 0, -1):
        left = np.flatnonzero(steps == 0)
        left = left[_whole(parts[left, :_GLANCE] * step)]
        steps[left[_whole(parts[left] * step)]] = step
    return steps


def _whole(multiples: Array) -> Array:
    """Whether all numbers of a row are whole, about."""
    off = np.abs(multiples - np.rint(multiples))
    return np.asarray((off < _NEAR).all(1))
