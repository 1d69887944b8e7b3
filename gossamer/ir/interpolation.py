"""Functions of 16-bit numbers from a table of 513 results."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gossamer.ir.arithmetic import parameters, round_half_away

if TYPE_CHECKING:
    from collections.abc import Callable

    from gossamer.ir.graph import Tensor
    from gossamer.ir.types import Array


def interpolated(
    x: Tensor, y: Tensor, function: Callable[[Array], Array], array: Array
) -> Array:
    """A function of int16 numbers from 513 tabulated values, linear in between.

    Each value is moved by half the error that the line makes in the middle of its
    stretch, as in the reference kernels (float32 throughout). Slopes keep 16 bits.
    """
    scale, zero_point = parameters(x)
    output_scale, output_zero_point = parameters(y)
    limits = np.iinfo(np.int16)
    low = scale * np.float32(limits.min - zero_point)
    high = scale * np.float32(limits.max - zero_point)
    step = (high - low) / np.float32(512)
    greatest = output_scale * np.float32(limits.max - output_zero_point)
    least = output_scale * np.float32(limits.min - output_zero_point)
    inverse = np.float32(65536) / (greatest - least)
    starts = low + np.arange(512).astype(np.float32) * step

    def sampled(at: Array) -> Array:
        return function(at.astype(np.float32)).astype(np.float32) * inverse

    values = round_half_away(sampled(starts))
    ends = sampled(low + np.arange(1, 513).astype(np.float32) * step)
    line = round_half_away((ends + values.astype(np.float32)) / np.float32(2))
    middle = round_half_away(sampled(starts + step / np.float32(2)))
    moved = values - round_half_away((line - middle) / 2)
    last = round_half_away(sampled(np.array([high])))
    # What is not a number becomes 0 where C converts it.
    table = np.nan_to_num(np.concatenate([moved, last]), nan=0.0)
    whole = np.clip(table, limits.min, limits.max).astype(np.int64)
    place = (array.astype(np.int64) >> 7) + 256
    slope = (whole[place + 1] - whole[place]).astype(np.int16).astype(np.int64)
    return (whole[place] + ((slope * (array & 127) + 64) >> 7)).astype(np.int16)
