"""POW: a power."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from gossamer.ir.op import operator, require
from gossamer.ir.types import DType
from gossamer.kernels.arithmetic import logarithm
from gossamer.ops.binary import Binary
from gossamer.ops.element_steps import element_step

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gossamer.ir.graph import Node
    from gossamer.ir.types import Array
    from gossamer.kernels.step import Step
    from gossamer.nest.build import Nest
    from gossamer.nest.expr import Value
    from gossamer.nest.target import Target

_POWER_BITS = 31
"""Bits of a power of a whole number."""


@operator("POW", code=78, options="PowOptions")
class Pow(Binary):
    """x to the power of y; whole numbers take no power below 0."""

    def apply(self, x: Array, y: Array) -> Array:
        negative = x.dtype.kind == "i" and bool((y < 0).any())
        require(not negative, self, "a whole number has a power below 0")
        return np.power(x, y)

    def lower(self, node: Node, target: Target) -> Sequence[Step] | None:
        x, y = node.input(0), node.input(1)
        known = _only_value(y.data)
        if x.dtype is not DType.FLOAT32 or known not in _SHORT:
            return Binary.lower(self, node, target)
        if node.output.shape != x.shape:
            return Binary.lower(self, node, target)
        emit = partial(_repeated, power=int(known))
        return element_step("power", target, (x,), node.output, emit)

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


_SHORT = (1.0, 2.0, 3.0, 4.0)
"""Powers that a few products give as exactly."""


def _only_value(array: Array | None) -> float:
    """The number that a constant holds; 0 where it is not known or holds several."""
    return float(array.flat[0]) if array is not None and array.size == 1 else 0.0


def _repeated(nest: Nest, x: Value, power: int) -> Value:  # noqa: ARG001
    if power == 1:
        return x
    square = x * x
    return square if power == 2 else square * (x if power == 3 else square)


def _whole_power(nest: Nest, base: Value, power: Value) -> Value:
    """By the bits of the power; it wraps around."""
    result = nest.splat(nest.constant(1, base.kind.element), base.kind.lanes)
    for bit in range(_POWER_BITS):
        is_set = nest.compare("ne", power & (1 << bit), 0)
        result = nest.select(is_set, result * base, result)
        base = base * base
    return result
