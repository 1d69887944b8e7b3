"""Windows that slide over depth, height and width."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING

import numpy as np

from gossamer.ir.op import Op, require
from gossamer.ops.window import Window

if TYPE_CHECKING:
    from gossamer.ir.types import Array, Shape

Triple = tuple[int, int, int]
"""Something of (depth, height, width)."""


@dataclass(frozen=True, slots=True)
class VolumeWindow:
    """A kernel over volumes; its axes do not depend on each other."""

    padding: str
    kernel: Triple
    stride: Triple
    dilation: Triple

    def axis(self, index: int) -> Window:
        """The same along one axis, as a flat window's vertical axis."""
        return Window(
            self.padding,
            (self.kernel[index], 1),
            (self.stride[index], 1),
            (self.dilation[index], 1),
        )

    def check(self, op: Op) -> None:
        """Raise `GraphError` unless padding is known and all numbers are positive."""
        for index in range(3):
            self.axis(index).check(op)

    def pads(self, shape: Shape) -> tuple[tuple[int, int], ...]:
        """Cells of padding before and after the axes of an (N, D, H, W, C) array."""
        return tuple(self.axis(i).pads(shape[i + 1], 0) for i in range(3))

    def output_sizes(self, shape: Shape) -> tuple[int, ...]:
        """Places of the window along the axes of an (N, D, H, W, C) array."""
        return tuple(self.axis(i).output_size(shape[i + 1], 0) for i in range(3))

    def output_shape(self, op: Op, shape: Shape, channels: int) -> Shape:
        """The shape of what windows over an (N, D, H, W, C) array give.

        Raises:
            GraphError: no window fits.
        """
        self.check(op)
        sizes = self.output_sizes(shape)
        require(
            0 not in sizes,
            op,
            f"a window of {self.kernel} does not fit in {shape[1:4]} with "
            f"{self.padding} padding",
        )
        return (shape[0], *sizes, channels)

    def taps(self) -> list[Triple]:
        """Every cell of the kernel."""
        depth, height, width = self.kernel
        return list(product(range(depth), range(height), range(width)))


def convolve_volume(x: Array, weights: Array, window: VolumeWindow) -> Array:
    """(N, D, H, W, C) by (KD, KH, KW, C, O): one matrix product per tap."""
    sizes = window.output_sizes(x.shape)
    padded = np.pad(x, ((0, 0), *window.pads(x.shape), (0, 0)))
    result = np.zeros((x.shape[0], *sizes, weights.shape[4]), x.dtype)
    for tap in window.taps():
        places = _places(window, tap, sizes)
        result += padded[(slice(None), *places)] @ weights[tap]
    return result


def convolve_volume_transposed(
    x: Array, weights: Array, window: VolumeWindow, shape: Shape
) -> Array:
    """(N, D, H, W, C) by (KD, KH, KW, O, C), added up in an array of `shape`."""
    before = [pair[0] for pair in window.pads(shape)]
    # Room for every window, so that those that stick out can be cut off.
    room = [
        max(
            before[i] + shape[i + 1],
            (x.shape[i + 1] - 1) * window.stride[i]
            + (window.kernel[i] - 1) * window.dilation[i]
            + 1,
        )
        for i in range(3)
    ]
    result = np.zeros((x.shape[0], *room, weights.shape[3]), x.dtype)
    for tap in window.taps():
        places = _places(window, tap, x.shape[1:4])
        result[(slice(None), *places)] += x @ weights[tap].T
    inner = (slice(before[i], before[i] + shape[i + 1]) for i in range(3))
    return result[(slice(None), *inner)]


def _places(window: VolumeWindow, tap: Triple, sizes: Shape) -> tuple[slice, ...]:
    """Where a tap lies under each place of the window, along the three axes."""
    starts = [tap[i] * window.dilation[i] for i in range(3)]
    return tuple(
        slice(starts[i], starts[i] + (sizes[i] - 1) * window.stride[i] + 1, stride)
        for i, stride in enumerate(window.stride)
    )
