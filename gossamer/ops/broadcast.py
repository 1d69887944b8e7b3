"""BROADCAST_TO, BROADCAST_ARGS: stretch to a shape, and find that shape."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from gossamer.errors import GraphError
from gossamer.ir.op import Op, operator
from gossamer.ops.movement import Movement
from gossamer.ops.shapes import (
    broadcast,
    integers,
    known_vector,
    made,
    operands,
    same_type,
    vector_length,
)

if TYPE_CHECKING:
    from gossamer.ir.graph import Node, Tensor
    from gossamer.ir.types import Array, TensorType


@operator("BROADCAST_TO", code=130, options="BroadcastToOptions")
class BroadcastTo(Movement):
    """x, shape -> x stretched to the shape."""

    def infer(self, *inputs: Tensor | None) -> tuple[TensorType, ...]:
        x, shape = operands(self, inputs, 2)
        sizes = known_vector(self, shape, "the shape")
        if sizes is None:
            return made(self, x.dtype, (-1,) * vector_length(self, shape, "shape"))
        self._check(x.shape, sizes)
        return made(self, x.dtype, sizes)

    def reference(self, *inputs: Any) -> tuple[Array, ...]:
        x: Array = np.asarray(inputs[0])
        sizes = integers(inputs[1])
        self._check(x.shape, sizes)
        return (np.broadcast_to(x, sizes),)

    def version(self, node: Node) -> int:
        return 3 if node.input(0).dtype.title in ("int8", "int16") else 2

    def _check(self, given: tuple[int, ...], wanted: tuple[int, ...]) -> None:
        fits = min(wanted, default=0) >= 0 and len(given) <= len(wanted)
        if not fits or broadcast(self, given, wanted) != wanted:
            raise GraphError(
                f"{self.name}: {list(given)} does not stretch to {list(wanted)}"
            )


@operator("BROADCAST_ARGS", code=145)
class BroadcastArgs(Op):
    """Two shapes -> the shape to which both stretch."""

    def infer(self, *inputs: Tensor | None) -> tuple[TensorType, ...]:
        first, second = operands(self, inputs, 2)
        dtype = same_type(self, (first, second))
        known_vector(self, first, "the first shape")
        known_vector(self, second, "the second shape")
        rank = max(first.shape[0], second.shape[0])
        return made(self, dtype, (rank,))

    def reference(self, *inputs: Any) -> tuple[Array, ...]:
        shapes = [integers(array) for array in inputs]
        if any(size < 0 for shape in shapes for size in shape):
            raise GraphError(f"{self.name}: a size is below 0")
        return (np.array(broadcast(self, *shapes), np.asarray(inputs[0]).dtype),)
