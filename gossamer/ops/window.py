"""Windows that slide over height and width: sizes, padding and patches."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from gossamer.ir.op import Op, require

if TYPE_CHECKING:
    from gossamer.ir.types import Array, Shape


@dataclass(frozen=True, slots=True)
class Window:
    """A kernel of (height, width) cells; every pair is (vertical, horizontal)."""

    padding: str
    kernel: tuple[int, int]
    stride: tuple[int, int]
    dilation: tuple[int, int] = (1, 1)

    @property
    def extent(self) -> tuple[int, int]:
        """Rows and columns from the kernel's first cell to its last."""
        return (
            (self.kernel[0] - 1) * self.dilation[0] + 1,
            (self.kernel[1] - 1) * self.dilation[1] + 1,
        )

    def check(self, op: Op) -> None:
        """Raise `GraphError` unless padding is known and all numbers are positive."""
        require(
            self.padding in ("same", "valid"),
            op,
            f"the padding is '{self.padding}'; expected 'same' or 'valid'",
        )
        for name in ("kernel", "stride", "dilation"):
            pair: tuple[int, int] = getattr(self, name)
            require(
                min(pair) >= 1,
                op,
                f"the {name} is {pair[0]}x{pair[1]}; expected at least 1x1",
            )

    def output_size(self, size: int, axis: int) -> int:
        """Places of the window along an axis (0 vertical, 1 horizontal); -1 free."""
        if size < 0:
            return -1
        reach = 1 if self.padding == "same" else self.extent[axis]
        return max(0, (size - reach) // self.stride[axis] + 1)

    def pads(self, size: int, axis: int) -> tuple[int, int]:
        """Cells of padding before and after an axis of `size` cells."""
        if self.padding == "valid":
            return 0, 0
        places = self.output_size(size, axis)
        total = (places - 1) * self.stride[axis] + self.extent[axis] - size
        total = max(0, total)
        return total // 2, total - total // 2

    def output_shape(self, op: Op, shape: Shape, channels: int) -> Shape:
        """The shape of what windows over an (N, H, W, C) array give.

        Raises:
            GraphError: no window fits.
        """
        self.check(op)
        height = self.output_size(shape[1], 0)
        width = self.output_size(shape[2], 1)
        extent = f"{self.extent[0]}x{self.extent[1]}"
        require(
            height != 0 and width != 0,
            op,
            f"a window of {extent} does not fit in {shape[1]}x{shape[2]} with "
            f"{self.padding} padding",
        )
        return shape[0], height, width, channels

    def pad(self, x: Array, fill: float = 0) -> Array:
        """The array with the padding around it, filled with one value."""
        rows, columns = self.pads(x.shape[1], 0), self.pads(x.shape[2], 1)
        if rows == columns == (0, 0):
            return x
        return np.pad(x, ((0, 0), rows, columns, (0, 0)), constant_values=fill)

    def patches(self, x: Array, fill: float = 0) -> Array:
        """A view of shape (N, rows, columns, C, kernel height, kernel width)."""
        view = sliding_window_view(self.pad(x, fill), self.extent, axis=(1, 2))
        view = view[:, :: self.stride[0], :: self.stride[1]]
        return view[..., :: self.dilation[0], :: self.dilation[1]]

    def counts(self, height: int, width: int) -> Array:
        """How many cells of each window lie inside, of shape (rows, columns, 1)."""
        inside = self.patches(np.ones((1, height, width, 1), np.int64))
        return inside.sum(axis=(-1, -2))[0]


def convolve(x: Array, weights: Array, window: Window) -> Array:
    """Convolution by one matrix product per group.

    Args:
        x: (N, H, W, groups * C), already centred on its zero point.
        weights: (O, kernel height, kernel width, C) of the same type.
        window: how the kernel moves.

    Returns:
        (N, rows, columns, O) in the same type.
    """
    outputs, _, _, depth = weights.shape
    groups = x.shape[3] // depth
    patches = window.patches(x).transpose(0, 1, 2, 4, 5, 3)
    rows = patches.shape[:3]
    results: list[Array] = []
    for group, part in enumerate(np.split(weights, groups)):
        taken = patches[..., group * depth : (group + 1) * depth]
        size = window.kernel[0] * window.kernel[1] * depth
        flat = taken.reshape(rows[0] * rows[1] * rows[2], size)
        results.append(flat @ part.reshape(outputs // groups, size).T)
    return np.concatenate(results, axis=1).reshape(*rows, outputs)


def convolve_depthwise(x: Array, weights: Array, window: Window) -> Array:
    """Depthwise convolution: each input channel has its own kernels.

    Args:
        x: (N, H, W, C), already centred on its zero point.
        weights: (1, kernel height, kernel width, C * multiplier), same type.
        window: how the kernel moves.

    Returns:
        (N, rows, columns, C * multiplier) in the same type.
    """
    repeated = np.repeat(x, weights.shape[3] // x.shape[3], axis=3)
    patches = window.patches(repeated)
    result = np.zeros(patches.shape[:4], x.dtype)
    for row in range(window.kernel[0]):
        for column in range(window.kernel[1]):
            result += patches[..., row, column] * weights[0, row, column]
    return result


def convolve_transposed(
    x: Array, weights: Array, window: Window, sizes: tuple[int, int]
) -> Array:
    """Each input cell times the kernel, added up where the windows overlap.

    Args:
        x: (N, H, W, C), already centred on its zero point.
        weights: (O, kernel height, kernel width, C) of the same type.
        window: how the kernel moves over the output.
        sizes: height and width of the output; what lies outside is cut off.

    Returns:
        (N, height, width, O) in the same type.
    """
    outputs, kernel_height, kernel_width, _ = weights.shape
    (height, width), (down, right) = sizes, window.stride
    top, left = window.pads(height, 0)[0], window.pads(width, 1)[0]
    rows, columns = x.shape[1], x.shape[2]
    # Room for every window, so that those that stick out can be cut off.
    total = (
        max(top + height, (rows - 1) * down + kernel_height),
        max(left + width, (columns - 1) * right + kernel_width),
    )
    room = np.zeros((x.shape[0], *total, outputs), x.dtype)
    for row in range(kernel_height):
        for column in range(kernel_width):
            room[
                :,
                row : row + (rows - 1) * down + 1 : down,
                column : column + (columns - 1) * right + 1 : right,
            ] += x @ weights[:, row, column].T
    return room[:, top : top + height, left : left + width]
