"""Where products of a sliding window read and write, axis by axis.

Three axes of places: planes, lines, columns. A plane is an image of a batch or a slice
of a volume. What is transposed falls into one product per phase of its stride.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from gossamer.kernels.products.product import Depth, Rows

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, slots=True)
class Axis:
    """One axis of a product: its outputs, and the input cells under them.

    Output number n lies at cell `out_first + n * out_step` of `out_size`; its tap t
    at input cell `first + n * step + t * reach` of `size`.
    """

    size: int
    out: int
    taps: int = 1
    step: int = 1
    reach: int = 1
    first: int = 0
    out_size: int = 0
    out_first: int = 0
    out_step: int = 1

    @staticmethod
    def sliding(size: int, out: int, taps: int, step: int, reach: int) -> Axis:
        """All places of a window along an axis of `size` cells, border included."""
        return Axis(size, out, taps, step, reach, out_size=out)

    @staticmethod
    def still(size: int) -> Axis:
        """Cells that do not meet: the images of a batch."""
        return Axis(size, size, out_size=size)


Axes = tuple[Axis, Axis, Axis]
"""Planes, lines and columns."""


@dataclass(frozen=True, slots=True)
class Phase:
    """Outputs of a transposed window that lie a stride apart, and their taps.

    `kernel` are the cells of the kernel under the taps; None where there is none.
    """

    axis: Axis
    kernel: tuple[int | None, ...]


@dataclass(frozen=True, slots=True)
class Phases:
    """All phases along an axis, and the border that the input needs for them."""

    parts: tuple[Phase, ...]
    before: int
    after: int


def phases_of(
    size: int, out: int, kernel: int, stride: int, before: int, dilation: int = 1
) -> Phases:
    """The phases of a transposed window: `before` outputs are cut off at the start.

    Input cell i adds kernel cell t to the output `i * stride + t * dilation - before`.
    """
    reach = (kernel - 1) * dilation + 1
    parts: list[Phase] = []
    for offset in range(min(stride, out)):
        start, rest = divmod(offset + before, stride)
        spread = range(rest, reach, stride)
        cells = [t // dilation if t % dilation == 0 else None for t in spread] or [None]
        taps = len(cells)
        axis = Axis(
            size,
            -(-(out - offset) // stride),
            taps,
            first=start - (taps - 1),
            out_size=out,
            out_first=offset,
            out_step=stride,
        )
        parts.append(Phase(axis, tuple(reversed(cells))))
    return _with_border(parts, size)


def _with_border(parts: Sequence[Phase], size: int) -> Phases:
    """The phases in an input with room for the taps of all of them."""
    first = min(part.axis.first for part in parts)
    last = max(part.axis.first + part.axis.out + part.axis.taps - 2 for part in parts)
    before, after = max(-first, 0), max(last - size + 1, 0)
    moved = [
        replace(
            part,
            axis=replace(
                part.axis, size=size + before + after, first=part.axis.first + before
            ),
        )
        for part in parts
    ]
    return Phases(tuple(moved), before, after)


@dataclass(frozen=True, slots=True)
class Layout:
    """A product in memory: rows and depth of the input, strides of the output.

    Distances are in bytes. `elements` of the input adjoin in each of `runs` runs;
    `planes` counts the outermost lines; `target` is the output's distance between
    planes, lines and rows.
    """

    rows: Rows
    runs: int
    elements: int
    levels: tuple[tuple[int, int], ...]
    target: tuple[int, int, int]
    source_offset: int
    target_offset: int

    def depth(self, per_word: int) -> Depth:
        """The inner dimension in words of `per_word` elements."""
        words = -(-self.elements // per_word)
        (segments, far), (parts, near) = self.levels
        return Depth(words, segments, far, parts, near)


def layout(
    axes: Axes, channels: int, element: int, pixel: int, *, taken: int = 0
) -> Layout | None:
    """The product over `axes` in bytes; None where its taps take too many loops.

    Args:
        axes: planes, lines and columns.
        channels: of an input cell.
        element: bytes of one of them.
        pixel: bytes of an output cell.
        taken: channels that a group takes, 0 for all.
    """
    planes, lines, columns = axes
    depth = taken or channels
    cell = channels * element
    line = columns.size * cell
    strides = (lines.size * line, line, cell)
    out_line = columns.out_size * pixel
    out_strides = (lines.out_size * out_line, out_line, pixel)
    adjoin = columns.taps == 1 or (columns.reach == 1 and depth == channels)
    elements = depth * (columns.taps if adjoin else 1)
    levels = [
        (axis.taps, axis.reach * stride)
        for axis, stride in zip(axes, strides, strict=True)
        if axis.taps > 1 and not (axis is columns and adjoin)
    ]
    if len(levels) > 2:
        return None
    levels = [*[(1, 0)] * (2 - len(levels)), *levels]
    steps = [axis.step * stride for axis, stride in zip(axes, strides, strict=True)]
    rows = Rows(
        columns.out,
        steps[2],
        planes.out * lines.out,
        steps[1],
        lines.out,
        steps[0],
    )
    return Layout(
        rows,
        math.prod(count for count, _ in levels),
        elements,
        tuple(levels),
        (
            planes.out_step * out_strides[0],
            lines.out_step * out_strides[1],
            columns.out_step * out_strides[2],
        ),
        sum(a.first * stride for a, stride in zip(axes, strides, strict=True)),
        sum(a.out_first * stride for a, stride in zip(axes, out_strides, strict=True)),
    )


def flat_layout(
    rows: int, channels: int, element: int, pixel: int, *, taken: int = 0
) -> Layout:
    """Rows that adjoin on both sides, each a cell of its own."""
    return Layout(
        Rows(rows, channels * element),
        1,
        taken or channels,
        ((1, 0), (1, 0)),
        (0, 0, pixel),
        0,
        0,
    )
