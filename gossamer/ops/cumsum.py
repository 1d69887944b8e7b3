"""CUMSUM: running sums."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from gossamer.ir.op import Op, operator
from gossamer.ops.shapes import known_scalar, made, operands, scalar, within

if TYPE_CHECKING:
    from gossamer.ir.graph import Tensor
    from gossamer.ir.types import Array, TensorType


@operator("CUMSUM", code=128, options="CumsumOptions")
class Cumsum(Op):
    """x, axis -> the sum of all elements up to each along the axis.

    With `exclusive` the element itself does not count; `reverse` sums from the end.
    """

    exclusive: bool = False
    reverse: bool = False

    def infer(self, *inputs: Tensor | None) -> tuple[TensorType, ...]:
        x, where = operands(self, inputs, 2)
        axis = known_scalar(self, where, "the axis")
        if axis is not None:
            within(self, axis, len(x.shape))
        return made(self, x.dtype, x.shape)

    def reference(self, *inputs: Any) -> tuple[Array, ...]:
        x: Array = np.asarray(inputs[0])
        axis = within(self, scalar(self, inputs[1], "the axis"), x.ndim)
        x = np.flip(x, axis) if self.reverse else x
        total = np.cumsum(x, axis=axis, dtype=x.dtype)
        if self.exclusive and x.shape[axis]:
            total = np.roll(total, 1, axis)
            total[(slice(None),) * axis + (0,)] = 0
        return (np.flip(total, axis) if self.reverse else total,)
