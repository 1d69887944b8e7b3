"""Fixed-point arithmetic of element-wise operators, as the compiler emits it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gossamer.ir.arithmetic import (
    activation_range,
    parameters,
    quantize_multiplier,
    real_range,
)
from gossamer.ir.types import DType
from gossamer.kernels.arithmetic.clamp import clamp
from gossamer.kernels.arithmetic.requantize import saturate, scale, uniform_factor
from gossamer.nest.expr import I8, I32, Kind, Value
from gossamer.ops.element_steps import ELEMENTS

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


def is_scaled(*tensors: Tensor) -> bool:
    """Whether all tensors are integers of at most 32 bits with one scale."""
    return all(
        t.quantization is not None
        and t.quantization.scale.size == 1
        and t.dtype in ELEMENTS
        and ELEMENTS[t.dtype].computed == I32
        for t in tensors
    )


def centered_lanes(nest: Nest, value: Value, tensor: Tensor) -> Value:
    """Integer lanes as int32 minus the zero point."""
    _, zero_point = parameters(tensor)
    kind = I32.of(value.kind.lanes)
    return nest.convert(value, kind) - nest.number(zero_point, kind)


@dataclass(frozen=True, slots=True)
class Settle:
    """From int32 by a factor to the output's integers, within an activation's range.

    Results are lanes of `kind`: int8 where that is the output's type, else int32.
    """

    kind: Kind
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
        kind = I8 if y.dtype is DType.INT8 else I32
        return Settle(kind, *quantize_multiplier(factor), zero_point, low, high)

    def apply(self, nest: Nest, value: Value) -> Value:
        scaled = times(nest, value, self.multiplier, self.shift)
        return self.clamp(nest, scaled)

    def clamp(self, nest: Nest, scaled: Value) -> Value:
        """Lanes of the output's scale, moved by its zero point and held in range."""
        return self.hold(nest, scaled + nest.number(self.zero_point, scaled.kind))

    def hold(self, nest: Nest, moved: Value) -> Value:
        """Lanes of the output's integers, held in range."""
        if self.kind == I8:
            return saturate(nest, moved, self.low, self.high)
        held = nest.maximum(moved, nest.number(self.low, moved.kind))
        return nest.minimum(held, nest.number(self.high, moved.kind))


def times(nest: Nest, value: Value, multiplier: int, shift: int) -> Value:
    """int32 lanes times (multiplier, shift), rounded twice."""
    factor = uniform_factor(nest, multiplier, shift, value.kind.lanes)
    return scale(nest, value, factor)


def halved(value: Value, bits: int) -> Value:
    """int32 lanes over 2**bits, halves away from zero."""
    if not bits:
        return value
    return (((value + (value >> 31)) >> (bits - 1)) + 1) >> 1


def activated(nest: Nest, value: Value, activation: str, dtype: DType) -> Value:
    """Lanes of plain numbers of `dtype`, held in the range of an activation."""
    low, high = real_range(activation)
    if value.kind.is_float:
        return clamp(nest, value, (low, high))
    if activation == "none":
        return value
    element = ELEMENTS[dtype]
    value = element.read(nest, element.write(nest, value))
    value = nest.maximum(value, int(low))
    return value if high == math.inf else nest.minimum(value, int(high))
