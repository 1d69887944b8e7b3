"""CONV_3D: windows of a volume times kernels, channels last."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gossamer.ir.arithmetic import activate
from gossamer.ir.op import Op, operator, require
from gossamer.ir.types import DType, TensorType
from gossamer.ops.arithmetic_of import Task
from gossamer.ops.conv_2d import as_inputs, check_bias, check_ranks, take
from gossamer.ops.volume import VolumeWindow, convolve_volume
from gossamer.ops.volume_steps import oriented, volume_steps

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gossamer.ir.graph import Node, Tensor
    from gossamer.ir.types import Array, Shape
    from gossamer.kernels.step import Step
    from gossamer.nest.target import Target


@operator("CONV_3D", code=132, options="Conv3DOptions")
class Conv3D(Op):
    """Inputs: x (N, D, H, W, C), weights (KD, KH, KW, C, O), bias (O) or None."""

    padding: str = "same"
    stride_d: int = 0
    stride_w: int = 0
    stride_h: int = 0
    fused_activation_function: str = "none"
    dilation_d_factor: int = 1
    dilation_w_factor: int = 1
    dilation_h_factor: int = 1

    def window(self, shape: Shape) -> VolumeWindow:
        """How a kernel of that shape, sizes first, moves."""
        return VolumeWindow(
            self.padding,
            (shape[0], shape[1], shape[2]),
            (self.stride_d, self.stride_h, self.stride_w),
            (self.dilation_d_factor, self.dilation_h_factor, self.dilation_w_factor),
        )

    def infer(self, *inputs: Tensor | None) -> tuple[TensorType, ...]:
        x, weights, bias = take(self, inputs)
        check_ranks(self, x, weights, rank=5)
        channels, outputs = weights.shape[3:]
        require(
            x.shape[4] in (channels, -1) and channels > 0 and outputs > 0,
            self,
            f"the input has {x.shape[4]} channels; the weights expect {channels} and "
            f"give {outputs}",
        )
        check_bias(self, bias, outputs)
        window = self.window(weights.shape)
        return (TensorType(x.dtype, window.output_shape(self, x.shape, outputs)),)

    def reference(self, *inputs: Any) -> tuple[Array, ...]:
        x, weights, *rest = as_inputs(inputs)
        y = convolve_volume(x, weights, self.window(weights.shape))
        y = y + rest[0] if rest and rest[0] is not None else y
        return (activate(y, self.fused_activation_function),)

    def lower(self, node: Node, target: Target) -> Sequence[Step] | None:
        weights = node.input(1)
        task = Task(
            node.input(0),
            oriented(weights, (4, 0, 1, 2, 3)),
            node.optional(2),
            node.output,
            self.fused_activation_function,
        )
        if task.x.dtype is not DType.FLOAT32 or not weights.dtype.is_float:
            return None
        return volume_steps(task, self.window(weights.shape), target)
