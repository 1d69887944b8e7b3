"""RANGE: numbers at equal distances."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from gossamer.errors import GraphError
from gossamer.ir.op import Op, operator, require
from gossamer.ops.shapes import LARGEST_SIZE, made, operands, same_type

if TYPE_CHECKING:
    from gossamer.ir.graph import Node, Tensor
    from gossamer.ir.types import Array, TensorType


@operator("RANGE", code=96, options="RangeOptions")
class Range(Op):
    """start, limit, delta (scalars) -> start, start + delta, ... before limit."""

    def infer(self, *inputs: Tensor | None) -> tuple[TensorType, ...]:
        scalars = operands(self, inputs, 3)
        dtype = same_type(self, scalars)
        text = f"{dtype.title} is not int32, int64 or float32"
        require(dtype.title in ("int32", "int64", "float32"), self, text)
        for tensor in scalars:
            require(not tensor.shape, self, f"{tensor} is not a scalar")
        values = [tensor.data for tensor in scalars if tensor.data is not None]
        size = self._count(*values) if len(values) == 3 else -1
        return made(self, dtype, (size,))

    def reference(self, *inputs: Any) -> tuple[Array, ...]:
        start, _, delta = (np.asarray(array) for array in inputs)
        steps = np.arange(self._count(*inputs))
        return ((start + steps * delta).astype(start.dtype),)

    def version(self, node: Node) -> int:
        return 2 if node.input(0).dtype.title == "int64" else 1

    def _count(self, *scalars: Any) -> int:
        """How many numbers there are."""
        first: Array = np.asarray(scalars[0])
        if first.dtype.kind == "f":
            start, limit, delta = (float(np.asarray(array)) for array in scalars)
            self._check(start, limit, delta)
            count = np.ceil(abs((limit - start) / delta))
        else:
            start, limit, delta = (int(np.asarray(array)) for array in scalars)
            self._check(start, limit, delta)
            count = len(range(start, limit, delta))
        if not count <= LARGEST_SIZE:
            raise GraphError(f"{self.name}: the range has {count} numbers")
        return int(count)

    def _check(self, start: float, limit: float, delta: float) -> None:
        text = f"a step of {delta} does not lead from {start} to {limit}"
        finite = abs(start) + abs(limit) + abs(delta) < float("inf")
        reaches = limit >= start if delta > 0 else limit <= start
        require(finite and delta != 0 and reaches, self, text)
