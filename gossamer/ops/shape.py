"""SHAPE, RANK: the sizes of a tensor as a tensor."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from gossamer.errors import GraphError
from gossamer.ir.op import Op, operator, require
from gossamer.ir.types import DType
from gossamer.ops.shapes import INDEX_TYPES, made, operands

if TYPE_CHECKING:
    from gossamer.ir.graph import Node, Tensor
    from gossamer.ir.types import Array, TensorType


@operator("SHAPE", code=77, options="ShapeOptions")
class Shape(Op):
    """x -> its sizes, a vector of `out_type` (int32 or int64)."""

    out_type: DType = DType.FLOAT32

    def infer(self, *inputs: Tensor | None) -> tuple[TensorType, ...]:
        (x,) = operands(self, inputs, 1)
        text = f"out_type is {self.out_type.title}, not int32 or int64"
        require(self.out_type in INDEX_TYPES, self, text)
        return made(self, self.out_type, (len(x.shape),))

    def reference(self, *inputs: Any) -> tuple[Array, ...]:
        if self.out_type not in INDEX_TYPES:
            raise GraphError(f"SHAPE: out_type is {self.out_type.title}")
        return (np.array(np.shape(inputs[0]), self.out_type.numpy),)

    def integer(self, node: Node, *inputs: Any) -> tuple[Array, ...]:
        return self.reference(*inputs)


@operator("RANK", code=110, options="RankOptions")
class Rank(Op):
    """x -> how many dimensions it has, an int32 scalar."""

    def infer(self, *inputs: Tensor | None) -> tuple[TensorType, ...]:
        operands(self, inputs, 1)
        return made(self, DType.INT32, ())

    def reference(self, *inputs: Any) -> tuple[Array, ...]:
        return (np.array(np.ndim(inputs[0]), np.int32),)

    def integer(self, node: Node, *inputs: Any) -> tuple[Array, ...]:
        return self.reference(*inputs)
