"""TRANSPOSE_CONV: each input cell adds its kernel to a window of the output."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from gossamer.errors import GraphError
from gossamer.ir.arithmetic import activate, centered
from gossamer.ir.op import Free, Op, WeightRule, operator, require
from gossamer.ir.types import DType, TensorType
from gossamer.ops.arithmetic_of import Task
from gossamer.ops.conv_2d import check_bias, check_ranks
from gossamer.ops.integer_product import (
    has_wide_sums,
    hybrid,
    hybrid_weights,
    requantize_sums,
)
from gossamer.ops.placed_steps import transposed_steps
from gossamer.ops.window import Window, convolve_transposed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gossamer.ir.graph import Node, Tensor
    from gossamer.ir.types import Array, Shape
    from gossamer.kernels.step import Step
    from gossamer.nest.target import Target

_ELEMENTS_LIMIT = 1 << 31


@operator("TRANSPOSE_CONV", code=67, options="TransposeConvOptions")
class TransposeConv(Op):
    """Inputs: output shape (4), weights (O, KH, KW, C), x (N, H, W, C), bias (O)."""

    padding: str = "same"
    stride_w: int = 0
    stride_h: int = 0
    fused_activation_function: str = "none"
    quantized_bias_type: DType = DType.FLOAT32

    output_quantization = Free()
    weights = WeightRule(input=1, axis=0, bias=3)

    def window(self, height: int, width: int) -> Window:
        """How a kernel of that size moves over the output."""
        stride = (self.stride_h, self.stride_w)
        return Window(self.padding, (height, width), stride)

    def infer(self, *inputs: Tensor | None) -> tuple[TensorType, ...]:
        require(
            len(inputs) in (3, 4), self, f"got {len(inputs)} inputs; expected 3 or 4"
        )
        sizes, weights, x = inputs[:3]
        if sizes is None or weights is None or x is None:
            raise GraphError(f"{self.name}: only the bias can be left out")
        check_ranks(self, x, weights)
        outputs, height, width, depth = weights.shape
        require(
            x.shape[3] in (depth, -1),
            self,
            f"the input has {x.shape[3]} channels; the weights expect {depth}",
        )
        check_bias(self, inputs[3] if len(inputs) == 4 else None, outputs)
        self.window(height, width).check(self)
        shape = (x.shape[0], -1, -1, outputs)
        if sizes.data is not None:
            shape = self._shape(sizes.data, x.shape, weights.shape)
        return (TensorType(x.dtype, shape),)

    def _shape(self, sizes: Array, x: Shape, weights: Shape) -> Shape:
        shape = target_shape(self, sizes, (x[0], -1, -1, weights[0]))
        window = self.window(*weights[1:3])
        found = (window.output_size(shape[1], 0), window.output_size(shape[2], 1))
        require(
            all(a in (-1, b) for a, b in zip(x[1:3], found, strict=True)),
            self,
            f"the window takes the output shape {shape} to {found}; the input has "
            f"{x[1:3]}",
        )
        return shape

    def reference(self, *inputs: Any) -> tuple[Array, ...]:
        sizes, weights, x, *rest = inputs
        y = self._scatter(sizes, weights.astype(x.dtype), x)
        y = y + rest[0] if rest and rest[0] is not None else y
        return (activate(y, self.fused_activation_function),)

    def _scatter(self, sizes: Array, weights: Array, x: Array) -> Array:
        """The output before the bias, in the type of `x`."""
        shape = self._shape(sizes, x.shape, weights.shape)
        window = self.window(*weights.shape[1:3])
        return convolve_transposed(x, weights, window, (shape[1], shape[2]))

    def integer(self, node: Node, *inputs: Any) -> tuple[Array, ...]:
        sizes, weights, x, *rest = inputs
        bias = rest[0] if rest else None
        if node.input(1).dtype.is_float:
            return self.reference(*inputs)
        activation = self.fused_activation_function
        if x.dtype.kind == "f":
            kernel = hybrid_weights(weights)
            y = hybrid(
                x,
                node.input(1),
                lambda values: self._scatter(sizes, kernel, values),
                bias,
                activation,
                asymmetric=True,
            )
            return (y,)
        kernel = centered(node.input(1), weights).astype(np.float64)
        values = centered(node.input(2), x).astype(np.float64)
        dtype = None if bias is None else bias.dtype
        wide = has_wide_sums(node.input(2).dtype, dtype, self.quantized_bias_type)
        y = requantize_sums(
            self._scatter(sizes, kernel, values),
            (node.input(2), node.input(1), node.output),
            bias,
            activation,
            is_wide=wide,
        )
        return (y,)

    def lower(self, node: Node, target: Target) -> Sequence[Step] | None:
        task = Task(
            node.input(2),
            node.input(1),
            node.optional(3),
            node.output,
            self.fused_activation_function,
            asymmetric=True,
            stated=self.quantized_bias_type,
        )
        window = self.window(*node.input(1).shape[1:3])
        return transposed_steps(task, window, target)

    def version(self, node: Node) -> int:
        if self.quantized_bias_type is not DType.FLOAT32:
            return 5
        if self.fused_activation_function != "none":
            return 4
        if node.optional(3) is not None:
            return 3
        return 2 if node.input(1).dtype is DType.INT8 else 1


def target_shape(op: Op, sizes: Array, expected: Shape) -> Shape:
    """The output shape that an input states; -1 where `expected` leaves it free.

    Raises:
        GraphError: it does not fit, or speaks of more elements than can be held.
    """
    shape = tuple(int(size) for size in sizes.reshape(-1))
    fits = len(shape) == len(expected) and all(
        size > 0 and wanted in (-1, size)
        for size, wanted in zip(shape, expected, strict=True)
    )
    require(fits, op, f"the output shape is {shape}; expected {expected}")
    count = int(np.prod(shape, dtype=object))
    require(count < _ELEMENTS_LIMIT, op, f"the output shape {shape} is too large")
    return shape
