"""Depthwise convolutions of uint8 and int16."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from gossamer.kernels.products.wide import WideFactors
from gossamer.kernels.step import Argument, Constant, Step
from gossamer.kernels.windows.depthwise import (
    IntegerDepthwise,
    Window,
    depthwise,
    depthwise_units,
)
from gossamer.nest.build import Nest
from gossamer.nest.expr import F64, I16, I32, Value

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from gossamer.kernels.arithmetic.integer_output import IntegerOutput
    from gossamer.kernels.elements.elementwise import Lanes
    from gossamer.kernels.products.wide import WideSums
    from gossamer.nest.target import Target

EXACT_IN_FLOAT32 = 1 << 24
"""Whole numbers below this are exact in float32."""


@dataclass(frozen=True, slots=True)
class WideDepthwise:
    """int16 in and out; products and sums are exact in float64."""

    weights: Value
    factors: WideFactors
    y: Value
    element_bytes: int = 2

    def tap(self, nest: Nest, x: Value, index: Value, group: Lanes) -> Value:
        small = group.load(nest, I16, x, index)
        return nest.convert(
            nest.convert(small, I32.of(group.count)), F64.of(group.count)
        )

    def outside(self, nest: Nest, group: Lanes) -> Value | None:
        return None

    def weight(self, nest: Nest, index: Value, group: Lanes) -> Value:
        return group.load(nest, F64, self.weights, index)

    def start(self, nest: Nest, channel: Value, group: Lanes) -> Value:
        return nest.zero(group.count, F64)

    def finish(
        self,
        nest: Nest,
        sums: Sequence[Value],
        places: Sequence[Value],
        channel: Value,
        group: Lanes,
    ) -> None:
        for total, place in zip(sums, places, strict=True):
            value = self.factors.finish(nest, [total], channel)
            small = nest.convert(value, I16.of(group.count))
            group.store(nest, small, self.y, place)


def wide_depthwise(
    target: Target,
    window: Window,
    weights: npt.NDArray[np.int8],
    sums: WideSums,
    x: Argument,
    y: Argument,
) -> list[Step]:
    """Steps of an int16 depthwise convolution; weights are (1, rows, columns, C)."""
    nest = Nest("depthwise_i16", target)
    source, zeros, filters = nest.pointer(), nest.pointer(), nest.pointer()
    biases, factors, result = nest.pointer(), nest.pointer(), nest.pointer()
    scaling = WideFactors(biases, factors, sums.away, sums.low, sums.high)
    lanes = max(target.lanes // 2, 1)
    arithmetic = WideDepthwise(filters, scaling, result)
    depthwise(nest, window, arithmetic, source, zeros, lanes=lanes)
    arguments = (
        x,
        Constant(np.zeros(window.width * window.channels, np.int16)),
        Constant(weights.astype(np.float64)),
        _filled(sums.bias, target.lanes),
        _filled(sums.factors, target.lanes),
        y,
    )
    units = depthwise_units(window, target.registers)
    return [Step(nest.finish(), arguments, units, (len(arguments) - 1,))]


def unsigned_depthwise(
    target: Target,
    window: Window,
    weights: npt.NDArray[np.int64],
    start: npt.NDArray[np.int64],
    zero_point: int,
    output: IntegerOutput,
    x: Argument,
    y: Argument,
) -> list[Step]:
    """Steps of a uint8 depthwise convolution with centred weights.

    `zero_point` is the input's, `start` the bias; `output` is 128 below uint8.
    """
    totals = weights.reshape(-1, window.channels).sum(axis=0)
    first = (start - zero_point * totals).astype(np.int32)
    nest = Nest("depthwise_u8", target)
    source, zeros, filters, bias = (nest.pointer() for _ in range(4))
    columns = output.constants()
    factors = output.factors([nest.pointer() for _ in columns])
    arithmetic = IntegerDepthwise(
        filters,
        bias,
        nest.pointer(),
        factors,
        zero_point,
        output.low,
        output.high,
        unsigned=True,
    )
    depthwise(nest, window, arithmetic, source, zeros, lanes=target.lanes)
    arguments = (
        x,
        Constant(np.full(window.width * window.channels, zero_point, np.uint8)),
        Constant(weights.astype(np.float32)),
        *(_filled(array, target.lanes) for array in (first, *columns)),
        y,
    )
    units = depthwise_units(window, target.registers)
    return [Step(nest.finish(), arguments, units, (len(arguments) - 1,))]


def _filled(values: npt.NDArray[np.generic], lanes: int) -> Constant:
    """One value per channel, filled up with zeros to whole vectors."""
    filled = np.zeros(-(-len(values) // lanes) * lanes, values.dtype)
    filled[: len(values)] = values
    return Constant(filled)
