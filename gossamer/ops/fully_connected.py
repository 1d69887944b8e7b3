"""FULLY_CONNECTED: rows of the input times a matrix of weights."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from gossamer.errors import UnsupportedError
from gossamer.ir.arithmetic import activate, centered
from gossamer.ir.op import Free, Op, WeightRule, operator, require
from gossamer.ir.types import DType, TensorType
from gossamer.ops.blockwise import blockwise_product, blockwise_weights, has_blocks
from gossamer.ops.conv_2d import (
    as_inputs,
    check_bias,
    is_per_channel,
    sums_are_wide,
    take,
)
from gossamer.ops.integer_product import hybrid, hybrid_weights, requantize_sums
from gossamer.ops.product_steps import Product, convolution_steps, rows_as_pixels

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gossamer.ir.graph import Node, Tensor
    from gossamer.ir.types import Array, Shape
    from gossamer.kernels.step import Step
    from gossamer.nest.target import Target


@operator("FULLY_CONNECTED", code=9, options="FullyConnectedOptions")
class FullyConnected(Op):
    """Inputs: x (…, I), weights (O, I), bias (O) or None.

    The output is (rows, O), or (…, O) with `keep_num_dims`. Float inputs beside
    integer weights are quantized row by row, with a zero point where
    `asymmetric_quantize_inputs` is set or the weights have scales for blocks.
    """

    fused_activation_function: str = "none"
    weights_format: str = "default"
    keep_num_dims: bool = False
    asymmetric_quantize_inputs: bool = False
    quantized_bias_type: DType = DType.FLOAT32
    quant_spec: tuple[int, ...] = ()

    output_quantization = Free()
    weights = WeightRule(input=1, axis=0, bias=2)

    def infer(self, *inputs: Tensor | None) -> tuple[TensorType, ...]:
        x, weights, bias = take(self, inputs)
        require(
            len(weights.shape) == 2,
            self,
            f"the weights '{weights.name}' have rank {len(weights.shape)}; expected 2",
        )
        outputs, depth = weights.shape
        require(
            depth > 0, self, f"the weights have {depth} columns; expected at least 1"
        )
        check_bias(self, bias, outputs)
        return (TensorType(x.dtype, self._shape(x.shape, outputs, depth)),)

    def _shape(self, shape: Shape, outputs: int, depth: int) -> Shape:
        is_row = bool(shape) and shape[-1] in (depth, -1)
        if self.keep_num_dims:
            require(is_row, self, f"the input {shape} does not end in {depth}")
            return (*shape[:-1], outputs)
        if any(dim < 0 for dim in shape):
            lead = shape[0] if len(shape) == 2 and is_row else -1
            return (lead, outputs)
        size = int(np.prod(shape, dtype=object))
        require(
            size % depth == 0,
            self,
            f"the input {shape} of {size} numbers does not divide into rows of {depth}",
        )
        return (size // depth, outputs)

    def reference(self, *inputs: Any) -> tuple[Array, ...]:
        x, weights, *rest = as_inputs(inputs)
        y = self._rows(x, weights) @ weights.T
        y = y + rest[0] if rest and rest[0] is not None else y
        return (self._finish(x, activate(y, self.fused_activation_function)),)

    def _rows(self, x: Array, weights: Array) -> Array:
        if self.weights_format != "default":
            raise UnsupportedError(
                f"{self.name}: weights in the format '{self.weights_format}' are not "
                "supported; convert the model again without shuffled weights"
            )
        return x.reshape(-1, weights.shape[1])

    def _finish(self, x: Array, y: Array) -> Array:
        return y.reshape(*x.shape[:-1], y.shape[-1]) if self.keep_num_dims else y

    def integer(self, node: Node, *inputs: Any) -> tuple[Array, ...]:
        x, weights, *rest = inputs
        bias = rest[0] if rest else None
        if node.input(1).dtype.is_float:
            return self.reference(*inputs)
        rows = self._rows(x, weights)
        activation = self.fused_activation_function
        if x.dtype.kind == "f" and has_blocks(node.input(1)):
            matrix = blockwise_weights(node.input(1), weights)
            y = activate(blockwise_product(rows, matrix, bias), activation)
            return (self._finish(x, y),)
        if x.dtype.kind == "f":
            matrix = hybrid_weights(weights).T
            y = hybrid(
                rows,
                node.input(1),
                lambda values: values @ matrix,
                bias,
                activation,
                asymmetric=self.asymmetric_quantize_inputs,
            )
            return (self._finish(x, y),)
        matrix = centered(node.input(1), weights).astype(np.float64).T
        is_short = node.input(1).dtype is DType.INT16
        y = requantize_sums(
            centered(node.input(0), rows).astype(np.float64) @ matrix,
            (node.input(0), node.input(1), node.output),
            bias,
            activation,
            is_wide=is_short or sums_are_wide(node, bias, self.quantized_bias_type),
            is_real=not is_short,
        )
        return (self._finish(x, y),)

    def lower(self, node: Node, target: Target) -> Sequence[Step] | None:
        if self.weights_format != "default":
            return None
        outputs, depth = node.input(1).shape
        window = rows_as_pixels(node.input(0).type.size // depth, depth)
        asymmetric = self.asymmetric_quantize_inputs
        product = Product(
            node,
            self.fused_activation_function,
            asymmetric,
            is_real=True,
            stated=self.quantized_bias_type,
        )
        return convolution_steps(product, window, (outputs, 1, 1, depth), target)

    def version(self, node: Node) -> int:
        weights = node.input(1)
        kinds = (node.input(0).dtype, weights.dtype)
        is_hybrid = kinds == (DType.FLOAT32, DType.INT8)
        if is_hybrid and is_per_channel(weights):
            return 12
        if kinds[0] is DType.INT16:
            stated = self.quantized_bias_type is not DType.FLOAT32
            return {DType.INT4: 13, DType.INT8: 11 if stated else 7}.get(kinds[1], 7)
        if weights.sparsity is not None:
            return 8
        if kinds == (DType.INT8, DType.INT4):
            return 10
        if is_hybrid and self.asymmetric_quantize_inputs:
            return 9
        return self._plain_version(node, kinds)

    def _plain_version(self, node: Node, kinds: tuple[DType, DType]) -> int:
        if len(node.inputs) == 2:
            return 6
        if self.keep_num_dims:
            return 5
        if kinds == (DType.INT8, DType.INT8):
            return 4
        if kinds == (DType.FLOAT32, DType.INT8):
            return 3
        return 1 if self.weights_format == "default" else 2
