"""Weights clipped where that makes their rounding better: a scale by least error.

A channel w of weights is stored as integers times a step of max|w| / 127. Clipped to a
smaller magnitude, it has a smaller step. Of some magnitudes f max|w|, the one with the
least sum of (w - w')**2 is taken, w' being w clipped and rounded. Since the clipped
weights are what the float model holds then, whatever stores them finds that scale as
the greatest of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gossamer.quantization.products import changes, products
from gossamer.quantization.ranges import NARROWEST, WEIGHT_LIMIT

if TYPE_CHECKING:
    from collections.abc import Callable

    from gossamer.ir.graph import Model, Node
    from gossamer.ir.types import Array

_PARTS = np.linspace(1, 0.6, 21)
"""What is tried: parts of the greatest magnitude."""


def clip_weights(
    model: Model, wanted: Callable[[Node], bool], limit: int = WEIGHT_LIMIT
) -> Model:
    """The model with every channel of weights clipped to its best magnitude.

    Args:
        model: a float model.
        wanted: tells which nodes will have integer weights.
        limit: the greatest integer that weights are stored as: 127, or 7 for int4.
    """
    made: dict[Node, Array] = {}
    for product in products(model):
        if wanted(product.node):
            matrix = product.matrix(_data(product.weights.data))
            magnitude = best_magnitudes(matrix, limit)[..., np.newaxis]
            clipped = np.clip(matrix, -magnitude, magnitude)
            made[product.node] = product.stored(clipped)
    return changes(made).apply(model)


def best_magnitudes(matrix: Array, limit: int = WEIGHT_LIMIT) -> Array:
    """The magnitude to clip each row of weights to: float32 (..., rows)."""
    largest: Array = np.maximum(np.abs(matrix).max(-1), np.float32(NARROWEST / 2))
    best: Array = largest
    least: Array = np.full(largest.shape, np.inf)
    for part in _PARTS.astype(np.float32):
        error = _error(matrix, part * largest, limit)
        better = error < least
        least = np.where(better, error, least)
        best = np.where(better, part * largest, best)
    return best.astype(np.float32)


def _error(matrix: Array, magnitude: Array, limit: int) -> Array:
    """The square error of each row on the grid of `limit` steps to a magnitude."""
    step = (magnitude / np.float32(limit))[..., np.newaxis]
    rounded = np.clip(np.rint(matrix / step), -limit, limit)
    return np.square(rounded * step - matrix).sum(-1, dtype=np.float64)


def _data(array: Array | None) -> Array:
    assert array is not None
    return array
