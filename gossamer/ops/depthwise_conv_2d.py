"""DEPTHWISE_CONV_2D: each input channel has kernels of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from gossamer.ir.arithmetic import activate, centered
from gossamer.ir.op import Free, Op, WeightRule, operator, require
from gossamer.ir.types import DType, TensorType
from gossamer.ops.conv_2d import (
    as_inputs,
    check_bias,
    check_ranks,
    is_per_channel,
    sums_are_wide,
    take,
)
from gossamer.ops.integer_product import hybrid, hybrid_weights, requantize_sums
from gossamer.ops.product_steps import (
    Product,
    depthwise_convolution_steps,
    sliding,
)
from gossamer.ops.window import Window, convolve_depthwise

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gossamer.ir.graph import Node, Tensor
    from gossamer.ir.types import Array
    from gossamer.kernels.step import Step
    from gossamer.nest.target import Target


@operator("DEPTHWISE_CONV_2D", code=4, options="DepthwiseConv2DOptions")
class DepthwiseConv2D(Op):
    """Inputs: x (N, H, W, C), weights (1, KH, KW, C * M), bias (C * M) or None.

    Output channel c * M + m comes from input channel c. The sizes decide M; the
    option `depth_multiplier` repeats it for old readers.
    """

    padding: str = "same"
    stride_w: int = 0
    stride_h: int = 0
    depth_multiplier: int = 0
    fused_activation_function: str = "none"
    dilation_w_factor: int = 1
    dilation_h_factor: int = 1

    output_quantization = Free()
    weights = WeightRule(input=1, axis=3, bias=2)

    def window(self, height: int, width: int) -> Window:
        """How a kernel of that size moves."""
        return Window(
            self.padding,
            (height, width),
            (self.stride_h, self.stride_w),
            (self.dilation_h_factor, self.dilation_w_factor),
        )

    def infer(self, *inputs: Tensor | None) -> tuple[TensorType, ...]:
        x, weights, bias = take(self, inputs)
        check_ranks(self, x, weights)
        first, height, width, outputs = weights.shape
        require(first == 1, self, f"the weights' first axis is {first}; expected 1")
        channels = x.shape[3]
        require(
            channels != 0 and outputs > 0 and (channels < 0 or not outputs % channels),
            self,
            f"{outputs} output channels are not a multiple of {channels} input "
            "channels",
        )
        check_bias(self, bias, outputs)
        window = self.window(height, width)
        return (TensorType(x.dtype, window.output_shape(self, x.shape, outputs)),)

    def reference(self, *inputs: Any) -> tuple[Array, ...]:
        x, weights, *rest = as_inputs(inputs)
        y = convolve_depthwise(x, weights, self.window(*weights.shape[1:3]))
        y = y + rest[0] if rest and rest[0] is not None else y
        return (activate(y, self.fused_activation_function),)

    def integer(self, node: Node, *inputs: Any) -> tuple[Array, ...]:
        x, weights, *rest = inputs
        bias = rest[0] if rest else None
        if node.input(1).dtype.is_float:
            return self.reference(*inputs)
        window = self.window(*weights.shape[1:3])
        activation = self.fused_activation_function
        if x.dtype.kind == "f":
            kernel = hybrid_weights(weights)
            y = hybrid(
                x,
                node.input(1),
                lambda values: convolve_depthwise(values, kernel, window),
                bias,
                activation,
                asymmetric=True,
            )
            return (y,)
        kernel = centered(node.input(1), weights).astype(np.float64)
        values = centered(node.input(0), x).astype(np.float64)
        y = requantize_sums(
            convolve_depthwise(values, kernel, window),
            (node.input(0), node.input(1), node.output),
            bias,
            activation,
            is_wide=sums_are_wide(node, bias, DType.FLOAT32),
        )
        return (y,)

    def lower(self, node: Node, target: Target) -> Sequence[Step] | None:
        shape = node.input(1).shape
        window = sliding(
            node.input(0).shape, node.output.shape, self.window(*shape[1:3])
        )
        product = Product(node, self.fused_activation_function, asymmetric=True)
        return depthwise_convolution_steps(product, window, target)

    def version(self, node: Node) -> int:
        kinds = (node.input(0).dtype, node.input(1).dtype)
        if kinds == (DType.FLOAT32, DType.INT8):
            return 6 if is_per_channel(node.input(1)) else 4
        if kinds[0] is DType.INT16:
            return 5
        if kinds[0] is DType.INT8:
            return 7 if kinds[1] is DType.INT4 else 3
        dilation = (self.dilation_w_factor, self.dilation_h_factor)
        return 1 if dilation == (1, 1) else 2
