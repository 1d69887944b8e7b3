"""CONV_2D: windows of the input times kernels, channels last."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from gossamer.ir.arithmetic import activate, centered
from gossamer.ir.op import Free, Op, WeightRule, operator, require
from gossamer.ir.types import DType, TensorType
from gossamer.ops.integer_product import (
    has_wide_sums,
    hybrid,
    hybrid_weights,
    requantize_sums,
)
from gossamer.ops.product_steps import Product, convolution_steps, sliding
from gossamer.ops.window import Window, convolve

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gossamer.ir.graph import Node, Tensor
    from gossamer.ir.types import Array
    from gossamer.kernels.step import Step
    from gossamer.nest.target import Target


@operator("CONV_2D", code=3, options="Conv2DOptions")
class Conv2D(Op):
    """Inputs: x (N, H, W, C), weights (O, KH, KW, C / groups), bias (O) or None.

    There are as many groups as the weights' depth goes into the input's.
    """

    padding: str = "same"
    stride_w: int = 0
    stride_h: int = 0
    fused_activation_function: str = "none"
    dilation_w_factor: int = 1
    dilation_h_factor: int = 1
    quantized_bias_type: DType = DType.FLOAT32

    output_quantization = Free()
    weights = WeightRule(input=1, axis=0, bias=2)

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
        outputs, height, width, depth = weights.shape
        channels = x.shape[3]
        require(
            depth > 0 and (channels < 0 or channels % depth == 0),
            self,
            f"{channels} input channels are not a multiple of the weights' depth "
            f"{depth}",
        )
        groups = max(1, channels // depth)
        require(
            outputs > 0 and outputs % groups == 0,
            self,
            f"{outputs} output channels do not divide into {groups} groups",
        )
        check_bias(self, bias, outputs)
        window = self.window(height, width)
        return (TensorType(x.dtype, window.output_shape(self, x.shape, outputs)),)

    def reference(self, *inputs: Any) -> tuple[Array, ...]:
        x, weights, *rest = as_inputs(inputs)
        y = convolve(x, weights, self.window(*weights.shape[1:3]))
        y = y + rest[0] if rest and rest[0] is not None else y
        return (activate(y, self.fused_activation_function),)

    def integer(self, node: Node, *inputs: Any) -> tuple[Array, ...]:
        x, weights, *rest = inputs
        bias = rest[0] if rest else None
        if node.input(1).dtype.is_float:
            return self.reference(*inputs)
        if x.dtype.kind == "f":
            return (self._hybrid(node, x, hybrid_weights(weights), bias),)
        kernel = centered(node.input(1), weights).astype(np.float64)
        values = centered(node.input(0), x).astype(np.float64)
        y = requantize_sums(
            convolve(values, kernel, self.window(*weights.shape[1:3])),
            (node.input(0), node.input(1), node.output),
            bias,
            self.fused_activation_function,
            is_wide=sums_are_wide(node, bias, self.quantized_bias_type),
        )
        return (y,)

    def _hybrid(self, node: Node, x: Array, kernel: Array, bias: Array | None) -> Array:
        window = self.window(*kernel.shape[1:3])
        return hybrid(
            x,
            node.input(1),
            lambda values: convolve(values, kernel, window),
            bias,
            self.fused_activation_function,
            asymmetric=self._is_asymmetric(node),
        )

    def _is_asymmetric(self, node: Node) -> bool:
        """Whether images get a zero point: where channels differ in scale."""
        x, weights = node.input(0), node.input(1)
        if x.shape[3] != weights.shape[3]:
            return True
        quantization = weights.quantization
        if quantization is None or not quantization.is_per_channel:
            return False
        return bool((quantization.scale != quantization.scale[0]).any())

    def lower(self, node: Node, target: Target) -> Sequence[Step] | None:
        x, shape = node.input(0).shape, node.input(1).shape
        window = sliding(x, node.output.shape, self.window(*shape[1:3]))
        asymmetric = self._is_asymmetric(node)
        product = Product(
            node,
            self.fused_activation_function,
            asymmetric,
            stated=self.quantized_bias_type,
        )
        return convolution_steps(product, window, shape, target)

    def version(self, node: Node) -> int:
        x, weights = node.input(0), node.input(1)
        kinds = (x.dtype, weights.dtype)
        if kinds == (DType.INT16, DType.INT8):
            return 4 if self.quantized_bias_type is DType.FLOAT32 else 8
        if weights.shape and x.shape[-1] != weights.shape[-1]:
            return 6
        if kinds == (DType.FLOAT32, DType.INT8):
            return 5 if is_per_channel(weights) else 2
        return {
            (DType.INT8, DType.INT8): 3,
            (DType.INT8, DType.INT4): 7,
            (DType.INT16, DType.INT16): 4,
        }.get(kinds, 1)


def take(
    op: Op, inputs: tuple[Tensor | None, ...]
) -> tuple[Tensor, Tensor, Tensor | None]:
    """Input, weights and the optional bias.

    Raises:
        GraphError: there are more or fewer inputs, or one that is required is left out.
    """
    found = len(inputs)
    require(found in (2, 3), op, f"got {found} inputs; expected 2 or 3")
    x, weights = inputs[:2]
    if x is None or weights is None:
        require(False, op, "the input and the weights cannot be left out")
        raise AssertionError
    return x, weights, inputs[2] if found == 3 else None


def as_inputs(inputs: tuple[Any, ...]) -> tuple[Any, ...]:
    """Weights and bias in the type of a float input: they may be float16 beside it."""
    x = inputs[0]
    if x.dtype.kind != "f":
        return inputs
    return tuple(None if each is None else each.astype(x.dtype) for each in inputs)


def sums_are_wide(node: Node, bias: Array | None, stated: DType) -> bool:
    """Whether the sums of a quantized product have 64 bits."""
    dtype = None if bias is None else bias.dtype
    return has_wide_sums(node.input(0).dtype, dtype, stated)


def check_ranks(op: Op, x: Tensor, weights: Tensor, *, rank: int = 4) -> None:
    """Raise `GraphError` unless both tensors have `rank` axes."""
    for role, tensor in (("input", x), ("weights", weights)):
        found = len(tensor.shape)
        require(
            found == rank,
            op,
            f"the {role} '{tensor.name}' has rank {found}; expected {rank}",
        )


def check_bias(op: Op, bias: Tensor | None, channels: int) -> None:
    """Raise `GraphError` unless a bias holds one number per channel."""
    if bias is None:
        return
    require(
        bias.type.size == channels,
        op,
        f"the bias '{bias.name}' holds {bias.type.size} numbers; expected {channels}",
    )


def is_per_channel(weights: Tensor) -> bool:
    """Whether weights carry a scale for each channel."""
    return weights.quantization is not None and weights.quantization.is_per_channel
