"""BATCH_MATMUL: matrix products over leading axes that broadcast."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from gossamer.ir.arithmetic import (
    centered,
    multiply_wide,
    parameters,
    quantize_multiplier,
    rescale,
    settle,
)
from gossamer.ir.op import Free, Op, WeightRule, operator, require
from gossamer.ir.types import DType, TensorType
from gossamer.kernels.products.batch import Matrices
from gossamer.ops.batch_steps import Operand, Products
from gossamer.ops.broadcasting import broadcast_shapes, pair
from gossamer.ops.integer_product import hybrid

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gossamer.ir.graph import Node, Tensor
    from gossamer.ir.types import Array
    from gossamer.kernels.step import Step
    from gossamer.nest.target import Target


@operator("BATCH_MATMUL", code=126, options="BatchMatMulOptions")
class BatchMatMul(Op):
    """Inputs: x (…, M, K) and y (…, K, N); `adj_x`, `adj_y` swap their last axes."""

    adj_x: bool = False
    adj_y: bool = False
    asymmetric_quantize_inputs: bool = False

    output_quantization = Free()
    weights = WeightRule(input=1, axis=None, bias=None)

    def infer(self, *inputs: Tensor | None) -> tuple[TensorType, ...]:
        x, y = pair(self, inputs)
        for tensor in (x, y):
            rank = len(tensor.shape)
            require(
                rank >= 2, self, f"'{tensor.name}' has rank {rank}; expected at least 2"
            )
        rows, depth = x.shape[-1:-3:-1] if self.adj_x else x.shape[-2:]
        other, columns = y.shape[-1:-3:-1] if self.adj_y else y.shape[-2:]
        require(
            depth == other or -1 in (depth, other),
            self,
            f"the inner sizes of {x.shape} and {y.shape} differ: {depth} and {other}",
        )
        lead = broadcast_shapes(self, x.shape[:-2], y.shape[:-2])
        return (TensorType(x.dtype, (*lead, rows, columns)),)

    def reference(self, *inputs: Any) -> tuple[Array, ...]:
        x, y = self._turned(*inputs)
        return (np.matmul(x, y),)

    def _turned(self, x: Array, y: Array) -> tuple[Array, Array]:
        return (
            x.swapaxes(-1, -2) if self.adj_x else x,
            y.swapaxes(-1, -2) if self.adj_y else y,
        )

    def integer(self, node: Node, *inputs: Any) -> tuple[Array, ...]:
        x, y = inputs
        if y.dtype.kind == "f":
            return self.reference(x, y)
        if x.dtype.kind == "f":
            return (self._hybrid(node, x, y),)
        if node.output.dtype is DType.INT32:
            # The sums of the stored numbers: zero points play no part.
            left, right = self._turned(x.astype(np.int32), y.astype(np.int32))
            return (np.matmul(left, right),)
        left, right = self._turned(
            centered(node.input(0), x).astype(np.float64),
            centered(node.input(1), y).astype(np.float64),
        )
        sums = np.matmul(left, right).astype(np.int64)
        factor = np.float64(parameters(node.input(0))[0])
        factor = factor * np.float64(parameters(node.input(1))[0])
        factor = float(factor / np.float64(parameters(node.output)[0]))
        if x.dtype == np.int16:
            wide = multiply_wide(sums, *quantize_multiplier(factor))
            return (settle(node.output, wide),)
        return (rescale(node.output, sums, factor),)

    def _hybrid(self, node: Node, x: Array, y: Array) -> Array:
        """Rows of x quantized one by one; y is taken as if its zero point were 0."""
        left, right = self._turned(x, y.astype(np.float64))
        outer = np.broadcast_shapes(left.shape[:-2], right.shape[:-2])
        left = np.broadcast_to(left, (*outer, *left.shape[-2:]))
        lead, depth = left.shape[:-1], left.shape[-1]
        result = hybrid(
            left.reshape(-1, depth),
            node.input(1),
            lambda rows: np.matmul(rows.reshape(*lead, depth), right).reshape(
                -1, right.shape[-1]
            ),
            None,
            "none",
            asymmetric=self.asymmetric_quantize_inputs,
        )
        return result.reshape(*lead, right.shape[-1])

    def lower(self, node: Node, target: Target) -> Sequence[Step] | None:
        x, y, output = node.input(0), node.input(1), node.output
        left, right = _matrices(x), _matrices(y)
        problem = Products(
            target,
            Operand(x, left.turned if self.adj_x else left),
            Operand(y, right.turned if self.adj_y else right),
            Operand(output, _matrices(output)),
            self.asymmetric_quantize_inputs,
        )
        return problem.steps()

    def version(self, node: Node) -> int:
        kinds = (node.input(0).dtype, node.input(1).dtype)
        if kinds == (DType.FLOAT32, DType.INT8) and self.asymmetric_quantize_inputs:
            return 4
        return {DType.INT8: 2, DType.INT16: 3}.get(kinds[0], 1)


def _matrices(tensor: Tensor) -> Matrices:
    *lead, rows, columns = tensor.shape
    return Matrices.dense(lead, rows, columns)
