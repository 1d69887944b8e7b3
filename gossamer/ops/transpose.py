"""TRANSPOSE: the dimensions in another order."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from gossamer.ir.op import operator, require
from gossamer.ops.movement import Movement, version_of_type
from gossamer.ops.shapes import integers, known_vector, made, operands, within

if TYPE_CHECKING:
    from gossamer.ir.graph import Node, Tensor
    from gossamer.ir.types import Array, TensorType


@operator("TRANSPOSE", code=39, options="TransposeOptions")
class Transpose(Movement):
    """x, order -> y whose dimension i is x's dimension order[i]."""

    def infer(self, *inputs: Tensor | None) -> tuple[TensorType, ...]:
        x, order = operands(self, inputs, 2)
        rank = len(x.shape)
        axes = known_vector(self, order, "the order", rank)
        if axes is None:
            return made(self, x.dtype, (-1,) * rank)
        ordered = self._checked(axes, rank)
        return made(self, x.dtype, [x.shape[axis] for axis in ordered])

    def reference(self, *inputs: Any) -> tuple[Array, ...]:
        x: Array = np.asarray(inputs[0])
        return (np.transpose(x, self._checked(integers(inputs[1]), x.ndim)),)

    def version(self, node: Node) -> int:
        x = node.input(0)
        if x.dtype.title == "int4":
            return 7
        if len(x.shape) > 5:
            return 6
        by_type = version_of_type(x.dtype, int16=5, bool=3, int8=2)
        return max(by_type, 4 if len(x.shape) > 4 else 1)

    def _checked(self, axes: tuple[int, ...], rank: int) -> tuple[int, ...]:
        ordered = tuple(within(self, axis, rank) for axis in axes)
        text = f"the order {list(axes)} does not name each of {rank} dimensions once"
        require(sorted(ordered) == list(range(rank)), self, text)
        return ordered
