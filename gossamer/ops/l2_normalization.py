"""L2_NORMALIZATION: x over its Euclidean length along the last axis."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from gossamer.ir.arithmetic import activate, centered, multiply, parameters
from gossamer.ir.fixed_point import inverse_square_root
from gossamer.ir.op import Fixed, Op, operator, require
from gossamer.ir.types import DType, TensorType
from gossamer.kernels.arithmetic.clamp import ACTIVATION_LIMITS
from gossamer.kernels.rows.l2_normalize import (
    BytesRow,
    float_l2_normalize,
    integer_l2_normalize,
)
from gossamer.kernels.step import Step
from gossamer.nest.build import Nest
from gossamer.ops.broadcasting import single
from gossamer.ops.stored import STORED, is_quantized

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gossamer.ir.graph import Node, Tensor
    from gossamer.ir.types import Array
    from gossamer.nest.target import Target

_MOST_COLUMNS = 1 << 15
"""With more, the sum of squares may leave 31 bits."""

_LEAST_LENGTH = 1e-6


@operator("L2_NORMALIZATION", code=11, options="L2NormOptions")
class L2Normalization(Op):
    """Vectors along the last axis, scaled to length 1."""

    fused_activation_function: str = "none"

    output_quantization = Fixed(int8=(1 / 128, 0))

    def infer(self, *inputs: Tensor | None) -> tuple[TensorType, ...]:
        x = single(self, inputs)
        require(len(x.shape) >= 1, self, f"'{x.name}' is a scalar; expected an axis")
        return (x.type,)

    def reference(self, *inputs: Any) -> tuple[Array, ...]:
        (x,) = inputs
        length = np.sqrt(np.square(x).sum(axis=-1, keepdims=True))
        y = x / np.maximum(length, x.dtype.type(_LEAST_LENGTH))
        return (activate(y, self.fused_activation_function),)

    def integer(self, node: Node, *inputs: Any) -> tuple[Array, ...]:
        (x,) = inputs
        if x.dtype.kind == "f":
            return self.reference(x)
        values = centered(node.input(0), x)
        squares = np.square(values).sum(axis=-1, keepdims=True)
        pairs = [inverse_square_root(int(square)) for square in squares.reshape(-1)]
        factors = np.array(pairs, np.int64).reshape(*squares.shape, 2)
        limits = np.iinfo(x.dtype)
        # The output counts in steps of 1/128: 7 more bits, before or after rounding.
        if x.dtype == np.uint8:
            scaled = multiply(values << 7, factors[..., 0], factors[..., 1]) + 128
        else:
            scaled = multiply(values, factors[..., 0], factors[..., 1] + 7)
        return (np.clip(scaled, limits.min, limits.max).astype(x.dtype),)

    def lower(self, node: Node, target: Target) -> Sequence[Step] | None:
        x, y = node.input(0), node.output
        if not y.type.size:
            return None
        columns = x.shape[-1]
        nest = Nest("l2_normalize", target)
        source, result = nest.pointer(), nest.pointer()
        limits = ACTIVATION_LIMITS.get(self.fused_activation_function)
        if x.dtype is DType.FLOAT32 and limits is not None:
            float_l2_normalize(nest, columns, limits, source, result)
        elif _is_byte(x, y) and columns <= _MOST_COLUMNS:
            _, zero_point = parameters(x)
            row = BytesRow(STORED[x.dtype], columns, zero_point)
            integer_l2_normalize(nest, row, source, result)
        else:
            return None
        return [Step(nest.finish(), (x, y), y.type.size // columns, (1,))]

    def version(self, node: Node) -> int:
        return 2 if node.output.dtype is DType.INT8 else 1


def _is_byte(x: Tensor, y: Tensor) -> bool:
    return x.dtype is not DType.INT16 and is_quantized(x, y)
