"""Fixed-point arithmetic of element-wise int8 operators, as the compiler emits it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gossamer.ir.arithmetic import activation_range, parameters, quantize_multiplier
from gossamer.ir.types import DType
from gossamer.kernels.requantize import saturate, scale, uniform_factor
from gossamer.nest.expr import I32, Value

if TYPE_CHECKING:
    from gossamer.ir.graph import Node, Tensor
    from gossamer.nest.build import Nest


def is_int8(*tensors: Tensor) -> bool:
    """Whether all tensors are int8 with one scale."""
    return all(
        t.dtype is DType.INT8
        and t.quantization is not None
        and t.quantization.scale.size == 1
        for t in tensors
    )


def centered_lanes(nest: Nest, value: Value, tensor: Tensor) -> Value:
    """int8 lanes as int32 minus the zero point."""
    _, zero_point = parameters(tensor)
    kind = I32.of(value.kind.lanes)
    return nest.convert(value, kind) - nest.number(zero_point, kind)


@dataclass(frozen=True, slots=True)
class Settle:
    """From int32 by a factor to the output's int8, within an activation's range."""

    multiplier: int
    shift: int
    zero_point: int
    low: int
    high: int

    @staticmethod
    def of(node: Node, factor: float, activation: str) -> Settle:
        y = node.output
        _, zero_point = parameters(y)
        assert y.quantization is not None
        low, high = activation_range(activation, y.quantization, y.dtype)
        return Settle(*quantize_multiplier(factor), zero_point, low, high)

    def apply(self, nest: Nest, value: Value) -> Value:
        scaled = times(nest, value, self.multiplier, self.shift)
        moved = scaled + nest.number(self.zero_point, scaled.kind)
        return saturate(nest, moved, self.low, self.high)


def times(nest: Nest, value: Value, multiplier: int, shift: int) -> Value:
    """int32 lanes times (multiplier, shift), rounded twice."""
    factor = uniform_factor(nest, multiplier, shift, value.kind.lanes)
    return scale(nest, value, factor)
