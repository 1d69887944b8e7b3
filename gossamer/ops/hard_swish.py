"""HARD_SWISH: x * min(max(x + 3, 0), 6) / 6."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from gossamer.ir.arithmetic import (
    Integers,
    centered,
    divide_by_power_of_two,
    doubling_high_multiply,
    parameters,
    quantize_multiplier,
    settle,
)
from gossamer.ir.op import Free, Op, operator
from gossamer.ir.types import DType
from gossamer.kernels.arithmetic.clamp import clamp
from gossamer.ops.broadcasting import single
from gossamer.ops.element_steps import element_step, integer_table_step

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gossamer.ir.graph import Node, Tensor
    from gossamer.ir.types import Array, TensorType
    from gossamer.kernels.step import Step
    from gossamer.nest.build import Nest
    from gossamer.nest.expr import Value
    from gossamer.nest.target import Target


@operator("HARD_SWISH", code=117, options="HardSwishOptions")
class HardSwish(Op):
    """A swish made of lines and a parabola."""

    output_quantization = Free()

    def infer(self, *inputs: Tensor | None) -> tuple[TensorType, ...]:
        return (single(self, inputs).type,)

    def reference(self, *inputs: Any) -> tuple[Array, ...]:
        (x,) = inputs
        three, six = x.dtype.type(3), x.dtype.type(6)
        with np.errstate(invalid="ignore"):
            return (x * np.clip(x + three, 0, six) / six,)

    def integer(self, node: Node, *inputs: Any) -> tuple[Array, ...]:
        (x,) = inputs
        if x.dtype.kind == "f":
            return self.reference(x)
        in_scale, _ = parameters(node.input(0))
        out_scale, _ = parameters(node.output)
        fine_scale = np.float32(1 / 128) * in_scale
        fine = centered(node.input(0), x) << 7
        factor, shift = quantize_multiplier(float(fine_scale / out_scale))
        scaled = doubling_high_multiply(fine, _narrow(factor), bits=16)
        gate = _gate(fine, float(fine_scale / np.float32(3 / 32768)))
        product = gate * scaled
        # The product is cut towards zero, which cancels the bias of the roundings.
        output = np.sign(product) * (np.abs(product) >> 15)
        return (settle(node.output, divide_by_power_of_two(output, max(0, -shift))),)

    def lower(self, node: Node, target: Target) -> Sequence[Step] | None:
        x, y = node.input(0), node.output
        if x.dtype is DType.FLOAT32:
            return element_step("hard_swish", target, (x,), y, _lanes)
        return integer_table_step(node, target)


def _lanes(nest: Nest, x: Value) -> Value:
    """X * (x / 6 + 1/2, clamped to [0, 1]): nothing is divided, which takes long."""
    half = nest.constant(0.5, x.kind)
    return x * clamp(nest, nest.fma(x, 1 / 6, half), (0.0, 1.0))


def _narrow(multiplier: int) -> int:
    """A 32-bit multiplier in 16 bits."""
    return min((multiplier + (1 << 15)) >> 16, 0x7FFF)


def _shift_16(values: Integers, bits: int) -> Integers:
    """`values * 2**bits`, saturating at 16 bits."""
    return np.clip(values << bits, -32768, 32767)


def _gate(fine: Integers, real: float) -> Integers:
    """(x + 3) / 6 clamped to [0, 1], in Q0.15; `real` takes `fine` to x / 3."""
    factor, shift = quantize_multiplier(real)
    values = _shift_16(fine, min(shift - 1, 32)) if shift > 0 else fine
    values = doubling_high_multiply(values, _narrow(factor), bits=16)
    values = _shift_16(values, 1) if shift > 0 else values
    values = divide_by_power_of_two(values, max(0, -shift))
    return (values + (1 << 15)) >> 1
