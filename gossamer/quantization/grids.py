"""Weights that lie on a uniform grid already, such as clustered ones can.

The step max|w| / 7 of int4 splits such a grid where a channel does not reach its end:
a channel of 0, s and 5 s has its values at 0, 7/5 and 7 of those steps. With the grid's
own step all of them are integers, and nothing is lost.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from gossamer.ir.types import Array

_NEAR = 2.0**-12
"""How far from an integer, in steps, a value on the grid may be by rounding."""


def grid_scale(array: Array, axis: int | None, limit: int) -> Array:
    """The step of each channel: its greatest magnitude is at most `limit` steps.

    It is that of the finest grid of so many steps which holds all values of the
    channel, and max|w| / limit where there is none.

    Args:
        array: weights.
        axis: that of the channels; None where all are one.
        limit: the greatest integer that weights are stored as.

    Returns:
        float32 (channels,).
    """
    rows = array.reshape(1, -1) if axis is None else np.moveaxis(array, axis, 0)
    rows = rows.reshape(len(rows), -1).astype(np.float64)
    largest = np.abs(rows).max(axis=1)
    scale = largest / limit
    is_found = largest == 0
    for steps in range(limit, 0, -1):
        if is_found.all():
            break
        left = np.flatnonzero(~is_found)
        placed = rows[left] * (steps / largest[left, np.newaxis])
        fits = left[(np.abs(placed - np.rint(placed)) < _NEAR).all(axis=1)]
        scale[fits] = largest[fits] / steps
        is_found[fits] = True
    return scale.astype(np.float32)
