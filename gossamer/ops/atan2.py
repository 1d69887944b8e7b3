"""ATAN2: the angle of a point."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gossamer.ir.op import operator, require
from gossamer.ir.types import DType
from gossamer.kernels.arithmetic import angles
from gossamer.ops.binary import Binary
from gossamer.ops.shapes import made, operands, same_size, same_type

if TYPE_CHECKING:
    from gossamer.ir.graph import Node, Tensor
    from gossamer.ir.types import Array, TensorType
    from gossamer.nest.build import Nest
    from gossamer.nest.expr import Value


@operator("ATAN2", code=156, options="ATan2Options")
class Atan2(Binary):
    """y, x -> the angle of the point (x, y) in radians, from -pi to pi."""

    def infer(self, *inputs: Tensor | None) -> tuple[TensorType, ...]:
        y, x = operands(self, inputs, 2)
        dtype = same_type(self, (y, x))
        require(dtype.is_float, self, f"{y} holds no real numbers")
        text = f"{y.type} and {x.type} differ in shape"
        require(len(y.shape) == len(x.shape), self, text)
        pairs = zip(y.shape, x.shape, strict=True)
        return made(self, dtype, [same_size(self, *pair) for pair in pairs])

    def apply(self, x: Array, y: Array) -> Array:
        return np.arctan2(x, y)

    def emit(self, nest: Nest, left: Value, right: Value) -> Value:
        return angles.atan2(nest, left, right)

    def is_compiled(self, node: Node) -> bool:
        """Kernels are no more exact than float32."""
        dtype = node.output.dtype
        return dtype.is_float and dtype is not DType.FLOAT64
