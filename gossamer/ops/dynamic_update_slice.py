"""DYNAMIC_UPDATE_SLICE: a tensor with another written over a part of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from gossamer.ir.op import SameAsInput, operator, require
from gossamer.kernels.movement.move import Box, element_kind, move, strides_of
from gossamer.kernels.step import Step
from gossamer.nest.build import Nest
from gossamer.nest.expr import I64, Value
from gossamer.ops.alarms import INDEX_KINDS
from gossamer.ops.movement import Movement
from gossamer.ops.shapes import integers, known_vector, made, operands, same_type
from gossamer.ops.steps import move_steps

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gossamer.ir.graph import Node, Tensor
    from gossamer.ir.op import QuantizationRule
    from gossamer.ir.types import Array, Shape, TensorType
    from gossamer.nest.expr import Kind
    from gossamer.nest.target import Target


@operator("DYNAMIC_UPDATE_SLICE", code=151, options="DynamicUpdateSliceOptions")
class DynamicUpdateSlice(Movement):
    """x, update, start (rank) -> x with the update written from `start` on.

    A start that would let the update leave x is moved to where it fits.
    """

    output_quantization: ClassVar[QuantizationRule] = SameAsInput((0, 1))
    in_place: ClassVar[bool] = True

    def infer(self, *inputs: Tensor | None) -> tuple[TensorType, ...]:
        x, update, start = operands(self, inputs, 3)
        dtype = same_type(self, (x, update))
        known_vector(self, start, "the start", len(x.shape))
        self._check(x.shape, update.shape)
        return made(self, dtype, x.shape)

    def reference(self, *inputs: Any) -> tuple[Array, ...]:
        x, update = np.array(inputs[0]), np.asarray(inputs[1])
        starts = integers(inputs[2])
        self._check(x.shape, update.shape)
        require(len(starts) == x.ndim, self, f"the start is {list(starts)}")
        lines = zip(starts, x.shape, update.shape, strict=True)
        first = [min(max(start, 0), size - part) for start, size, part in lines]
        place = zip(first, update.shape, strict=True)
        x[tuple(slice(start, start + part) for start, part in place)] = update
        return (x,)

    def lower(self, node: Node, target: Target) -> Sequence[Step] | None:
        x, y = node.input(0), node.output
        written = self.lower_within(node, target)
        if written is None:
            return None
        strides = strides_of(x.shape)
        whole = Box(x.shape, 0, strides, 0, strides)
        copied = move_steps(target, [(whole, x)], y.dtype.numpy.itemsize, y)
        return None if copied is None else [*copied, *written]

    def lower_within(self, node: Node, target: Target) -> Sequence[Step] | None:
        x, update, start = (node.input(i) for i in range(3))
        y, nbytes = node.output, node.output.dtype.numpy.itemsize
        kind = element_kind(nbytes)
        if kind is None or start.dtype not in INDEX_KINDS or y.dtype.numpy.hasobject:
            return None
        if not update.type.size:
            return []
        strides = strides_of(x.shape)
        box = Box(update.shape, 0, strides_of(update.shape), 0, strides)
        nest = Nest("update", target)
        source, result, starts = nest.pointer(), nest.pointer(), nest.pointer()
        index = INDEX_KINDS[start.dtype]
        first = _first(nest, (x.shape, update.shape), index, starts)
        place = nest.offset(result, first, nbytes)
        units = move(nest, box.merged(), kind, (source, place))
        return [Step(nest.finish(), (update, y, start), units, (1,))]

    def _check(self, shape: Shape, part: Shape) -> None:
        text = f"an update of shape {list(part)} does not fit into {list(shape)}"
        require(len(part) == len(shape), self, text)
        fits = (b <= a or a < 0 for a, b in zip(shape, part, strict=True))
        require(all(fits), self, text)


def _first(nest: Nest, shapes: tuple[Shape, Shape], kind: Kind, starts: Value) -> Value:
    """The first element that is written, for an array and a part of these shapes."""
    whole, part = shapes
    first = nest.constant(0, I64)
    for axis, stride in enumerate(strides_of(whole)):
        start = nest.convert(nest.load(kind, starts, axis), I64)
        inside = nest.minimum(nest.maximum(start, 0), whole[axis] - part[axis])
        first = first + inside * stride
    return first
