"""Weights in kernel order, made at compile time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    from gossamer.kernels.gemm import Gemm


def pack_panels(weights: npt.NDArray[Any], plan: Gemm) -> npt.NDArray[Any]:
    """Weights (columns, segments, elements) as panels [panel][word][column][depth].

    Elements are filled up to whole words with zeros, the last panel to whole vectors.
    """
    columns, segments, elements = weights.shape
    depth = plan.multiply.depth
    words = plan.depth.words
    filled = np.zeros((columns, segments, words * depth), weights.dtype)
    filled[:, :, :elements] = weights
    ordered = filled.reshape(columns, segments * words, depth)
    parts: list[npt.NDArray[Any]] = []
    for first in range(0, columns, plan.panel_columns):
        panel = ordered[first : first + plan.panel_columns]
        width = -(-len(panel) // plan.lanes) * plan.lanes
        block = np.zeros((width, segments * words, depth), weights.dtype)
        block[: len(panel)] = panel
        parts.append(np.ascontiguousarray(block.transpose(1, 0, 2)).ravel())
    return np.concatenate(parts)


def pad_columns(values: npt.NDArray[Any], plan: Gemm) -> npt.NDArray[Any]:
    """One value per column, filled up with zeros to whole panels."""
    width = -(-len(values) // plan.panel_columns) * plan.panel_columns
    padded = np.zeros(width, values.dtype)
    padded[: len(values)] = values
    return padded
