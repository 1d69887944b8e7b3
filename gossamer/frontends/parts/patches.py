"""Windows of a grid cut out and laid side by side, and added up again."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from gossamer.frontends.emitter import dims
from gossamer.frontends.parts.shaping import reshape
from gossamer.frontends.report import Unsupported
from gossamer.ops.gather import Gather
from gossamer.ops.pad import Pad
from gossamer.ops.reduce import Sum
from gossamer.ops.space_to_depth import SpaceToDepth

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gossamer.frontends.emitter import Emitter
    from gossamer.frontends.parts.convolution import Window
    from gossamer.ir.graph import Tensor
    from gossamer.ir.types import Array, Shape


def patches(emitter: Emitter, x: Tensor, size: Shape, moves: Window) -> Tensor:
    """(batch, *sizes, channels) -> (batch, *counts, cells of a window * channels).

    SPACE_TO_DEPTH where square windows tile a plane, and GATHER elsewhere.

    Raises:
        Unsupported: a size is not known.
    """
    count = len(size)
    known = _known(x, range(1, count + 1))
    square = len(set(size)) == 1 and count == 2
    tiles = size == moves.strides and not any(np.mod(known, size))
    if square and tiles and max(moves.dilation) == 1:
        return emitter.emit(SpaceToDepth(size[0]), x)
    if moves.padding == "same":
        border = [
            same_border(*row)
            for row in zip(known, size, moves.strides, moves.dilation, strict=True)
        ]
        x = _bordered(emitter, x, [(0, 0), *border, (0, 0)])
        known = dims(x)[1:-1]
    along = [
        windows(*row)
        for row in zip(known, size, moves.strides, moves.dilation, strict=True)
    ]
    batch, *_, channels = dims(x)
    line = reshape(emitter, x, (batch, math.prod(known), channels))
    cells = emitter.indices("cells", cells_in_line(known, along))
    cut = emitter.emit(Gather(1), line, cells)
    counts = [len(starts) for starts in along]
    return reshape(emitter, cut, (batch, *counts, math.prod(size) * channels))


def unfold(
    emitter: Emitter, x: Tensor, size: Shape, moves: Window, border: Shape
) -> Tensor:
    """(batch, channels, height, width) -> (batch, channels * cells, windows).

    `border` is the width of zeros on either side of height and width.
    """
    x = _bordered(emitter, x, [(0, 0), (0, 0), *((width, width) for width in border)])
    known = _known(x, (2, 3))
    cells = _cells_of(known, size, moves)
    batch, channels = dims(x)[:2]
    line = reshape(emitter, x, (batch, channels, math.prod(known)))
    cut = emitter.emit(Gather(2), line, emitter.indices("cells", cells.T))
    return reshape(emitter, cut, (batch, channels * cells.shape[1], len(cells)))


def fold(
    emitter: Emitter,
    x: Tensor,
    result: Shape,
    size: Shape,
    moves: Window,
    border: Shape,
) -> Tensor:
    """(batch, channels * cells, windows) -> (batch, channels, height, width).

    What windows have in common is added up: for each cell of the result a GATHER
    fetches its values, of which there are as many as windows overlap.
    """
    whole = tuple(n + 2 * b for n, b in zip(result, border, strict=True))
    cells = _cells_of(whole, size, moves).T
    batch, rows, count = dims(x)[0], *_known(x, (1, 2))
    channels = rows // len(cells)
    line = reshape(emitter, x, (batch, channels, len(cells) * count))
    line = _bordered(emitter, line, [(0, 0), (0, 0), (0, 1)])
    sources = _sources(cells.reshape(-1), math.prod(whole), cells.size)
    inside = tuple(slice(b, b + n) for n, b in zip(result, border, strict=True))
    kept = sources.reshape(-1, *whole)[(slice(None), *inside)]
    places = emitter.indices("sources", kept.reshape(len(kept), -1))
    values = emitter.emit(Gather(2), line, places)
    total = emitter.emit(Sum(), values, emitter.indices("axis", [2]))
    return reshape(emitter, total, (batch, channels, *result))


def _sources(cells: Array, count: int, nothing: int) -> Array:
    """(most values of a cell, count): what each cell adds up, filled with `nothing`."""
    order = np.argsort(cells, kind="stable")
    numbers = np.bincount(cells, minlength=count)
    starts = np.cumsum(numbers) - numbers
    sources = np.full((max(int(numbers.max()), 1), count), nothing)
    places = cells[order]
    sources[np.arange(len(cells)) - starts[places], places] = order
    return sources


def _cells_of(known: Shape, size: Shape, moves: Window) -> Array:
    """(windows, cells of one), counted in the plane."""
    along = [
        windows(*row)
        for row in zip(known, size, moves.strides, moves.dilation, strict=True)
    ]
    return cells_in_line(known, along)


def windows(size: int, window: int, stride: int, dilation: int) -> Array:
    """(windows, cells of one): where windows lie that are inside of an axis."""
    last = size - (window - 1) * dilation
    return np.arange(0, last, stride)[:, None] + np.arange(window) * dilation


def cells_in_line(sizes: Shape, along: Sequence[Array]) -> Array:
    """(windows, cells of one) in a grid of `sizes` that is counted as one line.

    `along` are the windows' cells along each axis.
    """
    places: Array = np.zeros((1, 1), np.int64)
    for size, one in zip(sizes, along, strict=True):
        spread = places[:, None, :, None] * size + one[None, :, None, :]
        places = spread.reshape(len(places) * len(one), -1)
    return places


def same_border(size: int, window: int, stride: int, dilation: int) -> tuple[int, int]:
    """The cells that padding "same" adds before and behind an axis."""
    covered = (window - 1) * dilation + 1
    total = max((-(-size // stride) - 1) * stride + covered - size, 0)
    return total // 2, total - total // 2


def _bordered(emitter: Emitter, x: Tensor, widths: list[tuple[int, int]]) -> Tensor:
    if not any(map(any, widths)):
        return x
    return emitter.emit(Pad(), x, emitter.indices("paddings", widths))


def _known(x: Tensor, axes: Sequence[int]) -> Shape:
    sizes = tuple(dims(x)[axis] for axis in axes)
    if -1 in dims(x)[1:]:
        raise Unsupported(
            f"its windows depend on sizes that are not known: {dims(x)}",
            "Fix all sizes but the batch in keras.Input.",
        )
    return sizes
