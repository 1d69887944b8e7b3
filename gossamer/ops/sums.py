"""ADD and SUB of quantized tensors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from gossamer.ir.arithmetic import (
    centered,
    divide_by_power_of_two,
    multiply,
    nearest_power_of_two,
    parameters,
    quantize_multiplier,
    rescale,
    settle,
)
from gossamer.ir.types import DType
from gossamer.ops.integer_steps import Settle, centered_lanes, halved, times
from gossamer.ops.nearest import Linear, nearest_sum

if TYPE_CHECKING:
    from gossamer.ir.graph import Node
    from gossamer.ir.types import Array
    from gossamer.nest.build import Nest
    from gossamer.nest.expr import Value
    from gossamer.ops.element_steps import Compute
    from gossamer.ops.nearest import Nearest

_FARTHEST = 31
"""Shifted right so far, any 16-bit number is 0."""


@dataclass(frozen=True, slots=True)
class FixedPointSum:
    """The first input plus `sign` times the second.

    `by_powers` says that 16-bit tensors are only shifted where all their scales are
    powers of two.
    """

    node: Node
    sign: int
    activation: str
    by_powers: bool

    def integer(self, left: Array, right: Array) -> Array:
        """The output's integers."""
        shifts = self._shifts()
        if shifts is not None:
            return self._shifted(left, right, shifts)
        factors, twice, bits = self._factors()
        sides = [
            multiply(centered(self.node.input(which), array) << bits, *factors[which])
            for which, array in enumerate((left, right))
        ]
        total = sides[0] + self.sign * sides[1]
        return rescale(
            self.node.output, total, self._back(twice, bits), self.activation
        )

    def lanes(self) -> Compute:
        """The same on lanes."""
        shifts = self._shifts()
        if shifts is not None:
            return self._shifted_lanes(shifts)
        factors, twice, bits = self._factors()
        settle_ = Settle.of(self.node, self._back(twice, bits), self.activation)
        rounded = self._rounded(settle_)

        def side(nest: Nest, value: Value, which: int) -> Value:
            fine = centered_lanes(nest, value, self.node.input(which)) << bits
            return times(nest, fine, *factors[which])

        def compute(nest: Nest, left: Value, right: Value) -> Value:
            if rounded is not None:
                return settle_.hold(nest, rounded.lanes(nest, (left, right)))
            one, two = side(nest, left, 0), side(nest, right, 1)
            return settle_.apply(nest, one + two if self.sign > 0 else one - two)

        return compute

    def _rounded(self, settle_: Settle) -> Nearest | None:
        """The same by one rounding, where there is such a thing."""
        tensors = (self.node.input(0), self.node.input(1))
        (one, zero_one), (two, zero_two) = (parameters(each) for each in tensors)
        scale = float(parameters(self.node.output)[0])
        linear = Linear(
            (float(one) / scale, self.sign * float(two) / scale),
            (zero_one, zero_two),
            settle_.zero_point,
            settle_.low,
            settle_.high,
        )
        return nearest_sum(self.node, linear, self.integer)

    def _factors(self) -> tuple[list[tuple[int, int]], float, int]:
        """Both inputs' factors to a scale for the two, that scale, and finer bits."""
        scales = [parameters(self.node.input(which))[0] for which in (0, 1)]
        twice = float(2 * max(scales))
        bits = 15 if self.node.output.dtype is DType.INT16 else 20
        return [quantize_multiplier(float(one) / twice) for one in scales], twice, bits

    def _back(self, twice: float, bits: int) -> float:
        """The factor from the common scale to the output's."""
        return twice / float(np.float32(1 << bits) * parameters(self.node.output)[0])

    def _shifts(self) -> tuple[int, int] | None:
        """How far 16-bit inputs are shifted right; None where the scales do not fit."""
        tensors = (self.node.input(0), self.node.input(1), self.node.output)
        is_wide = all(tensor.dtype is DType.INT16 for tensor in tensors)
        if not self.by_powers or not is_wide:
            return None
        one, other, out = (
            nearest_power_of_two(float(parameters(tensor)[0])) for tensor in tensors
        )
        if one is None or other is None or out is None:
            return None
        if max(one, other) > out or out not in (one, other):
            return None
        return min(out - one, _FARTHEST), min(out - other, _FARTHEST)

    def _shifted(self, left: Array, right: Array, shifts: tuple[int, int]) -> Array:
        one, two = (
            divide_by_power_of_two(array.astype(np.int64), shift)
            for array, shift in zip((left, right), shifts, strict=True)
        )
        total = np.clip(one + self.sign * two, -32768, 32767)
        return settle(self.node.output, total, self.activation)

    def _shifted_lanes(self, shifts: tuple[int, int]) -> Compute:
        settle_ = Settle.of(self.node, 1, self.activation)

        def compute(nest: Nest, left: Value, right: Value) -> Value:
            one, two = halved(left, shifts[0]), halved(right, shifts[1])
            total = one + two if self.sign > 0 else one - two
            held = nest.minimum(nest.maximum(total, -32768), 32767)
            return settle_.clamp(nest, held)

        return compute
