"""ONE_HOT: indices as vectors with one value on and the rest off."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from gossamer.errors import GraphError
from gossamer.ir.op import SameAsInput, operator, require
from gossamer.kernels.elements.one_hot import OneHots, one_hot
from gossamer.kernels.movement.move import element_kind
from gossamer.kernels.step import Step
from gossamer.nest.build import Nest
from gossamer.ops.alarms import INDEX_KINDS
from gossamer.ops.movement import Movement
from gossamer.ops.shapes import (
    INDEX_TYPES,
    known_scalar,
    made,
    operands,
    product,
    same_type,
    scalar,
    within,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gossamer.ir.graph import Node, Tensor
    from gossamer.ir.op import QuantizationRule
    from gossamer.ir.types import Array, TensorType
    from gossamer.nest.target import Target


@operator("ONE_HOT", code=85, options="OneHotOptions")
class OneHot(Movement):
    """indices, depth, on, off -> a new dimension of size depth at `axis`.

    It holds `on` at the index and `off` elsewhere, also for an index out of range.
    """

    axis: int = 0

    output_quantization: ClassVar[QuantizationRule] = SameAsInput((2, 3))

    def infer(self, *inputs: Tensor | None) -> tuple[TensorType, ...]:
        indices, depth, on, off = operands(self, inputs, 4)
        dtype = same_type(self, (on, off))
        text = f"{indices} are not int32 or int64"
        require(indices.dtype in INDEX_TYPES, self, text)
        for value in (on, off):
            count = value.type.size if value.type.is_static else 1
            require(count == 1, self, f"{value} is not a single value")
        size = known_scalar(self, depth, "the depth")
        size = -1 if size is None else self._checked(size)
        axis = within(self, self.axis, len(indices.shape) + 1)
        shape = (*indices.shape[:axis], size, *indices.shape[axis:])
        return made(self, dtype, shape)

    def reference(self, *inputs: Any) -> tuple[Array, ...]:
        indices: Array = np.asarray(inputs[0])
        depth = self._checked(scalar(self, inputs[1], "the depth"))
        on, off = (np.asarray(array).reshape(()) for array in inputs[2:4])
        axis = within(self, self.axis, indices.ndim + 1)
        if indices.size == 0:
            empty = (*indices.shape[:axis], depth, *indices.shape[axis:])
            return (np.zeros(empty, on.dtype),)
        shape = [1] * (indices.ndim + 1)
        shape[axis] = depth
        hit = np.expand_dims(indices, axis) == np.arange(depth).reshape(shape)
        return (np.where(hit, on, off).astype(on.dtype),)

    def lower(self, node: Node, target: Target) -> Sequence[Step] | None:
        indices, depth, on, off = (node.input(i) for i in range(4))
        y = node.output
        element = element_kind(y.dtype.numpy.itemsize)
        if depth.data is None or element is None or y.dtype.numpy.hasobject:
            return None
        if not y.type.size:
            return []
        axis = within(self, self.axis, len(y.shape))
        work = OneHots(
            product(y.shape[:axis]),
            y.shape[axis],
            product(y.shape[axis + 1 :]),
            INDEX_KINDS[indices.dtype],
            element,
        )
        nest = Nest("one_hot", target)
        source, result = nest.pointer(), nest.pointer()
        one_hot(nest, work, source, (nest.pointer(), nest.pointer()), result)
        return [Step(nest.finish(), (indices, y, on, off), work.outer, (1,))]

    def _checked(self, depth: int) -> int:
        if depth < 0:
            raise GraphError(f"{self.name}: the depth is {depth}, below 0")
        return depth
