"""SLICE: a box cut out of a tensor."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from gossamer.ir.op import operator, require
from gossamer.kernels.movement.move import Box, strides_of
from gossamer.ops.alarms import Start, slice_steps
from gossamer.ops.movement import Movement, version_of_type
from gossamer.ops.shapes import integers, known_vector, made, operands

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gossamer.ir.graph import Node, Tensor
    from gossamer.ir.types import Array, Shape, TensorType
    from gossamer.kernels.step import Step
    from gossamer.nest.target import Target


@operator("SLICE", code=65, options="SliceOptions")
class Slice(Movement):
    """x, begin, size -> x[begin : begin + size]; a size of -1 reaches to the end."""

    def infer(self, *inputs: Tensor | None) -> tuple[TensorType, ...]:
        x, begin, size = operands(self, inputs, 3)
        rank = len(x.shape)
        starts = known_vector(self, begin, "begin", rank)
        sizes = known_vector(self, size, "size", rank)
        if sizes is None:
            return made(self, x.dtype, (-1,) * rank)
        if starts is None:
            return made(self, x.dtype, sizes)
        return made(self, x.dtype, self._sizes(x.shape, starts, sizes))

    def reference(self, *inputs: Any) -> tuple[Array, ...]:
        x: Array = np.asarray(inputs[0])
        starts, sizes = integers(inputs[1]), integers(inputs[2])
        text = f"begin {list(starts)} and size {list(sizes)} do not fit rank {x.ndim}"
        require(len(starts) == len(sizes) == x.ndim, self, text)
        box = zip(starts, self._sizes(x.shape, starts, sizes), strict=True)
        return (x[tuple(slice(start, start + size) for start, size in box)],)

    def lower(self, node: Node, target: Target) -> Sequence[Step] | None:
        """As all movement; where only the beginning is data, it is checked."""
        x, begin, y = node.input(0), node.input(1), node.output
        if begin.data is not None or node.input(2).data is None or not x.type.size:
            return Movement.lower(self, node, target)
        if not y.type.size:
            return None
        strides = strides_of(x.shape)
        lines = zip(x.shape, y.shape, strides, strict=True)
        starts = [
            Start(axis, whole - size + 1, stride)
            for axis, (whole, size, stride) in enumerate(lines)
        ]
        if any(start.size < 1 for start in starts):
            return None
        box = Box(y.shape, 0, strides, 0, strides_of(y.shape))
        text = f"{self.name}: begin {{value}} leaves the input {list(x.shape)}"
        return slice_steps(target, box, x, begin, starts, y, text)

    def version(self, node: Node) -> int:
        x = node.input(0)
        if x.dtype.title == "uint32":
            return 6
        if len(x.shape) > 4:
            return 5
        return version_of_type(x.dtype, int16=4, string=3, int8=2)

    def _sizes(self, shape: Shape, starts: Shape, sizes: Shape) -> Shape:
        """The box's shape; -1 stays where the whole is not known."""
        result: list[int] = []
        for axis, (whole, start, size) in enumerate(
            zip(shape, starts, sizes, strict=True)
        ):
            text = f"begin {start}, size {size} leave dimension {axis} of size {whole}"
            require(start >= 0 and size >= -1, self, text)
            if whole < 0:
                result.append(size)
                continue
            require(start + max(size, 0) <= whole, self, text)
            result.append(whole - start if size < 0 else size)
        return tuple(result)
