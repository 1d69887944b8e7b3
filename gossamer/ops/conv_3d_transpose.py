"""CONV_3D_TRANSPOSE: each input cell adds its kernel to a window of the output."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gossamer.errors import GraphError
from gossamer.ir.arithmetic import activate
from gossamer.ir.op import Op, operator, require
from gossamer.ir.types import DType, TensorType
from gossamer.ops.arithmetic_of import Task
from gossamer.ops.conv_2d import check_bias, check_ranks
from gossamer.ops.transpose_conv import target_shape
from gossamer.ops.volume import VolumeWindow, convolve_volume_transposed
from gossamer.ops.volume_steps import oriented, transposed_volume_steps

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gossamer.ir.graph import Node, Tensor
    from gossamer.ir.types import Array, Shape
    from gossamer.kernels.step import Step
    from gossamer.nest.target import Target


@operator("CONV_3D_TRANSPOSE", code=141, options="Conv3DOptions")
class Conv3DTranspose(Op):
    """Inputs: output shape (5), weights (KD, KH, KW, O, C), x (N, D, H, W, C), bias.

    The output's sizes are such that a convolution of this window takes them to those
    of `x`; the bias (O) may be left out.
    """

    padding: str = "same"
    stride_d: int = 0
    stride_w: int = 0
    stride_h: int = 0
    fused_activation_function: str = "none"
    dilation_d_factor: int = 1
    dilation_w_factor: int = 1
    dilation_h_factor: int = 1

    def window(self, shape: Shape) -> VolumeWindow:
        """How a kernel of that shape, sizes first, moves over the output."""
        return VolumeWindow(
            self.padding,
            (shape[0], shape[1], shape[2]),
            (self.stride_d, self.stride_h, self.stride_w),
            (self.dilation_d_factor, self.dilation_h_factor, self.dilation_w_factor),
        )

    def infer(self, *inputs: Tensor | None) -> tuple[TensorType, ...]:
        require(
            len(inputs) in (3, 4), self, f"got {len(inputs)} inputs; expected 3 or 4"
        )
        sizes, weights, x = inputs[:3]
        if sizes is None or weights is None or x is None:
            raise GraphError(f"{self.name}: only the bias can be left out")
        check_ranks(self, x, weights, rank=5)
        outputs, channels = weights.shape[3:]
        require(
            x.shape[4] in (channels, -1),
            self,
            f"the input has {x.shape[4]} channels; the weights expect {channels}",
        )
        check_bias(self, inputs[3] if len(inputs) == 4 else None, outputs)
        self.window(weights.shape).check(self)
        shape: Shape = (x.shape[0], -1, -1, -1, outputs)
        if sizes.data is not None:
            shape = self._shape(sizes.data, weights.shape, x.shape)
        return (TensorType(x.dtype, shape),)

    def _shape(self, sizes: Array, weights: Shape, x: Shape) -> Shape:
        shape = target_shape(self, sizes, (x[0], -1, -1, -1, weights[3]))
        found = self.window(weights).output_sizes(shape)
        fits = (a in (-1, b) for a, b in zip(x[1:4], found, strict=True))
        require(
            all(fits),
            self,
            f"the window takes the output shape {shape} to {found}; the input has "
            f"{x[1:4]}",
        )
        return shape

    def reference(self, *inputs: Any) -> tuple[Array, ...]:
        sizes, weights, x, *rest = inputs
        shape = self._shape(sizes, weights.shape, x.shape)
        window = self.window(weights.shape)
        kernel = weights.astype(x.dtype)
        y = convolve_volume_transposed(x, kernel, window, shape)
        y = y + rest[0] if rest and rest[0] is not None else y
        return (activate(y, self.fused_activation_function),)

    def lower(self, node: Node, target: Target) -> Sequence[Step] | None:
        weights = node.input(1)
        task = Task(
            node.input(2),
            oriented(weights, (3, 0, 1, 2, 4)),
            node.optional(3),
            node.output,
            self.fused_activation_function,
        )
        if task.x.dtype is not DType.FLOAT32 or not weights.dtype.is_float:
            return None
        return transposed_volume_steps(task, self.window(weights.shape), target)
