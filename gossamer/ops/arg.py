"""ARG_MAX, ARG_MIN: where the greatest or least element is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from gossamer.errors import GraphError
from gossamer.ir.op import Op, operator, require
from gossamer.ir.types import DType
from gossamer.kernels.arithmetic.integers import UINT8
from gossamer.kernels.rows.extreme import Search, search
from gossamer.kernels.step import Step
from gossamer.nest.build import Nest
from gossamer.nest.expr import F32, I32
from gossamer.ops.movement import version_of_type
from gossamer.ops.shapes import (
    INDEX_TYPES,
    known_scalar,
    made,
    operands,
    product,
    scalar,
    within,
)
from gossamer.ops.stored import STORED, WHOLE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gossamer.ir.graph import Node, Tensor
    from gossamer.ir.types import Array, TensorType
    from gossamer.nest.target import Target

_PLAIN = {DType.FLOAT32: F32, DType.INT32: I32}


class _Extreme(Op):
    """x, axis -> the index along the axis; the first of several equal ones.

    `output_type` is int32 or int64.
    """

    __slots__ = ()

    greatest: ClassVar[bool]

    if TYPE_CHECKING:
        output_type: DType

    def index(self, x: Array, axis: int) -> Array:
        """The place of the extreme element along `axis`."""
        raise NotImplementedError

    def infer(self, *inputs: Tensor | None) -> tuple[TensorType, ...]:
        x, where = operands(self, inputs, 2)
        text = f"output_type is {self.output_type.title}, not int32 or int64"
        require(self.output_type in INDEX_TYPES, self, text)
        axis = known_scalar(self, where, "the axis")
        if axis is None:
            require(len(x.shape) > 0, self, "the input is a scalar")
            return made(self, self.output_type, (-1,) * (len(x.shape) - 1))
        axis = within(self, axis, len(x.shape))
        require(x.shape[axis] != 0, self, f"dimension {axis} of {x} is empty")
        return made(self, self.output_type, x.shape[:axis] + x.shape[axis + 1 :])

    def reference(self, *inputs: Any) -> tuple[Array, ...]:
        x: Array = np.asarray(inputs[0])
        axis = within(self, scalar(self, inputs[1], "the axis"), x.ndim)
        if x.shape[axis] == 0:
            raise GraphError(f"{self.name}: dimension {axis} is empty")
        found = self.index(x, axis)
        return (np.asarray(found, self.output_type.numpy),)

    def integer(self, node: Node, *inputs: Any) -> tuple[Array, ...]:
        """Order does not depend on the scale."""
        return self.reference(*inputs)

    def lower(self, node: Node, target: Target) -> Sequence[Step] | None:
        x, where, y = node.input(0), node.input(1), node.output
        stored = STORED.get(x.dtype, UINT8 if x.dtype is DType.BOOL else None)
        element = _PLAIN.get(x.dtype) if stored is None else stored.kind
        if where.data is None or element is None or not x.type.size:
            return None
        axis = within(self, scalar(self, where.data, "the axis"), len(x.shape))
        work = Search(
            product(x.shape[:axis]),
            x.shape[axis],
            product(x.shape[axis + 1 :]),
            self.greatest,
            element,
            stored,
            WHOLE[self.output_type],
        )
        nest = Nest("search", target)
        search(nest, work, nest.pointer(), nest.pointer())
        return [Step(nest.finish(), (x, y), work.outer, (1,))]

    def version(self, node: Node) -> int:
        return version_of_type(node.input(0).dtype, bool=3, int8=2)


@operator("ARG_MAX", code=56, options="ArgMaxOptions")
class ArgMax(_Extreme):
    """The index of the greatest element along an axis."""

    output_type: DType = DType.FLOAT32

    greatest = True

    def index(self, x: Array, axis: int) -> Array:
        return np.argmax(x, axis=axis)


@operator("ARG_MIN", code=79, options="ArgMinOptions")
class ArgMin(_Extreme):
    """The index of the least element along an axis."""

    output_type: DType = DType.FLOAT32

    greatest = False

    def index(self, x: Array, axis: int) -> Array:
        return np.argmin(x, axis=axis)
