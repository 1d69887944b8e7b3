"""Depthwise convolution of int8 in whole numbers, by weights that stay int8."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gossamer.kernels.arithmetic.requantize import Factors, saturate
from gossamer.nest.expr import I8, I32, Value

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gossamer.kernels.elements.elementwise import Lanes
    from gossamer.nest.build import Nest


@dataclass(frozen=True, slots=True)
class ByteDepthwise:
    """int8 in and out; sums are int32 and begin with the bias.

    For machines that multiply and add int32 as fast as float32, or have no floats.
    """

    weights: Value
    bias: Value
    y: Value
    factors: Factors
    input_zero_point: int
    low: int
    high: int
    element_bytes: int = 1

    def tap(self, nest: Nest, x: Value, index: Value, group: Lanes) -> Value:
        return nest.convert(group.load(nest, I8, x, index), I32.of(group.count))

    def outside(self, nest: Nest, group: Lanes) -> Value | None:
        if self.input_zero_point == 0:
            return None
        return nest.constant(self.input_zero_point, I32.of(group.count))

    def weight(self, nest: Nest, index: Value, group: Lanes) -> Value:
        small = group.load(nest, I8, self.weights, index)
        return nest.convert(small, I32.of(group.count))

    def start(self, nest: Nest, channel: Value, group: Lanes) -> Value:
        return nest.load(I32.of(group.count), self.bias, channel)

    def finish(
        self,
        nest: Nest,
        sums: Sequence[Value],
        places: Sequence[Value],
        channel: Value,
        group: Lanes,
    ) -> None:
        factor = self.factors.load(nest, channel, group.count)
        for total, place in zip(sums, places, strict=True):
            small = saturate(nest, factor(total), self.low, self.high)
            group.store(nest, small, self.y, place)
