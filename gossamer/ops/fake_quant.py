"""FAKE_QUANT: real numbers as a quantized tensor could hold them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from gossamer.ir.arithmetic import round_half_away
from gossamer.ir.op import Op, operator, require
from gossamer.ir.types import DType
from gossamer.kernels.arithmetic.clamp import clamp
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

_BELOW_HALF = 0.49999997
"""The float32 below 0.5: 0.5 itself would round 0.49999997 up."""


@operator("FAKE_QUANT", code=80, options="FakeQuantOptions")
class FakeQuant(Op):
    """x rounded to one of 2**num_bits steps from `min` to `max`, moved to meet 0."""

    min: float = 0.0
    max: float = 0.0
    num_bits: int = 0
    narrow_range: bool = False

    def infer(self, *inputs: Tensor | None) -> tuple[TensorType, ...]:
        (x,) = operands(self, inputs, 1)
        require(x.dtype is DType.FLOAT32, self, f"{x} is not float32")
        self.steps()
        return made(self, x.dtype, x.shape)

    def steps(self) -> tuple[np.float32, np.float32, np.float32]:
        """The step, and the least and the greatest number."""
        fits = 2 <= self.num_bits <= 16 and self.min <= 0 <= self.max
        text = f"{self.num_bits} bits from {self.min} to {self.max} hold no numbers"
        require(fits and self.min < self.max < np.inf, self, text)
        require(self.min > -np.inf, self, text)
        first, last = int(self.narrow_range), (1 << self.num_bits) - 1
        low, high = np.float32(self.min), np.float32(self.max)
        with np.errstate(over="ignore"):
            step = np.float32((high - low) / np.float32(last - first))
        require(0 < float(step) < np.inf, self, text)
        rounded = round_half_away(np.asarray(np.float32(first) - low / step))
        zero = float(np.clip(rounded, first, last))
        least, greatest = np.float32(first - zero), np.float32(last - zero)
        return step, least * step, greatest * step

    def reference(self, *inputs: Any) -> tuple[Array, ...]:
        step, low, high = self.steps()
        moved = np.clip(np.asarray(inputs[0]), low, high) - low
        whole = round_half_away(moved * (np.float32(1) / step)).astype(np.float32)
        return (whole * step + low,)

    def lower(self, node: Node, target: Target) -> Sequence[Step] | None:
        step, low, high = (float(number) for number in self.steps())
        inverse = float(np.float32(1) / np.float32(step))

        def compute(nest: Nest, value: Value) -> Value:
            moved = clamp(nest, value, (low, high)) - low
            return nest.unary("trunc", moved * inverse + _BELOW_HALF) * step + low

        return element_step(
            "fake_quant", target, (node.input(0),), node.output, compute
        )

    def version(self, node: Node) -> int:
        return 2 if self.narrow_range else 1
