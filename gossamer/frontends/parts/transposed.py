"""Transposed convolutions by operators, channels last.

Along an axis, cell `i` of the input adds the kernel to the cells from `i * stride` of
a full result; of that, a transposed convolution is a part, which begins at `begin`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from gossamer.frontends.emitter import dims
from gossamer.frontends.parts.convolution import (
    Window,
    bias_of,
    convolve,
    lowered,
    raised,
)
from gossamer.frontends.parts.slicing import cut
from gossamer.ir.types import DType, TensorType
from gossamer.ops.arithmetic import Add, Mul
from gossamer.ops.conv_3d_transpose import Conv3DTranspose
from gossamer.ops.pad import Pad
from gossamer.ops.shape import Shape as ShapeOf
from gossamer.ops.transpose_conv import TransposeConv

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gossamer.frontends.emitter import Emitter
    from gossamer.ir.graph import Tensor
    from gossamer.ir.types import Array, Shape


@dataclass(frozen=True, slots=True)
class Extent:
    """One spatial axis of a transposed convolution.

    Attributes:
        kernel: cells that the kernel covers, the gaps of dilation among them.
        stride: cells of the result per cell of the input.
        begin: the first cell of the full result that is kept.
        rest: the result's size is `size * stride + rest`.
    """

    kernel: int
    stride: int
    begin: int
    rest: int

    @property
    def is_same(self) -> bool:
        """Whether it is what an operator with padding "same" computes."""
        total = max(self.kernel - self.stride - self.rest, 0)
        return -self.stride < self.rest <= 0 and total // 2 == self.begin

    @property
    def is_valid(self) -> bool:
        """Whether it is what an operator with padding "valid" computes."""
        more = self.rest + self.stride - self.kernel
        return self.begin == 0 and 0 <= more < self.stride

    def uncut(self) -> Extent:
        """The least that "valid" can compute of which this is a part."""
        least = self.kernel - self.stride
        return Extent(self.kernel, self.stride, 0, max(self.rest + self.begin, least))

    def result(self, size: int) -> int:
        """The result's size, -1 where that of the input is free."""
        return -1 if size < 0 else size * self.stride + self.rest


def extent(
    kernel: int, stride: int, dilation: int, padding: str, more: int | None
) -> Extent:
    """The axis that Keras's arguments describe; `more` is its output_padding."""
    covered = (kernel - 1) * dilation + 1
    if padding == "valid":
        total = 2 * covered - 2 + (max(stride - covered, 0) if more is None else more)
        before = covered - 1
    else:
        usual = stride - covered % 2
        total = covered + covered % 2 - 2 + (usual if more is None else more)
        before = min(math.ceil(total / 2), covered - 1)
    begin = covered - 1 - before
    return Extent(covered, stride, begin, total + 2 - covered - stride)


def convolve_transposed(
    emitter: Emitter,
    x: Tensor,
    kernel: Any,
    bias: Any | None,
    moves: Window,
    more: Sequence[int | None],
) -> Tensor:
    """TRANSPOSE_CONV or CONV_3D_TRANSPOSE; a convolution where no stride is above 1.

    Args:
        emitter: where the nodes go.
        x: (batch, *sizes, channels).
        kernel: (*size, filters, channels).
        bias: (filters,), None for zeros.
        moves: strides, dilation and padding.
        more: output_padding per axis, None for Keras's default.
    """
    array = emitter.array(kernel)
    settings = zip(array.shape, moves.strides, moves.dilation, more, strict=False)
    axes = [
        extent(size, stride, dilation, moves.padding, extra)
        for size, stride, dilation, extra in settings
    ]
    return transposed(emitter, x, array, bias, axes, moves.dilation)


def transposed(
    emitter: Emitter,
    x: Tensor,
    kernel: Array,
    bias: Any | None,
    axes: Sequence[Extent],
    dilation: Shape,
) -> Tensor:
    """The same, with what each axis keeps stated."""
    if all(axis.stride == 1 for axis in axes):
        return _convolved(emitter, x, kernel, bias, axes, dilation)
    if len(axes) > 1:
        return _scattered(emitter, x, _spaced(kernel, dilation), bias, axes)
    spaced = _spaced(kernel, dilation)[np.newaxis]
    plane = [Extent(1, 1, 0, 0), *axes]
    y = _scattered(emitter, raised(emitter, x), spaced, bias, plane)
    return lowered(emitter, y)


def _convolved(
    emitter: Emitter,
    x: Tensor,
    kernel: Array,
    bias: Any | None,
    axes: Sequence[Extent],
    dilation: Shape,
) -> Tensor:
    """With a stride of one: the convolution with the kernel turned around."""
    count = len(axes)
    turned = np.flip(kernel, tuple(range(count))).swapaxes(-1, -2)
    border = [(a.kernel - 1 - a.begin, a.rest + a.begin) for a in axes]
    usual = [((a.kernel - 1) // 2, a.kernel // 2) for a in axes]
    padding = "same" if border == usual else "valid"
    if padding == "valid" and any(map(any, border)):
        widths = emitter.indices("paddings", [(0, 0), *border, (0, 0)])
        x = emitter.emit(Pad(), x, widths)
    return convolve(emitter, x, turned, bias, Window((1,) * count, dilation, padding))


def _spaced(kernel: Array, dilation: Shape) -> Array:
    """The kernel with zeros where dilation leaves gaps."""
    sizes = [(k - 1) * d + 1 for k, d in zip(kernel.shape, dilation, strict=False)]
    wide = np.zeros((*sizes, *kernel.shape[-2:]), kernel.dtype)
    wide[tuple(slice(None, None, step) for step in dilation)] = kernel
    return wide


def _scattered(
    emitter: Emitter,
    x: Tensor,
    kernel: Array,
    bias: Any | None,
    axes: Sequence[Extent],
) -> Tensor:
    """The operator over a plane or a volume, and a slice where it gives too much."""
    padding = "same" if all(axis.is_same for axis in axes) else "valid"
    is_direct = padding == "same" or all(axis.is_valid for axis in axes)
    whole = list(axes) if is_direct else [axis.uncut() for axis in axes]
    strides = [axis.stride for axis in axes]
    filters = kernel.shape[-2]
    if len(axes) == 2:
        op = TransposeConv(padding=padding, stride_h=strides[0], stride_w=strides[1])
        weight = emitter.constant("kernel", kernel.transpose(2, 0, 1, 3))
    else:
        op = Conv3DTranspose(
            padding=padding,
            stride_d=strides[0],
            stride_h=strides[1],
            stride_w=strides[2],
        )
        weight = emitter.constant("kernel", kernel)
    batch, *sizes, _ = dims(x)
    results = [axis.result(size) for axis, size in zip(whole, sizes, strict=True)]
    inputs = [_output_shape(emitter, x, whole, filters), weight, x]
    (y,) = emitter.builder.nodes(
        op,
        *inputs,
        bias_of(emitter, bias, filters),
        names=(f"{emitter.path}/{op.name.lower()}",),
        types=[TensorType(x.dtype, (batch, *results, filters))],
    )
    if is_direct:
        return y
    return cut(emitter, y, [slice(None), *map(_kept, axes, whole)])


def _kept(axis: Extent, whole: Extent) -> slice:
    surplus = whole.rest - axis.begin - axis.rest
    return slice(axis.begin or None, -surplus or None)


def _output_shape(
    emitter: Emitter, x: Tensor, axes: Sequence[Extent], filters: int
) -> Tensor:
    """The result's shape: constant, or the input's times and plus constants."""
    shape = dims(x)
    factors, terms = [1], [0]
    for axis, size in zip(axes, shape[1:-1], strict=True):
        factors.append(axis.stride if size < 0 else 1)
        terms.append(axis.rest if size < 0 else axis.result(size) - size)
    factors.append(1)
    terms.append(filters - shape[-1])
    if min(shape) >= 0:
        return emitter.indices("output_shape", np.add(shape, terms))
    y = emitter.emit(ShapeOf(DType.INT32), x)
    if max(factors) > 1:
        y = emitter.emit(Mul(), y, emitter.indices("strides", factors))
    if any(terms):
        y = emitter.emit(Add(), y, emitter.indices("growth", terms))
    return y
