"""BROADCAST_TO, BROADCAST_ARGS: stretch to a shape, and find that shape."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from gossamer.errors import GraphError
from gossamer.ir.op import Op, operator
from gossamer.kernels.step import Alarm
from gossamer.nest.build import Nest
from gossamer.nest.expr import I64
from gossamer.ops.alarms import checked_steps
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
from gossamer.ops.stored import WHOLE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gossamer.ir.graph import Node, Tensor
    from gossamer.ir.types import Array, TensorType
    from gossamer.kernels.step import Step
    from gossamer.nest.expr import Kind, Value
    from gossamer.nest.target import Target


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

    def lower(self, node: Node, target: Target) -> Sequence[Step] | None:
        """Size by size; where two sizes do not fit, the alarm rings with the first."""
        one, two, y = node.input(0), node.input(1), node.output
        kind = WHOLE.get(y.dtype)
        if kind is None:
            return None
        nest = Nest("broadcast_args", target)
        pointers = [nest.pointer() for _ in range(4)]
        begin, end = nest.integer(), nest.integer()
        with nest.loop(end, start=begin):
            _join_sizes(nest, kind, (one.shape[0], two.shape[0]), pointers)
        text = f"{self.name}: size {{value}} does not stretch to the other shape's"
        return checked_steps(nest, (one, two, y, Alarm(text)), 1, (2,))

    def reference(self, *inputs: Any) -> tuple[Array, ...]:
        shapes = [integers(array) for array in inputs]
        if any(size < 0 for shape in shapes for size in shape):
            raise GraphError(f"{self.name}: a size is below 0")
        return (np.array(broadcast(self, *shapes), np.asarray(inputs[0]).dtype),)


def _join_sizes(
    nest: Nest, kind: Kind, ranks: tuple[int, int], pointers: Sequence[Value]
) -> None:
    """Write the common shape; `pointers` are both shapes, the result and the alarm."""
    one, two, y, alarm = pointers
    rank = max(ranks)
    for axis in range(rank):
        sizes = [
            nest.load(kind, pointer, axis - (rank - given))
            if axis >= rank - given
            else nest.constant(1, kind)
            for pointer, given in zip((one, two), ranks, strict=True)
        ]
        is_one = nest.compare("eq", sizes[0], 1)
        common = nest.select(is_one, sizes[1], sizes[0])
        for size in sizes:
            differs = nest.compare("ne", size, common)
            stays = nest.compare("ne", size, 1)
            wrong = nest.binary("and", differs, stays)
            below = nest.compare("lt", size, 0)
            with nest.when(nest.binary("or", wrong, below)):
                nest.store(nest.convert(size, I64), alarm)
        nest.store(common, y, axis)
