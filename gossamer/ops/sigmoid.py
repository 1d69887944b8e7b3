"""LOGISTIC, TANH, ELU, GELU: smooth curves; of 8-bit numbers they are tables."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from gossamer.ir.arithmetic import (
    Integers,
    look_up,
    lookup_table,
    nearest_power_of_two,
    parameters,
)
from gossamer.ir.interpolation import interpolated
from gossamer.ir.op import (
    Fixed,
    Free,
    Op,
    QuantizationRule,
    operator,
    through_real_numbers,
)
from gossamer.ir.types import DType
from gossamer.kernels.arithmetic import math as math_kernels
from gossamer.kernels.arithmetic.gelu import gelu
from gossamer.ops.broadcasting import single
from gossamer.ops.element_steps import element_step, integer_table_step

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from gossamer.ir.graph import Node, Tensor
    from gossamer.ir.types import Array, TensorType
    from gossamer.kernels.step import Step
    from gossamer.nest.target import Target
    from gossamer.ops.element_steps import Compute

_erfc = np.frompyfunc(math.erfc, 1, 1)


class Curve(Op):
    """What the curves share: one input, and `curve` on arrays of real numbers."""

    __slots__ = ()

    output_quantization: ClassVar[QuantizationRule] = Free()
    emit: ClassVar[Compute]
    """The function on float lanes, where options do not change it."""

    def infer(self, *inputs: Tensor | None) -> tuple[TensorType, ...]:
        return (single(self, inputs).type,)

    def curve(self, x: Array) -> Array:
        """The function; float32 in and out, computed more finely inside."""
        raise NotImplementedError

    def curve_16_bit(self, node: Node, x: Array) -> Array:
        """The function of 16-bit integers; by way of real numbers unless overridden."""
        return through_real_numbers(self, node, x)[0]

    def lower(self, node: Node, target: Target) -> Sequence[Step] | None:
        x, y = node.input(0), node.output
        if x.is_quantized:
            return integer_table_step(node, target)
        if not x.dtype.is_float:
            return None
        return element_step(self.name.lower(), target, (x,), y, self.on_lanes())

    def on_lanes(self) -> Compute:
        """The function on float lanes."""
        return type(self).emit

    def reference(self, *inputs: Any) -> tuple[Array, ...]:
        (x,) = inputs
        return (self.curve(x).astype(x.dtype),)

    def integer(self, node: Node, *inputs: Any) -> tuple[Array, ...]:
        (x,) = inputs
        if x.dtype.kind == "f":
            return self.reference(x)
        if x.dtype.itemsize > 1:
            return (self.curve_16_bit(node, x),)
        table = lookup_table(node.input(0), node.output, self.curve)
        return (look_up(table, x),)


_RAISED = 0x800000000000000000000000000000800011009020440005C0467BAEFA7BD110
"""Bit i is set where the reference's table lies one above the rounded value."""


def sigmoid_entries() -> Integers:
    """sigmoid(i / 24) in Q0.16 for i from 0 to 255, as the reference kernels have it.

    LOGISTIC and TANH of 16-bit numbers interpolate between them.
    """
    exact = 65536 / (1 + np.exp(-np.arange(256) / 24))
    raised = np.array([_RAISED >> index & 1 for index in range(256)], np.int64)
    return np.floor(exact + 0.5).astype(np.int64) + raised


def places_16_bit(scale: float, powers: Collection[int]) -> tuple[int, int]:
    """Multiplier and right shift that take 16-bit inputs to steps of 1 / 12288.

    A scale that is nearly 2 to one of some `powers` is taken for that.
    """
    power = nearest_power_of_two(scale)
    if power is not None and power in powers:
        return 3 << (power + 12), 0
    factor, shift = scale * 4096 * 3, 0
    while 0 < factor <= 32767 / 2 and shift <= 30:
        factor, shift = factor * 2, shift + 1
    return int(factor), shift


def _blend(
    node: Node, x: Array, bits: int, powers: Collection[int]
) -> tuple[Integers, Integers]:
    """Signed places of 16-bit inputs, and sigmoid of their size in Q0.(16 + bits).

    A table entry spans 2**bits places; for `powers` see `places_16_bit`.
    """
    scale, _ = parameters(node.input(0))
    multiplier, shift = places_16_bit(float(scale), powers)
    places = (x.astype(np.int64) * multiplier + ((1 << shift) >> 1)) >> shift
    size = np.abs(places)
    entries = sigmoid_entries()
    index = np.minimum(size >> bits, 254)
    low = entries[index]
    part = size & ((1 << bits) - 1)
    blended = (low << bits) + part * (entries[index + 1] - low)
    return places, np.where(size >> bits >= 255, -1, blended)


@operator("LOGISTIC", code=14)
class Logistic(Curve):
    """1 / (1 + exp(-x))."""

    output_quantization: ClassVar[QuantizationRule] = Fixed(
        int8=(1 / 256, -128), int16=(1 / 32768, 0)
    )

    emit = staticmethod(math_kernels.logistic)

    def curve(self, x: Array) -> Array:
        with np.errstate(over="ignore"):
            power = np.exp(-x.astype(np.float64)).astype(np.float32)
        return np.float32(1) / (np.float32(1) + power)

    def curve_16_bit(self, node: Node, x: Array) -> Array:
        places, blended = _blend(node, x, 9, (-12,))
        value = np.where(blended < 0, 0x7FFF << 10, blended)
        mirrored = (1 << 25) - value - 1
        signed = np.where(places >= 0, value, mirrored) + (1 << 9)
        return (signed >> 10).astype(np.int16)

    def version(self, node: Node) -> int:
        return {DType.INT8: 2, DType.INT16: 3}.get(node.input(0).dtype, 1)


@operator("TANH", code=28)
class Tanh(Curve):
    """The hyperbolic tangent."""

    output_quantization: ClassVar[QuantizationRule] = Fixed(
        int8=(1 / 128, 0), int16=(1 / 32768, 0)
    )

    emit = staticmethod(math_kernels.tanh)

    def curve(self, x: Array) -> Array:
        return np.tanh(x.astype(np.float64)).astype(np.float32)

    def curve_16_bit(self, node: Node, x: Array) -> Array:
        # tanh(x) = 2 * sigmoid(2 * x) - 1
        places, blended = _blend(node, x, 8, (-12, -11))
        value = np.where(blended < 0, 0xFFFF << 8, blended) - (1 << 23)
        signed = np.where(places >= 0, value, -value - 1) + (1 << 7)
        return (signed >> 8).astype(np.int16)

    def version(self, node: Node) -> int:
        return {DType.INT8: 2, DType.INT16: 3}.get(node.input(0).dtype, 1)


@operator("ELU", code=111)
class Elu(Curve):
    """x where it is positive, else exp(x) - 1."""

    emit = staticmethod(math_kernels.elu)

    def curve(self, x: Array) -> Array:
        below = np.expm1(np.minimum(x, 0).astype(np.float64)).astype(np.float32)
        return np.where(x < 0, below, x)


def _gelu_by_tanh(x: Array) -> Array:
    """GELU's approximation, rounded to float32 at each step."""
    factor, half, one = np.float32(math.sqrt(2 / math.pi)), np.float32(0.5), 1
    bent = factor * (x + np.float32(0.044715) * x * x * x)
    curve = np.tanh(bent.astype(np.float64)).astype(np.float32)
    return half * x * (one + curve)


@operator("GELU", code=150, options="GeluOptions")
class Gelu(Curve):
    """x times the normal distribution's share below x; by tanh if `approximate`."""

    approximate: bool = False

    def curve(self, x: Array) -> Array:
        with np.errstate(invalid="ignore", over="ignore"):
            if self.approximate:
                return _gelu_by_tanh(x.astype(np.float32))
            real = x.astype(np.float64)
            share = np.asarray(_erfc(real * -math.sqrt(0.5)), np.float64)
            return (0.5 * real * share).astype(np.float32)

    def curve_16_bit(self, node: Node, x: Array) -> Array:
        with np.errstate(over="ignore"):
            return interpolated(node.input(0), node.output, self.curve, x)

    def on_lanes(self) -> Compute:
        return math_kernels.gelu_by_tanh if self.approximate else gelu

    def version(self, node: Node) -> int:
        return 2 if node.input(0).dtype is DType.INT8 else 1
