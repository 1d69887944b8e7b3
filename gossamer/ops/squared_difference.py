"""SQUARED_DIFFERENCE: (x - y) squared."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from gossamer.ir.arithmetic import (
    centered,
    multiply,
    parameters,
    quantize_multiplier,
    rescale,
)
from gossamer.ir.op import Free, operator
from gossamer.ops.binary import Binary
from gossamer.ops.element_steps import element_step
from gossamer.ops.integer_steps import Settle, centered_lanes, is_scaled, times
from gossamer.ops.movement import version_of_type

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gossamer.ir.graph import Node
    from gossamer.ir.op import QuantizationRule
    from gossamer.ir.types import Array
    from gossamer.kernels.step import Step
    from gossamer.nest.build import Nest
    from gossamer.nest.expr import Value
    from gossamer.nest.target import Target

_HEADROOM = 7
"""Bits by which both sides are made finer before they are brought to one scale."""


@operator("SQUARED_DIFFERENCE", code=99, options="SquaredDifferenceOptions")
class SquaredDifference(Binary):
    """(x - y)²."""

    output_quantization: ClassVar[QuantizationRule] = Free()

    def apply(self, x: Array, y: Array) -> Array:
        return np.square(x - y)

    def emit(self, nest: Nest, left: Value, right: Value) -> Value:
        del nest
        difference = left - right
        return difference * difference

    def lower(self, node: Node, target: Target) -> Sequence[Step] | None:
        inputs, y = (node.input(0), node.input(1)), node.output
        if not is_scaled(*inputs, y):
            return Binary.lower(self, node, target)
        scales, widest, factor = _factors(node)
        sides = [quantize_multiplier(scale / widest) for scale in scales]
        settle = Settle.of(node, factor, "none")

        def side(nest: Nest, value: Value, which: int) -> Value:
            fine = centered_lanes(nest, value, inputs[which]) << _HEADROOM
            return times(nest, fine, *sides[which])

        def compute(nest: Nest, left: Value, right: Value) -> Value:
            difference = side(nest, left, 0) - side(nest, right, 1)
            return settle.apply(nest, difference * difference)

        return element_step("squared_difference", target, inputs, y, compute)

    def integer(self, node: Node, *inputs: Any) -> tuple[Array, ...]:
        if not is_scaled(node.input(0), node.input(1), node.output):
            return self.reference(*inputs)
        scales, widest, factor = _factors(node)
        sides = [
            multiply(
                centered(node.input(i), np.asarray(inputs[i])) << _HEADROOM,
                *quantize_multiplier(scales[i] / widest),
            )
            for i in (0, 1)
        ]
        squares = np.square(sides[0] - sides[1])
        return (rescale(node.output, squares, factor),)

    def version(self, node: Node) -> int:
        return version_of_type(node.input(0).dtype, int8=2)


def _factors(node: Node) -> tuple[list[float], float, float]:
    """The inputs' scales, that of both sides, and the squares' factor."""
    scales = [float(parameters(node.input(i))[0]) for i in (0, 1)]
    widest = 2 * max(scales)
    output_scale = float(parameters(node.output)[0])
    return scales, widest, widest * widest / ((1 << (2 * _HEADROOM)) * output_scale)
