"""CUMSUM: running sums."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from gossamer.ir.op import Op, operator
from gossamer.kernels.rows.running import Running, running_sums
from gossamer.kernels.step import Step
from gossamer.nest.build import Nest
from gossamer.ops.shapes import (
    known_scalar,
    made,
    operands,
    product,
    scalar,
    within,
)
from gossamer.ops.stored import PLAIN

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gossamer.ir.graph import Node, Tensor
    from gossamer.ir.types import Array, TensorType
    from gossamer.nest.target import Target


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

    def lower(self, node: Node, target: Target) -> Sequence[Step] | None:
        x, where, y = node.input(0), node.input(1), node.output
        kind = PLAIN.get(x.dtype)
        if where.data is None or kind is None:
            return None
        if not x.type.size:
            return []
        axis = within(self, scalar(self, where.data, "the axis"), len(x.shape))
        sizes = (product(x.shape[:axis]), x.shape[axis], product(x.shape[axis + 1 :]))
        work = Running(*sizes, exclusive=self.exclusive, reverse=self.reverse)
        nest = Nest("running", target)
        running_sums(nest, work, kind, nest.pointer(), nest.pointer())
        return [Step(nest.finish(), (x, y), work.outer, (1,))]
