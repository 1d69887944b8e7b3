"""Rules of convolutions and pooling."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gossamer.frontends.parts.convolution import (
    Window,
    convolve,
    depthwise,
    require_channels_last,
)
from gossamer.frontends.parts.pooling import AVERAGE, LARGEST, pool
from gossamer.frontends.parts.transposed import Extent, transposed
from gossamer.frontends.report import Unsupported
from gossamer.frontends.tensorflow.registry import operation
from gossamer.ops.pad import Pad

if TYPE_CHECKING:
    from gossamer.frontends.tensorflow.operation import Operation
    from gossamer.ir.graph import Tensor
    from gossamer.ir.types import Shape

_TRIED = (16, 23)
"""Sizes that tell how one size follows from another."""


@operation("Conv2D", known=(1,))
def _convolution(used: Operation) -> Tensor:
    x, window = _padded(used)
    return convolve(used, x, used.known(1, "filter"), None, window)


@operation("DepthwiseConv2dNative", known=(1,))
def _depthwise(used: Operation) -> Tensor:
    x, window = _padded(used)
    return depthwise(used, x, used.known(1, "filter"), None, window)


@operation("Conv2DBackpropInput", known=(0, 1))
def _transposed(used: Operation) -> Tensor:
    """The gradient of a convolution by its input is a transposed convolution."""
    window = _window(used, used.attribute("dilations"))
    kernel = used.known(1, "filter")
    axes = [
        _extent(
            used, window, axis, (kernel.shape[axis] - 1) * window.dilation[axis] + 1
        )
        for axis in range(2)
    ]
    return transposed(used, used.tensor(2), kernel, None, axes, window.dilation)


def _extent(used: Operation, window: Window, axis: int, covered: int) -> Extent:
    """Height or width of a transposed convolution of the size that is asked for."""
    stride = window.strides[axis]
    rest = _rest(used, stride, axis + 1)
    if window.padding == "same":
        begin = max(covered - stride - rest, 0) // 2
    elif window.padding == "explicit":
        begin = int(used.attribute("explicit_paddings")[2 * axis + 2])
    else:
        begin = 0
    return Extent(covered, stride, begin, rest)


def _rest(used: Operation, stride: int, axis: int) -> int:
    """By how much the result is larger than the input's size times the stride."""
    size = used.input_shape(2)[axis]
    if size >= 0 and used.shape()[axis] >= 0:
        return used.shape()[axis] - size * stride
    rests = {_asked(used, axis, tried) - tried * stride for tried in _TRIED}
    if len(rests) > 1:
        raise Unsupported(
            f"the size of its result, {used.shape()}, does not follow from that of "
            f"its input, {used.input_shape(2)}, by its stride",
            "Fix the sizes of the model's inputs (tf.TensorSpec).",
        )
    return rests.pop()


def _asked(used: Operation, axis: int, tried: int) -> int:
    """The size that is asked for, were every free size `tried`."""
    sizes = used.sizes(0, tried)
    size = None if sizes is None else sizes[axis]
    if size is None:
        raise Unsupported(
            f"the size of its result, {used.shape()}, is computed while the model runs",
            "Fix the sizes of the model's inputs (tf.TensorSpec).",
        )
    return size


@operation("MaxPool", "AvgPool")
def _pool(used: Operation) -> Tensor:
    window = _window(used, (1, 1, 1, 1))
    if window.padding == "explicit":
        raise Unsupported(
            "it has explicit padding", "Pad before it, with the least number."
        )
    size: Shape = tuple(int(dim) for dim in used.attribute("ksize")[1:3])
    kind = LARGEST if used.kind == "MaxPool" else AVERAGE
    return pool(used, kind, used.tensor(), size, window.strides, window.padding)


def _window(used: Operation, dilations: tuple[int, ...] | list[int]) -> Window:
    if used.attribute("data_format") != "NHWC":
        require_channels_last("channels_first")
    strides: Shape = tuple(int(dim) for dim in used.attribute("strides")[1:3])
    dilation: Shape = tuple(int(dim) for dim in dilations[1:3])
    return Window(strides, dilation, str(used.attribute("padding")).lower())


def _padded(used: Operation) -> tuple[Tensor, Window]:
    """The input, with a PAD of its own where the padding is stated in numbers."""
    window = _window(used, used.attribute("dilations"))
    x = used.tensor()
    if window.padding != "explicit":
        return x, window
    amounts = np.reshape(used.attribute("explicit_paddings"), (4, 2))
    x = used.emit(Pad(), x, used.indices("paddings", amounts))
    return x, Window(window.strides, window.dilation, "valid")
