"""SQUEEZE: leave out dimensions of size 1."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from gossamer.ir.op import operator, require
from gossamer.ops.movement import Movement, version_of_type
from gossamer.ops.shapes import made, operands, within

if TYPE_CHECKING:
    from gossamer.ir.graph import Node, Tensor
    from gossamer.ir.types import Array, Shape, TensorType


@operator("SQUEEZE", code=43, options="SqueezeOptions")
class Squeeze(Movement):
    """x without the dimensions `squeeze_dims`, or without all that have size 1."""

    squeeze_dims: tuple[int, ...] = ()

    only_reshapes = True

    def infer(self, *inputs: Tensor | None) -> tuple[TensorType, ...]:
        (x,) = operands(self, inputs, 1)
        return made(self, x.dtype, self._squeezed(x.shape))

    def reference(self, *inputs: Any) -> tuple[Array, ...]:
        x: Array = np.asarray(inputs[0])
        return (x.reshape(self._squeezed(x.shape)),)

    def version(self, node: Node) -> int:
        return version_of_type(node.input(0).dtype, string=2)

    def _squeezed(self, shape: Shape) -> Shape:
        if not self.squeeze_dims:
            return tuple(size for size in shape if size != 1)
        gone = {within(self, axis, len(shape)) for axis in self.squeeze_dims}
        for axis in gone:
            text = f"dimension {axis} of {list(shape)} has size {shape[axis]}, not 1"
            require(shape[axis] in (-1, 1), self, text)
        return tuple(size for axis, size in enumerate(shape) if axis not in gone)
