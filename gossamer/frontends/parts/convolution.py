"""Convolutions by operators: filters in the order OHWI, layout NHWC.

A one-dimensional convolution is a two-dimensional one over a height of one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from gossamer.frontends.emitter import dims
from gossamer.frontends.parts.shaping import (
    expand_dims,
    reshape,
    squeeze,
)
from gossamer.frontends.report import Unsupported
from gossamer.ops.conv_2d import Conv2D
from gossamer.ops.depthwise_conv_2d import DepthwiseConv2D
from gossamer.ops.pad import Pad

if TYPE_CHECKING:
    from gossamer.frontends.emitter import Emitter
    from gossamer.ir.graph import Tensor
    from gossamer.ir.types import Shape


@dataclass(frozen=True, slots=True)
class Window:
    """How a filter moves: one or two entries per field, as the input has axes."""

    strides: Shape
    dilation: Shape
    padding: str

    @property
    def is_flat(self) -> bool:
        """Whether there is one spatial axis."""
        return len(self.strides) == 1

    def plane(self) -> Window:
        """The window over height and width, with a height of one put in front."""
        if not self.is_flat:
            return self
        return Window((1, *self.strides), (1, *self.dilation), self.padding)


def window(rank: int, strides: Any, padding: str, dilation: Any) -> Window:
    """The window of a convolution over `rank` spatial axes, from Keras's arguments.

    Raises:
        Unsupported: there are three axes, or dilation and strides at once.
    """
    made = Window(spread(strides, rank), spread(dilation, rank), padding)
    if rank not in (1, 2):
        raise Unsupported(
            f"a convolution over {rank} axes has no operator here",
            "Use convolutions over one or two axes.",
        )
    if max(made.strides) > 1 and max(made.dilation) > 1:
        raise Unsupported(
            f"strides {made.strides} and dilation {made.dilation} are both above 1",
            "Use strides with dilation_rate=1, or dilation with strides=1.",
        )
    return made


def spread(value: Any, rank: int) -> Shape:
    """One number for all axes, or one per axis."""
    if isinstance(value, int):
        return (value,) * rank
    return tuple(int(entry) for entry in value)


def require_channels_last(data_format: Any) -> None:
    """Raise unless channels are the last axis, as `.tflite` operators have them."""
    if data_format != "channels_first":
        return
    raise Unsupported(
        "it has data_format='channels_first', and .tflite operators read channels last",
        "Build the model with data_format='channels_last' (the weights have the same "
        "shapes: new.set_weights(old.get_weights())), and feed it (batch, height, "
        "width, channels).",
    )


def convolve(
    emitter: Emitter, x: Tensor, kernel: Any, bias: Any | None, moves: Window
) -> Tensor:
    """CONV_2D, or DEPTHWISE_CONV_2D where each filter reads one channel of several.

    Args:
        emitter: where the nodes go.
        x: (batch, height, width, channels), or (batch, length, channels).
        kernel: Keras's variable: (*size, channels / groups, filters).
        bias: (filters,), None for zeros.
        moves: strides, dilation and padding.
    """
    shape = tuple(int(dim) for dim in kernel.shape)
    channels, filters = dims(x)[-1], shape[-1]
    flat = _padded(emitter, x, shape[: len(moves.strides)], moves)
    moves = _explicit(moves)
    if shape[-2] == 1 < channels:
        size = _plane_size(shape)
        weight = emitter.weight("kernel", kernel, shape=(1, *size, filters))
        made = _depthwise(emitter, flat, weight, bias, filters // channels, moves)
    else:
        axes = (3, 0, 1, 2) if len(shape) == 4 else (2, 0, 1)
        arranged = (filters, *_plane_size(shape), shape[-2])
        weight = emitter.weight("kernel", kernel, axes, arranged)
        op = Conv2D(
            padding=moves.padding,
            stride_w=moves.plane().strides[1],
            stride_h=moves.plane().strides[0],
            dilation_w_factor=moves.plane().dilation[1],
            dilation_h_factor=moves.plane().dilation[0],
        )
        made = emitter.emit(op, flat, weight, _bias(emitter, bias, filters))
    return lowered(emitter, made) if moves.is_flat else made


def depthwise(
    emitter: Emitter, x: Tensor, kernel: Any, bias: Any | None, moves: Window
) -> Tensor:
    """DEPTHWISE_CONV_2D with Keras's kernel (*size, channels, multiplier)."""
    shape = tuple(int(dim) for dim in kernel.shape)
    filters = shape[-2] * shape[-1]
    flat = _padded(emitter, x, shape[: len(moves.strides)], moves)
    moves = _explicit(moves)
    weight = emitter.weight(
        "depthwise_kernel", kernel, shape=(1, *_plane_size(shape), filters)
    )
    made = _depthwise(emitter, flat, weight, bias, shape[-1], moves)
    return lowered(emitter, made) if moves.is_flat else made


def _depthwise(
    emitter: Emitter,
    x: Tensor,
    weight: Tensor,
    bias: Any | None,
    multiplier: int,
    moves: Window,
) -> Tensor:
    plane = moves.plane()
    op = DepthwiseConv2D(
        padding=moves.padding,
        stride_w=plane.strides[1],
        stride_h=plane.strides[0],
        depth_multiplier=multiplier,
        dilation_w_factor=plane.dilation[1],
        dilation_h_factor=plane.dilation[0],
    )
    return emitter.emit(op, x, weight, _bias(emitter, bias, weight.shape[-1]))


def _bias(emitter: Emitter, bias: Any | None, filters: int) -> Tensor:
    if bias is not None:
        return emitter.weight("bias", bias)
    return emitter.constant("bias", np.zeros(filters, np.float32))


def _plane_size(kernel_shape: Shape) -> Shape:
    """Height and width of a kernel with one or two spatial axes."""
    size = kernel_shape[:-2]
    return (1, *size) if len(size) == 1 else size


def _padded(emitter: Emitter, x: Tensor, size: Shape, moves: Window) -> Tensor:
    """`x` as a plane, with the past padded where the padding is causal."""
    if moves.padding == "causal":
        past = (size[0] - 1) * moves.dilation[0]
        x = emitter.emit(
            Pad(), x, emitter.indices("paddings", [[0, 0], [past, 0], [0, 0]])
        )
    return raised(emitter, x) if moves.is_flat else x


def _explicit(moves: Window) -> Window:
    if moves.padding != "causal":
        return moves
    return Window(moves.strides, moves.dilation, "valid")


def raised(emitter: Emitter, x: Tensor) -> Tensor:
    """(batch, length, channels) as (batch, 1, length, channels)."""
    shape = dims(x)
    if sum(dim < 0 for dim in shape) > 1:
        return expand_dims(emitter, x, 1)
    return reshape(emitter, x, (shape[0], 1, *shape[1:]))


def lowered(emitter: Emitter, y: Tensor) -> Tensor:
    """(batch, 1, length, channels) as (batch, length, channels)."""
    shape = dims(y)
    if sum(dim < 0 for dim in shape) > 1:
        return squeeze(emitter, y, (1,))
    return reshape(emitter, y, (shape[0], *shape[2:]))
