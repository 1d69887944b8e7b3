"""POW: a power."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gossamer.ir.op import operator, require
from gossamer.kernels.arithmetic import logarithm
from gossamer.ops.binary import Binary

if TYPE_CHECKING:
    from gossamer.ir.graph import Node
    from gossamer.ir.types import Array
    from gossamer.nest.build import Nest
    from gossamer.nest.expr import Value

_POWER_BITS = 31
"""Bits of a power of a whole number."""


@operator("POW", code=78, options="PowOptions")
class Pow(Binary):
    """x to the power of y; whole numbers take no power below 0."""

    def apply(self, x: Array, y: Array) -> Array:
        negative = x.dtype.kind == "i" and bool((y < 0).any())
        require(not negative, self, "a whole number has a power below 0")
        return np.power(x, y)

    def emit(self, nest: Nest, left: Value, right: Value) -> Value:
        if left.kind.is_float:
            return logarithm.power(nest, left, right)
        return _whole_power(nest, left, right)

    def is_compiled(self, node: Node) -> bool:
        """Kernels cannot refuse powers below 0, so these must be known."""
        power = node.input(1)
        if power.dtype.is_float:
            return True
        return power.data is not None and bool(np.all(power.data >= 0))


def _whole_power(nest: Nest, base: Value, power: Value) -> Value:
    """By the bits of the power; it wraps around."""
    result = nest.splat(nest.constant(1, base.kind.element), base.kind.lanes)
    for bit in range(_POWER_BITS):
        is_set = nest.compare("ne", power & (1 << bit), 0)
        result = nest.select(is_set, result * base, result)
        base = base * base
    return result
