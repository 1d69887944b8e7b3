"""Adaptive pooling by operators: a stated number of windows over each axis.

Window `i` of `n` over an axis of `size` cells goes from floor(i * size / n) to
ceil((i + 1) * size / n).
"""

from __future__ import annotations

import math
from functools import reduce
from typing import TYPE_CHECKING

import numpy as np

from gossamer.frontends.emitter import dims
from gossamer.frontends.parts.patches import cells_in_line
from gossamer.frontends.parts.pooling import AVERAGE, LARGEST, pool
from gossamer.frontends.parts.shaping import reshape
from gossamer.frontends.report import Unsupported
from gossamer.ops.batch_matmul import BatchMatMul
from gossamer.ops.gather import Gather
from gossamer.ops.reduce import ReduceMax

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gossamer.frontends.emitter import Emitter
    from gossamer.ir.graph import Tensor
    from gossamer.ir.types import Array, Shape


def adaptive_average(emitter: Emitter, x: Tensor, counts: Shape) -> Tensor:
    """(batch, *sizes, channels) -> (batch, *counts, channels).

    One AVERAGE_POOL_2D where each size is a multiple of its count, and a product with
    a constant matrix elsewhere.
    """
    sizes = _sizes(x)
    if _is_even(sizes, counts):
        return _evenly(emitter, x, counts)
    shares = [_shares(size, count) for size, count in zip(sizes, counts, strict=True)]
    matrix = emitter.constant("shares", reduce(np.kron, shares)[np.newaxis])
    y = emitter.emit(BatchMatMul(), matrix, _in_one_line(emitter, x, sizes))
    return reshape(emitter, y, (dims(x)[0], *counts, dims(x)[-1]))


def adaptive_max(emitter: Emitter, x: Tensor, counts: Shape) -> Tensor:
    """(batch, *sizes, channels) -> (batch, *counts, channels).

    One MAX_POOL_2D where each size is a multiple of its count; elsewhere the cells of
    each window are gathered, some twice where windows differ in size.
    """
    sizes = _sizes(x)
    if _is_even(sizes, counts):
        return _evenly(emitter, x, counts, is_average=False)
    along = [_along(size, count) for size, count in zip(sizes, counts, strict=True)]
    cells = emitter.indices("cells", cells_in_line(sizes, along))
    line = _in_one_line(emitter, x, sizes)
    windows = emitter.emit(Gather(1), line, cells)
    y = emitter.emit(ReduceMax(), windows, emitter.indices("axes", [2]))
    return reshape(emitter, y, (dims(x)[0], *counts, dims(x)[-1]))


def _sizes(x: Tensor) -> Shape:
    sizes = dims(x)[1:]
    if -1 in sizes:
        raise Unsupported(
            f"its windows depend on sizes that are not known: {dims(x)}",
            "Fix all sizes but the batch in keras.Input.",
        )
    return sizes[:-1]


def _is_even(sizes: Shape, counts: Shape) -> bool:
    return all(size % count == 0 for size, count in zip(sizes, counts, strict=True))


def _evenly(
    emitter: Emitter, x: Tensor, counts: Shape, *, is_average: bool = True
) -> Tensor:
    kind = AVERAGE if is_average else LARGEST
    window = tuple(a // b for a, b in zip(_sizes(x), counts, strict=True))
    return pool(emitter, kind, x, window, window, "valid")


def _in_one_line(emitter: Emitter, x: Tensor, sizes: Shape) -> Tensor:
    """(batch, *sizes, channels) as (batch, cells, channels)."""
    return reshape(emitter, x, (dims(x)[0], math.prod(sizes), dims(x)[-1]))


def _window(index: int, size: int, count: int) -> range:
    return range(index * size // count, -(-(index + 1) * size // count))


def _shares(size: int, count: int) -> Array:
    """(count, size): what each cell gives to each window's average."""
    shares = np.zeros((count, size), np.float32)
    for index in range(count):
        window = _window(index, size, count)
        shares[index, window.start : window.stop] = 1 / len(window)
    return shares


def _along(size: int, count: int) -> Array:
    """(count, cells of the largest): a window's cells, its last one repeated."""
    windows: Sequence[range] = [_window(index, size, count) for index in range(count)]
    longest = max(map(len, windows))
    starts = np.array([window.start for window in windows])[:, np.newaxis]
    ends = np.array([window.stop - 1 for window in windows])[:, np.newaxis]
    return np.minimum(starts + np.arange(longest), ends)
