"""BUCKETIZE: between which boundaries each element lies."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from gossamer.ir.op import Op, operator, require
from gossamer.ir.types import DType
from gossamer.nest.expr import F32, I32
from gossamer.ops.element_steps import element_step
from gossamer.ops.shapes import made, operands

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gossamer.ir.graph import Node, Tensor
    from gossamer.ir.types import Array, TensorType
    from gossamer.kernels.step import Step
    from gossamer.nest.build import Nest
    from gossamer.nest.expr import Value
    from gossamer.nest.target import Target

_TYPES = (DType.FLOAT32, DType.FLOAT64, DType.INT32, DType.INT64)
_MOST_COMPARED = 32
"""With more boundaries, a search by halves takes fewer comparisons."""


@operator("BUCKETIZE", code=147, options="BucketizeOptions")
class Bucketize(Op):
    """x -> how many of the rising `boundaries` are not above each element (int32)."""

    boundaries: tuple[float, ...] = ()

    def infer(self, *inputs: Tensor | None) -> tuple[TensorType, ...]:
        (x,) = operands(self, inputs, 1)
        titles = ", ".join(dtype.title for dtype in _TYPES)
        require(x.dtype in _TYPES, self, f"'{x.name}' is {x.dtype.title}, not {titles}")
        rising = all(
            a <= b for a, b in zip(self.boundaries, self.boundaries[1:], strict=False)
        )
        require(rising, self, f"the boundaries {list(self.boundaries)} do not rise")
        return made(self, DType.INT32, x.shape)

    def reference(self, *inputs: Any) -> tuple[Array, ...]:
        x: Array = np.asarray(inputs[0])
        bounds = np.array(self.boundaries, np.float32)
        # Like the boundaries, integers are compared as float32.
        values = x if x.dtype == np.float64 else x.astype(np.float32)
        return (np.searchsorted(bounds, values, side="right").astype(np.int32),)

    def lower(self, node: Node, target: Target) -> Sequence[Step] | None:
        x, y = node.input(0), node.output
        is_plain = x.dtype in (DType.FLOAT32, DType.INT32)
        if not is_plain or len(self.boundaries) > _MOST_COMPARED:
            return None
        return element_step("bucketize", target, (x,), y, self._count)

    def _count(self, nest: Nest, value: Value) -> Value:
        lanes = value.kind.lanes
        real = nest.convert(value, F32.of(lanes))
        total = nest.zero(lanes, I32)
        for bound in self.boundaries:
            passed = nest.compare("ge", real, bound)
            total = total + nest.select(passed, nest.constant(1, I32.of(lanes)), 0)
        return total
