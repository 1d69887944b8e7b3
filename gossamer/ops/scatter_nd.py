"""SCATTER_ND: slices added to places of a tensor of zeros."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from gossamer.errors import GraphError
from gossamer.ir.op import NotQuantized, QuantizationRule, operator, require
from gossamer.ir.types import DType
from gossamer.kernels.movement.gather import Points
from gossamer.kernels.movement.scatter import Joining, scatter
from gossamer.kernels.step import Alarm
from gossamer.nest.build import Nest
from gossamer.nest.expr import F32, I8, I16, I32, I64
from gossamer.ops.alarms import INDEX_KINDS, checked_indices, checked_steps
from gossamer.ops.gather import check_range, outside
from gossamer.ops.movement import Movement
from gossamer.ops.shapes import (
    INDEX_TYPES,
    integers,
    known_vector,
    made,
    operands,
    product,
    vector_length,
)
from gossamer.ops.steps import fill_step

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gossamer.ir.graph import Node, Tensor
    from gossamer.ir.op import Op
    from gossamer.ir.types import Array, Shape, TensorType
    from gossamer.kernels.step import Step
    from gossamer.nest.target import Target

_JOININGS = {
    DType.FLOAT32: Joining(F32, "add"),
    DType.INT8: Joining(I8, "add"),
    DType.UINT8: Joining(I8, "add"),
    DType.INT16: Joining(I16, "add"),
    DType.INT32: Joining(I32, "add"),
    DType.INT64: Joining(I64, "add"),
    DType.BOOL: Joining(I8, "or"),
}


@operator("SCATTER_ND", code=122, options="ScatterNdOptions")
class ScatterNd(Movement):
    """indices (..., depth), updates (..., slice), shape -> a tensor of the shape.

    It is zero but where slices are added, at these `depth` coordinates; several at one
    place add up. What no slice reaches is the number 0 even in a quantized tensor,
    which stands for another real number: so the quantizer keeps it in float.
    """

    output_quantization: ClassVar[QuantizationRule] = NotQuantized()

    def infer(self, *inputs: Tensor | None) -> tuple[TensorType, ...]:
        indices, updates, shape = operands(self, inputs, 3)
        text = f"the indices '{indices.name}' are {indices.dtype.title}, not int32"
        require(indices.dtype in INDEX_TYPES, self, text)
        sizes = known_vector(self, shape, "the shape")
        if sizes is None:
            rank = vector_length(self, shape, "the shape")
            return made(self, updates.dtype, (-1,) * rank)
        if indices.type.is_static and updates.type.is_static:
            _check(self, indices.shape, updates.shape, sizes)
        return made(self, updates.dtype, sizes)

    def reference(self, *inputs: Any) -> tuple[Array, ...]:
        indices, updates = np.asarray(inputs[0]), np.asarray(inputs[1])
        sizes = integers(inputs[2])
        _check(self, indices.shape, updates.shape, sizes)
        y = np.zeros(sizes, updates.dtype)
        places = tuple(np.moveaxis(indices.astype(np.int64), -1, 0))
        for place, size in zip(places, sizes, strict=False):
            check_range(self, place, size)
        join: Any = np.logical_or if y.dtype.kind == "b" else np.add
        join.at(y, places, updates)
        return (y,)

    def lower(self, node: Node, target: Target) -> Sequence[Step] | None:
        indices, updates, y = node.input(0), node.input(1), node.output
        joining = _JOININGS.get(y.dtype)
        if joining is None or indices.dtype not in INDEX_KINDS or not y.type.size:
            return None
        filled = fill_step(target, joining.element, y.type.size, 0, y)
        if not updates.type.size:
            return [filled]
        depth = indices.shape[-1]
        points = Points(
            product(indices.shape[:-1]), y.shape[:depth], product(y.shape[depth:])
        )
        nest = Nest("scatter", target)
        source, result = nest.pointer(), nest.pointer()
        checked = checked_indices(nest, indices)
        scatter(nest, points, joining, source, checked, result)
        alarm = Alarm(outside(self, *points.sizes))
        return [filled, *checked_steps(nest, (updates, y, indices, alarm), 1, (1,))]


def _check(op: Op, indices: Shape, updates: Shape, sizes: Shape) -> None:
    """Raise `GraphError` unless the shapes fit together."""
    depth = indices[-1] if indices else 0
    if not 1 <= depth <= len(sizes) or min(sizes) < 0:
        raise GraphError(
            f"{op.name}: indices {list(indices)} do not fit the shape {list(sizes)}"
        )
    wanted = (*indices[:-1], *sizes[depth:])
    text = f"the updates are {list(updates)}, not {list(wanted)}"
    require(tuple(updates) == wanted, op, text)
