"""Convolutions by operators, channels last: filters as OHWI, or DHWIO for volumes.

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
    transpose,
)
from gossamer.frontends.report import Unsupported
from gossamer.ir.graph import Tensor
from gossamer.ops.concatenation import Concatenation
from gossamer.ops.conv_2d import Conv2D
from gossamer.ops.conv_3d import Conv3D
from gossamer.ops.depthwise_conv_2d import DepthwiseConv2D
from gossamer.ops.pad import Pad
from gossamer.ops.split import Split

if TYPE_CHECKING:
    from gossamer.frontends.emitter import Emitter
    from gossamer.ir.types import Shape


@dataclass(frozen=True, slots=True)
class Window:
    """How a filter moves: an entry per spatial axis of the input, one to three."""

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
        Unsupported: there are more than three axes.
    """
    if rank not in (1, 2, 3):
        raise Unsupported(
            f"a convolution over {rank} axes has no operator",
            "Use convolutions over one, two or three axes.",
        )
    return Window(spread(strides, rank), spread(dilation, rank), padding)


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
    """CONV_2D, CONV_3D, or DEPTHWISE_CONV_2D where a filter reads one of many channels.

    Args:
        emitter: where the nodes go.
        x: (batch, *sizes, channels).
        kernel: (*size, channels / groups, filters), all of known size; a variable of
            Keras, an array, or a tensor that is computed while the model runs.
        bias: (filters,), None for zeros.
        moves: strides, dilation and padding.
    """
    shape = tuple(int(dim) for dim in kernel.shape)
    if len(shape) == 5:
        return _over_volume(emitter, x, kernel, bias, moves)
    channels, filters = dims(x)[-1], shape[-1]
    flat = _padded(emitter, x, shape[: len(moves.strides)], moves)
    moves = _explicit(moves)
    if shape[-2] == 1 < channels:
        size = _plane_size(shape)
        weight = _arranged(emitter, kernel, None, (1, *size, filters))
        made = _depthwise(emitter, flat, weight, bias, filters // channels, moves)
    else:
        axes = (3, 0, 1, 2) if len(shape) == 4 else (2, 0, 1)
        arranged = (filters, *_plane_size(shape), shape[-2])
        weight = _arranged(emitter, kernel, axes, arranged)
        op = Conv2D(
            padding=moves.padding,
            stride_w=moves.plane().strides[1],
            stride_h=moves.plane().strides[0],
            dilation_w_factor=moves.plane().dilation[1],
            dilation_h_factor=moves.plane().dilation[0],
        )
        made = emitter.emit(op, flat, weight, bias_of(emitter, bias, filters))
    return lowered(emitter, made) if moves.is_flat else made


def _over_volume(
    emitter: Emitter, x: Tensor, kernel: Any, bias: Any | None, moves: Window
) -> Tensor:
    """CONV_3D; one for each group, which the operator does not know."""
    depth, height, width = moves.strides
    deep, high, wide = moves.dilation
    op = Conv3D(
        padding=moves.padding,
        stride_d=depth,
        stride_h=height,
        stride_w=width,
        dilation_d_factor=deep,
        dilation_h_factor=high,
        dilation_w_factor=wide,
    )
    groups = dims(x)[-1] // int(kernel.shape[-2])
    if groups == 1:
        weight = _arranged(emitter, kernel, None, ())
        return emitter.emit(op, x, weight, bias_of(emitter, bias, kernel.shape[-1]))
    if isinstance(kernel, Tensor):
        raise Unsupported(
            f"it has {groups} groups, and its kernel is computed while the model runs",
            "Make the kernel a weight of a layer.",
        )
    parts = emitter.emit_all(Split(groups), emitter.indices("axis", 4), x)
    kernels = np.split(emitter.array(kernel), groups, axis=-1)
    filters = kernels[0].shape[-1]
    offsets = np.zeros(filters * groups, np.float32)
    if bias is not None:
        offsets = emitter.array(bias)
    results = [
        emitter.emit(
            op,
            part,
            emitter.constant("kernel", kernels[index]),
            emitter.constant("bias", offsets[index * filters : (index + 1) * filters]),
        )
        for index, part in enumerate(parts)
    ]
    return emitter.emit(Concatenation(4), *results)


def _arranged(
    emitter: Emitter,
    kernel: Any,
    axes: Shape | None,
    shape: Shape,
    name: str = "kernel",
) -> Tensor:
    """A kernel with its axes permuted, then reshaped, as an operator reads it."""
    if not isinstance(kernel, Tensor):
        return emitter.weight(name, kernel, axes, shape)
    turned = kernel if axes is None else transpose(emitter, kernel, axes)
    return reshape(emitter, turned, shape) if shape else turned


def depthwise(
    emitter: Emitter, x: Tensor, kernel: Any, bias: Any | None, moves: Window
) -> Tensor:
    """DEPTHWISE_CONV_2D with Keras's kernel (*size, channels, multiplier)."""
    shape = tuple(int(dim) for dim in kernel.shape)
    filters = shape[-2] * shape[-1]
    flat = _padded(emitter, x, shape[: len(moves.strides)], moves)
    moves = _explicit(moves)
    size = (1, *_plane_size(shape), filters)
    weight = _arranged(emitter, kernel, None, size, "depthwise_kernel")
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
    return emitter.emit(op, x, weight, bias_of(emitter, bias, weight.shape[-1]))


def bias_of(emitter: Emitter, bias: Any | None, filters: int) -> Tensor:
    """The bias as a constant: zeros where there is none."""
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
