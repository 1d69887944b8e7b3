"""EXPAND_DIMS: put in a dimension of size 1."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from gossamer.ir.op import operator
from gossamer.ops.movement import Movement
from gossamer.ops.shapes import known_scalar, made, operands, scalar, within

if TYPE_CHECKING:
    from gossamer.ir.graph import Tensor
    from gossamer.ir.types import Array, TensorType


@operator("EXPAND_DIMS", code=70, options="ExpandDimsOptions")
class ExpandDims(Movement):
    """x, axis -> x with a dimension of size 1 at `axis` of the result."""

    only_reshapes = True

    def infer(self, *inputs: Tensor | None) -> tuple[TensorType, ...]:
        x, where = operands(self, inputs, 2)
        axis = known_scalar(self, where, "the axis")
        rank = len(x.shape) + 1
        if axis is None:
            return made(self, x.dtype, (-1,) * rank)
        axis = within(self, axis, rank)
        return made(self, x.dtype, (*x.shape[:axis], 1, *x.shape[axis:]))

    def reference(self, *inputs: Any) -> tuple[Array, ...]:
        x: Array = np.asarray(inputs[0])
        axis = within(self, scalar(self, inputs[1], "the axis"), x.ndim + 1)
        return (np.expand_dims(x, axis),)
