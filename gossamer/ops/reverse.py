"""REVERSE_V2: dimensions read backwards."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from gossamer.ir.op import operator
from gossamer.ops.movement import Movement, version_of_type
from gossamer.ops.shapes import integers, known_vector, made, operands, within

if TYPE_CHECKING:
    from gossamer.ir.graph import Node, Tensor
    from gossamer.ir.types import Array, TensorType


@operator("REVERSE_V2", code=105, options="ReverseV2Options")
class ReverseV2(Movement):
    """x, axes -> x with these dimensions read backwards."""

    by_place = True

    def infer(self, *inputs: Tensor | None) -> tuple[TensorType, ...]:
        x, axes = operands(self, inputs, 2)
        for axis in known_vector(self, axes, "the axes") or ():
            within(self, axis, len(x.shape))
        return made(self, x.dtype, x.shape)

    def reference(self, *inputs: Any) -> tuple[Array, ...]:
        x: Array = np.asarray(inputs[0])
        axes = tuple({within(self, axis, x.ndim) for axis in integers(inputs[1])})
        return (np.flip(x, axes),)

    def version(self, node: Node) -> int:
        return version_of_type(node.input(0).dtype, int8=3, bool=2)
