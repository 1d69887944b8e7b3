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
from gossamer.frontends.report import Unsupported
from gossamer.frontends.tensorflow.registry import operation
from gossamer.ops.pad import Pad
from gossamer.ops.transpose_conv import TransposeConv

if TYPE_CHECKING:
    from gossamer.frontends.tensorflow.operation import Operation
    from gossamer.ir.graph import Tensor
    from gossamer.ir.types import Shape


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
    if max(window.dilation) > 1 or window.padding == "explicit":
        raise Unsupported(
            f"it has dilation {window.dilation} and padding '{window.padding}'",
            "Use a transposed convolution with padding 'same' or 'valid', undilated.",
        )
    shape = used.shape()
    if min(shape[1:]) < 0:
        raise Unsupported(
            f"the size of its result, {shape}, is not known", "Fix the input's size."
        )
    kernel = used.known(1, "filter")
    weight = used.weight("kernel", kernel, (2, 0, 1, 3))
    op = TransposeConv(window.padding, window.strides[1], window.strides[0])
    size = (max(shape[0], 1), *shape[1:])
    return used.emit(op, used.indices("shape", size), weight, used.tensor(2))


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
