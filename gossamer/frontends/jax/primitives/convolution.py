"""The rule of `conv_general_dilated`: CONV_2D, DEPTHWISE_CONV_2D, TRANSPOSE_CONV ...

`.tflite` operators read (batch, height, width, channels). Other layouts are brought
there, and one spatial axis gets a height of one.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from gossamer.frontends.emitter import dims
from gossamer.frontends.jax import framework
from gossamer.frontends.jax.primitives.shaping import padded, reshaped
from gossamer.frontends.jax.registry import RuleResult, primitive
from gossamer.frontends.jax.steps import Known
from gossamer.frontends.parts.shaping import transpose
from gossamer.frontends.report import Unsupported
from gossamer.ir.types import DType
from gossamer.ops.concatenation import Concatenation
from gossamer.ops.conv_2d import Conv2D
from gossamer.ops.conv_3d import Conv3D
from gossamer.ops.depthwise_conv_2d import DepthwiseConv2D
from gossamer.ops.split import SplitV
from gossamer.ops.transpose_conv import TransposeConv

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gossamer.frontends.jax.call import Call
    from gossamer.ir.graph import Tensor
    from gossamer.ir.types import Array, Shape


@dataclass(frozen=True, slots=True)
class Window:
    """How a filter moves; one entry for each spatial axis.

    Attributes:
        size: of the filter, without dilation.
        strides: steps from place to place.
        spread: `lhs_dilation`, the steps from one element of the input to the next.
        dilation: the same for the filter.
        borders: elements added before and behind.
        groups: into how many parts the channels fall.
    """

    size: Shape
    strides: Shape
    spread: Shape
    dilation: Shape
    borders: tuple[tuple[int, int], ...]
    groups: int

    @property
    def reach(self) -> Shape:
        """From the first to the last element that the filter reads, both included."""
        return tuple(
            (k - 1) * d + 1 for k, d in zip(self.size, self.dilation, strict=True)
        )

    def raised(self) -> Window:
        """The window over a plane, where it moves along a line."""
        if len(self.size) != 1:
            return self
        return Window(
            (1, *self.size),
            (1, *self.strides),
            (1, *self.spread),
            (1, *self.dilation),
            ((0, 0), *self.borders),
            self.groups,
        )


@primitive("conv_general_dilated")
def _convolution(call: Call) -> RuleResult:
    layout = call.params["dimension_numbers"]
    x = _channels_last(call, call.wide(0, DType.FLOAT32), layout.lhs_spec)
    window = _window(call, layout)
    rank = len(window.size)
    call.require(
        rank in (1, 2, 3) and int(call.params["batch_group_count"]) == 1,
        f"it convolves over {rank} axes with batch_group_count="
        f"{call.params['batch_group_count']}",
        "Convolve over one to three axes, with batch_group_count=1.",
    )
    if rank == 1:
        x = _raised(call, x)
    plane = window.raised()
    kernel = _Kernel(call, layout.rhs_spec, plane)
    if max(plane.spread) > 1:
        y = _transposed(call, x, kernel, plane)
    else:
        y = _forward(call, x, kernel, plane)
    batch, features, *spatial = layout.out_spec
    if rank == 1:
        shape = [call.step.results[0].shape[a] for a in (batch, *spatial, features)]
        y = reshaped(call, y, framework.sizes_of(shape), shape)
    order = [0] * (rank + 2)
    for place, axis in enumerate((batch, *spatial, features)):
        order[axis] = place
    return call.cast(transpose(call, y, order), call.dtype)


def _channels_last(call: Call, x: Tensor, spec: Sequence[int]) -> Tensor:
    batch, features, *spatial = spec
    return transpose(call, x, [batch, *spatial, features])


def _raised(call: Call, x: Tensor) -> Tensor:
    """(batch, length, channels) as (batch, 1, length, channels)."""
    symbols = call.step.operands[0].shape
    batch, features, length = call.params["dimension_numbers"].lhs_spec
    shape = [symbols[batch], 1, symbols[length], symbols[features]]
    return reshaped(call, x, framework.sizes_of(shape), shape)


def _window(call: Call, layout: Any) -> Window:
    params = call.params
    kernel = call.step.operands[1].shape
    borders = params["padding"]
    if not all(framework.is_size(x) for pair in borders for x in pair):
        raise Unsupported(
            f"its padding {borders} depends on a free size",
            "Fix the height and the width; the batch may stay free.",
        )
    return Window(
        tuple(int(kernel[axis]) for axis in layout.rhs_spec[2:]),
        tuple(int(x) for x in params["window_strides"]),
        tuple(int(x) for x in params["lhs_dilation"]),
        tuple(int(x) for x in params["rhs_dilation"]),
        tuple((int(low), int(high)) for low, high in borders),
        int(params["feature_group_count"]),
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Kernel:
    """The filter, which may be known or computed.

    `spec` is JAX's: the axes of filters, of input channels, and the spatial ones.
    """

    call: Call
    spec: Sequence[int]
    window: Window

    @property
    def shape(self) -> Shape:
        return self.call.shape(1)

    @property
    def filters(self) -> int:
        return self.shape[self.spec[0]]

    @property
    def channels(self) -> int:
        """Input channels that each filter reads."""
        return self.shape[self.spec[1]]

    def arranged(self, order: str) -> Tensor:
        """The filter with its axes as `order` says: O, I, and S for all spatial."""
        outputs, inputs, *spatial = self.spec
        axes = {"O": [outputs], "I": [inputs], "S": spatial}
        sizes = {
            "O": [self.filters],
            "I": [self.channels],
            "S": list(self.window.size),
        }
        flat_axes = tuple(axis for letter in order for axis in axes[letter])
        shape = tuple(size for letter in order for size in sizes[letter])
        operand = self.call.step.operands[1]
        if isinstance(operand, Known):
            name = self.call.walk.name_of(operand.origin) or "kernel"
            return self.call.weight(name, operand.full(), flat_axes, shape)
        turned = transpose(self.call, self.call.wide(1, DType.FLOAT32), flat_axes)
        return reshaped(self.call, turned, shape, shape)

    def flipped(self) -> Array:
        """The known filter as (O, height, width, I), turned round and dilated."""
        values = self.call.known(1)
        if values is None:
            raise Unsupported(
                "it is a transposed convolution whose filter is computed while the "
                "model runs",
                "Make the filter a constant.",
            )
        outputs, inputs, *spatial = self.spec
        turned = np.transpose(values, (outputs, *spatial, inputs))
        shaped = turned.reshape(self.filters, *self.window.size, self.channels)
        wide = np.zeros((self.filters, *self.window.reach, self.channels), shaped.dtype)
        down, right = self.window.dilation
        wide[:, ::down, ::right] = shaped
        return wide[:, ::-1, ::-1]


def _forward(call: Call, x: Tensor, kernel: _Kernel, window: Window) -> Tensor:
    """A convolution over a plane or a volume."""
    padding = _padding(dims(x)[1:-1], window)
    if padding is None:
        zero = call.scalar("zero", 0.0)
        borders = [(0, 0, 0), *((a, b, 0) for a, b in window.borders), (0, 0, 0)]
        x, padding = padded(call, x, borders, zero), "valid"
    if len(window.size) == 3:
        return _volume(call, x, kernel, window, padding)
    bias = call.constant("bias", np.zeros(kernel.filters, np.float32))
    channels = dims(x)[-1]
    is_deep = kernel.channels == 1 < channels == window.groups
    op = _plane_operator(window, padding, kernel.filters // channels if is_deep else 0)
    return call.emit(op, x, kernel.arranged("ISO" if is_deep else "OSI"), bias)


def _plane_operator(
    window: Window, padding: str, multiplier: int
) -> Conv2D | DepthwiseConv2D:
    """A convolution over a plane; with a multiplier, of each channel by itself."""
    (down, right), (tall, wide) = window.strides, window.dilation
    if multiplier:
        return DepthwiseConv2D(padding, right, down, multiplier, "none", wide, tall)
    return Conv2D(padding, right, down, "none", wide, tall)


def _volume(
    call: Call, x: Tensor, kernel: _Kernel, window: Window, padding: str
) -> Tensor:
    call.require(
        window.groups == 1,
        f"it convolves over three axes in {window.groups} groups",
        "Split the channels, convolve each part, and join the results.",
    )
    op = Conv3D(padding, *_depth_last(window.strides), "none", *_dilation(window))
    bias = call.constant("bias", np.zeros(kernel.filters, np.float32))
    return call.emit(op, x, kernel.arranged("SIO"), bias)


def _depth_last(strides: Shape) -> tuple[int, int, int]:
    """Depth, width, height: the order of the operator's options."""
    depth, height, width = strides
    return depth, width, height


def _dilation(window: Window) -> tuple[int, int, int]:
    return _depth_last(window.dilation)


def _padding(sizes: Shape, window: Window) -> str | None:
    """The name of the borders, None where they have none."""
    if not np.any(window.borders):
        return "valid"
    for size, reach, stride, border in zip(
        sizes, window.reach, window.strides, window.borders, strict=True
    ):
        if size < 0 or border != same_border(size, reach, stride):
            return None
    return "same"


def same_border(size: int, reach: int, stride: int) -> tuple[int, int]:
    """What TFLite's padding SAME adds before and behind an axis."""
    total = max((-(-size // stride) - 1) * stride + reach - size, 0)
    return total // 2, total - total // 2


def _transposed(call: Call, x: Tensor, kernel: _Kernel, window: Window) -> Tensor:
    """TRANSPOSE_CONV, one for each group."""
    call.require(
        max(window.strides) == 1 and len(window.size) == 2,
        f"it has lhs_dilation {window.spread} with strides {window.strides} over "
        f"{len(window.size)} axes",
        "Use one of the two, over one or two axes.",
    )
    values = kernel.flipped()
    moves = replace(window, size=window.reach, dilation=(1, 1))
    if window.groups == 1:
        return _spread(call, x, values, moves)
    part = dims(x)[-1] // window.groups
    xs = call.emit_all(
        SplitV(window.groups),
        x,
        call.indices("sizes", [part] * window.groups),
        call.indices("axis", 3),
    )
    made = [
        _spread(call, each, each_kernel, moves)
        for each, each_kernel in zip(xs, np.split(values, window.groups), strict=True)
    ]
    return call.emit(Concatenation(3), *made)


def _spread(call: Call, x: Tensor, kernel: Array, window: Window) -> Tensor:
    """A transposed convolution, cut or padded to JAX's size.

    The whole result has (n - 1) stride + size elements along an axis, and JAX's begins
    size - 1 - low behind its first.
    """
    batch, *sizes, _ = dims(x)
    call.require(
        min(sizes) >= 0,
        f"it is a transposed convolution of the free size {tuple(sizes)}",
        "Fix the height and the width; the batch may stay free.",
    )
    cuts = [
        (size - 1 - low, size - 1 - high)
        for size, (low, high) in zip(window.size, window.borders, strict=True)
    ]
    whole = [
        (n - 1) * step + size
        for n, step, size in zip(sizes, window.spread, window.size, strict=True)
    ]
    wanted = [n - low - high for n, (low, high) in zip(whole, cuts, strict=True)]
    padding = _padding_of(sizes, window, wanted, cuts)
    shape = (batch, *(whole if padding is None else wanted), kernel.shape[0])
    op = TransposeConv(padding or "valid", window.spread[1], window.spread[0])
    weight = call.constant("kernel", np.ascontiguousarray(kernel))
    first = call.step.operands[0].shape[call.params["dimension_numbers"].lhs_spec[0]]
    lengths = call.sizes([first, *shape[1:]])
    y = call.emit_as(shape, op, lengths, weight, x, dtype=DType.FLOAT32)
    if padding is not None:
        return y
    borders = [(0, 0, 0), *((-low, -high, 0) for low, high in cuts), (0, 0, 0)]
    return padded(call, y, borders, call.scalar("zero", 0.0))


def _padding_of(
    sizes: Sequence[int],
    window: Window,
    wanted: Sequence[int],
    cuts: Sequence[tuple[int, int]],
) -> str | None:
    """The padding with which TRANSPOSE_CONV gives the wanted size by itself."""
    rows = list(zip(sizes, window.size, window.spread, wanted, cuts, strict=True))
    if all(low == 0 and -step < high <= 0 for _, _, step, _, (low, high) in rows):
        return "valid"
    fits = (
        -(-out // step) == n and low == max((n - 1) * step + size - out, 0) // 2
        for n, size, step, out, (low, _) in rows
    )
    return "same" if all(fits) else None
