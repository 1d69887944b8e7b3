"""LOCAL_RESPONSE_NORMALIZATION: channels divided by what their neighbours hold."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from gossamer.ir.op import Op, operator, require
from gossamer.ir.types import DType
from gossamer.kernels.rows.neighbours import Neighbours, normalize_locally
from gossamer.kernels.step import Step
from gossamer.nest.build import Nest
from gossamer.ops.shapes import made, operands

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gossamer.ir.graph import Node, Tensor
    from gossamer.ir.types import Array, TensorType
    from gossamer.nest.target import Target


@operator(
    "LOCAL_RESPONSE_NORMALIZATION",
    code=13,
    options="LocalResponseNormalizationOptions",
)
class LocalResponseNormalization(Op):
    """x / (bias + alpha * sum of squares)**beta, over `radius` channels either side."""

    radius: int = 0
    bias: float = 0.0
    alpha: float = 0.0
    beta: float = 0.0

    def infer(self, *inputs: Tensor | None) -> tuple[TensorType, ...]:
        (x,) = operands(self, inputs, 1)
        fits = len(x.shape) == 4 and x.dtype is DType.FLOAT32
        require(fits, self, f"'{x.name}' is {x.type}; expected float32 of rank 4")
        require(self.radius >= 0, self, f"the radius is {self.radius}")
        return made(self, x.dtype, x.shape)

    def reference(self, *inputs: Any) -> tuple[Array, ...]:
        x: Array = np.asarray(inputs[0])
        depth = x.shape[-1]
        squares = np.square(x.astype(np.float64))
        sums = np.zeros((*x.shape[:-1], depth + 1))
        np.cumsum(squares, axis=-1, out=sums[..., 1:])
        place = np.arange(depth, dtype=np.int64)
        high = np.minimum(place + self.radius + 1, depth)
        low = np.maximum(place - self.radius, 0)
        total = (sums[..., high] - sums[..., low]).astype(np.float32)
        scale = np.float32(self.bias) + np.float32(self.alpha) * total
        return ((x * scale ** np.float32(-self.beta)).astype(np.float32),)

    def lower(self, node: Node, target: Target) -> Sequence[Step] | None:
        x, y = node.input(0), node.output
        if not y.type.size or self.bias <= 0 or self.alpha < 0:
            return None
        depth = x.shape[-1]
        work = Neighbours(depth, self.radius, self.bias, self.alpha, self.beta)
        nest = Nest("neighbours", target)
        normalize_locally(nest, work, nest.pointer(), nest.pointer())
        return [Step(nest.finish(), (x, y), y.type.size // depth, (1,))]
