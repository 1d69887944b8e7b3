"""Weights in kernel order, made at compile time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from gossamer.kernels.arithmetic.packing import packed_order
from gossamer.kernels.products.epilogue import is_packed
from gossamer.kernels.products.multiply import ShortQuadMultiply
from gossamer.nest.stmt import SHORT_ORDER

if TYPE_CHECKING:
    import numpy.typing as npt

    from gossamer.kernels.products.product import Gemm


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
    for first in plan.panel_starts:
        panel = ordered[first : first + plan.panel_columns]
        width = -(-len(panel) // plan.lanes) * plan.lanes
        block = np.zeros((width, segments * words, depth), weights.dtype)
        block[: len(panel)] = panel
        block = block[column_order(width, plan)]
        parts.append(np.ascontiguousarray(block.transpose(1, 0, 2)).ravel())
    packed = np.concatenate(parts)
    if isinstance(plan.multiply, ShortQuadMultiply):
        pairs = packed.reshape(-1, len(SHORT_ORDER), 2)
        return pairs[:, list(SHORT_ORDER)].ravel()
    return packed


def column_order(width: int, plan: Gemm) -> npt.NDArray[np.intp]:
    """Which column stands where in a panel of `width` columns."""
    if plan.packs_rows and is_packed(width // plan.lanes):
        return packed_order(width)
    return np.arange(width)


def pad_columns(values: npt.NDArray[Any], plan: Gemm) -> npt.NDArray[Any]:
    """One value per column in the panels' order, filled up with zeros."""
    parts: list[npt.NDArray[Any]] = []
    for first in plan.panel_starts:
        panel = values[first : first + plan.panel_columns]
        width = -(-len(panel) // plan.lanes) * plan.lanes
        block = np.zeros(width, values.dtype)
        block[: len(panel)] = panel
        parts.append(block[column_order(width, plan)])
    return np.concatenate(parts)
