"""Whole numbers as vectors that tell which they are, or how often each occurs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gossamer.frontends.emitter import dims
from gossamer.frontends.parts.shaping import expand_dims, squeeze
from gossamer.frontends.report import Unsupported
from gossamer.ir.types import DType
from gossamer.ops.arithmetic import Mul
from gossamer.ops.one_hot import OneHot
from gossamer.ops.reduce import ReduceMax, Sum

if TYPE_CHECKING:
    from gossamer.frontends.emitter import Emitter
    from gossamer.ir.graph import Tensor


def one_hot(
    emitter: Emitter, x: Tensor, depth: int, dtype: DType, axis: int = -1
) -> Tensor:
    """A new axis of `depth`, 1 at the number; all 0 for a number outside of it."""
    places = (
        x if x.dtype in (DType.INT32, DType.INT64) else emitter.cast(x, DType.INT32)
    )
    on, off = (
        emitter.constant(y, np.array(y == "on", dtype.numpy)) for y in ("on", "off")
    )
    return emitter.emit(
        OneHot(axis=-1 if axis == x.type.rank else axis),
        places,
        emitter.indices("depth", depth),
        on,
        off,
    )


def encoded(
    emitter: Emitter,
    x: Tensor,
    mode: str,
    depth: int,
    dtype: DType,
    weights: Tensor | None = None,
) -> Tensor:
    """Numbers below `depth` as a preprocessing layer gives them out.

    Args:
        emitter: where the nodes go.
        x: whole numbers.
        mode: "int" for the numbers themselves, "one_hot" for a vector for each,
            "multi_hot" for which occur in a row, "count" for how often.
        depth: how many numbers there are.
        dtype: of the result.
        weights: for "count", what each occurrence counts; of the shape of `x`.

    Raises:
        Unsupported: another mode.
    """
    if mode == "int":
        return emitter.cast(x, dtype)
    if mode not in ("one_hot", "multi_hot", "count"):
        raise Unsupported(f"it has output_mode='{mode}'", "Use 'count' or 'multi_hot'.")
    rows = x if dims(x) else expand_dims(emitter, x, 0)
    rank = rows.type.rank
    if mode == "one_hot" and rank > 1 and dims(rows)[-1] == 1:
        rows = squeeze(emitter, rows, (-1,))
    hot = one_hot(emitter, rows, depth, dtype)
    if mode == "one_hot":
        return hot
    if weights is not None:
        shown = expand_dims(emitter, emitter.cast(weights, dtype), weights.type.rank)
        hot = emitter.emit(Mul(), hot, shown)
    axis = emitter.indices("axis", [1 if rank > 1 else 0])
    return emitter.emit(ReduceMax() if mode == "multi_hot" else Sum(), hot, axis)
