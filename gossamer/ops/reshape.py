"""RESHAPE: the same elements in another shape."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from gossamer.ir.op import operator, require
from gossamer.ops.movement import Movement
from gossamer.ops.shapes import (
    integers,
    known_vector,
    made,
    operands,
    product,
    vector_length,
)

if TYPE_CHECKING:
    from gossamer.ir.graph import Tensor
    from gossamer.ir.types import Array, Shape, TensorType


@operator("RESHAPE", code=22, options="ReshapeOptions")
class Reshape(Movement):
    """x, new shape (int32 vector) -> x in that shape; one size may be -1.

    `new_shape` counts only where the second input is left out.
    """

    new_shape: tuple[int, ...] = ()

    only_reshapes = True

    def infer(self, *inputs: Tensor | None) -> tuple[TensorType, ...]:
        x, *rest = operands(self, inputs, 1, 2)
        wanted: Shape | None = self._stated()
        if rest:
            wanted = known_vector(self, rest[0], "the new shape")
        if wanted is None:
            return made(self, x.dtype, (-1,) * vector_length(self, rest[0], "shape"))
        return made(self, x.dtype, self._resolve(x.shape, wanted))

    def reference(self, *inputs: Any) -> tuple[Array, ...]:
        x: Array = np.asarray(inputs[0])
        wanted = integers(inputs[1]) if len(inputs) > 1 else self._stated()
        return (x.reshape(self._resolve(x.shape, wanted)),)

    def _stated(self) -> Shape:
        """The shape of the options; old files write a scalar's as (0,)."""
        return () if self.new_shape == (0,) else self.new_shape

    def _resolve(self, given: Shape, wanted: Shape) -> Shape:
        """`wanted` with its -1 worked out, where `given` tells enough."""
        require(
            all(size >= -1 for size in wanted) and wanted.count(-1) <= 1,
            self,
            f"the new shape {list(wanted)} may have one -1 and nothing below",
        )
        if -1 in given:
            return wanted
        count, rest = product(given), product(size for size in wanted if size >= 0)
        text = f"{list(given)} cannot become {list(wanted)}: {count} elements"
        if -1 not in wanted:
            require(count == rest, self, f"{text}, not {rest}")
            return wanted
        fits = rest > 0 and count % rest == 0
        require(fits, self, f"{text} are not a multiple of {rest}")
        return tuple(count // rest if size < 0 else size for size in wanted)
