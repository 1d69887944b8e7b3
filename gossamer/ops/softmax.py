"""SOFTMAX: exp(beta * x), normalized along the last axis."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from gossamer.ir.arithmetic import (
    divide_by_power_of_two,
    doubling_high_multiply,
    multiply,
    parameters,
    quantize_multiplier,
    round_half_away,
)
from gossamer.ir.fixed_point import exp_of_negative, leading_zeros, reciprocal
from gossamer.ir.op import Fixed, Op, operator, require
from gossamer.ir.types import DType, TensorType
from gossamer.kernels.arithmetic.integers import INT16
from gossamer.kernels.rows.softmax import (
    Powers,
    integer_softmax,
    short_softmax,
)
from gossamer.kernels.rows.softmax_float import float_softmax
from gossamer.kernels.rows.softmax_table import (
    NARROW_COLUMNS,
    PLANES,
    TableSoftmax,
    interleaved_order,
)
from gossamer.kernels.step import Constant, Step
from gossamer.nest.build import Nest
from gossamer.nest.expr import I16, I32
from gossamer.ops.broadcasting import single
from gossamer.ops.stored import STORED, one_scale

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from gossamer.ir.arithmetic import Integers
    from gossamer.ir.graph import Node, Tensor
    from gossamer.ir.types import Array
    from gossamer.nest.target import Target


@operator("SOFTMAX", code=25, options="SoftmaxOptions")
class Softmax(Op):
    """Softmax along the last axis; `beta` sharpens it."""

    beta: float = 0.0

    output_quantization = Fixed(int8=(1 / 256, -128), int16=(1 / 32768, 0))
    chooses_type: ClassVar[bool] = True

    def infer(self, *inputs: Tensor | None) -> tuple[TensorType, ...]:
        x = single(self, inputs)
        require(len(x.shape) >= 1, self, f"'{x.name}' is a scalar; expected an axis")
        return (x.type,)

    def reference(self, *inputs: Any) -> tuple[Array, ...]:
        (x,) = inputs
        if not x.size:
            return (x,)
        shifted = x - x.max(axis=-1, keepdims=True)
        powers = np.exp(shifted * x.dtype.type(self.beta))
        return (powers / powers.sum(axis=-1, keepdims=True),)

    def integer(self, node: Node, *inputs: Any) -> tuple[Array, ...]:
        (x,) = inputs
        if x.dtype.kind == "f" or not x.size:
            return self.reference(x)
        scale, _ = parameters(node.input(0))
        difference = x.astype(np.int64)
        difference = difference - difference.max(axis=-1, keepdims=True)
        if x.dtype == np.int16:
            return (_softmax_16_bit(difference, float(scale * np.float32(self.beta))),)
        limits = np.iinfo(node.output.dtype.numpy)
        bits = node.output.dtype.bits
        y = _softmax_8_bit(difference, self.beta * float(scale), bits) + limits.min
        return (np.clip(y, limits.min, limits.max).astype(node.output.dtype.numpy),)

    def lower(self, node: Node, target: Target) -> Sequence[Step] | None:
        x, y = node.input(0), node.output
        if not y.type.size:
            return None
        columns = x.shape[-1]
        rows = y.type.size // columns
        nest = Nest("softmax", target)
        if x.dtype is DType.FLOAT32:
            if y.dtype is not DType.FLOAT32:
                return None
            float_softmax(nest, columns, self.beta, nest.pointer(), nest.pointer())
            return [Step(nest.finish(), (x, y), rows, (1,))]
        if not one_scale(x) or not y.is_quantized:
            return None
        scale = parameters(x)[0]
        if x.dtype is y.dtype is DType.INT16:
            tables = _short_tables(float(scale * np.float32(self.beta)))
            source, result, table, inverses = (nest.pointer() for _ in range(4))
            powers = Powers(INT16, columns, source, table, I16)
            short_softmax(nest, powers, inverses, result)
            return [Step(nest.finish(), (x, y, *tables), rows, (1,))]
        if x.dtype is DType.INT16 or y.dtype not in STORED:
            return None
        entries = powers_of_bytes(self.beta * float(scale))
        if _suits_tables(target, x, y):
            return [_table_step(nest, entries, x, y)]
        table = Constant(entries)
        source, result, places = (nest.pointer() for _ in range(3))
        powers = Powers(STORED[x.dtype], columns, source, places, I32)
        integer_softmax(nest, powers, STORED[y.dtype], result)
        return [Step(nest.finish(), (x, y, table), rows, (1,))]

    def version(self, node: Node) -> int:
        return {DType.INT8: 2, DType.INT16: 3}.get(node.input(0).dtype, 1)


def scaled_difference(real: float) -> tuple[int, int, int]:
    """How to take differences of scale `real` to Q5.26.

    Returns:
        Multiplier, left shift, and the least difference that does not overflow.
    """
    multiplier, shift = quantize_multiplier(min(real * 2**26, 2.0**31 - 1))
    least = -int(31 * 2**26 / 2**shift // 1)
    return multiplier, shift, least


def _softmax_8_bit(difference: Integers, real: float, bits: int) -> Integers:
    """Softmax times 2**bits, in fixed point."""
    multiplier, shift, least = scaled_difference(real)
    is_used = difference >= least
    scaled = doubling_high_multiply(
        np.where(is_used, difference, 0) << max(shift, 0), multiplier
    )
    powers = np.where(is_used, exp_of_negative(scaled), 0)
    total = divide_by_power_of_two(powers, 12).sum(axis=-1, keepdims=True)
    factor, over = reciprocal(total, 12)
    product = doubling_high_multiply(powers, factor)
    return divide_by_power_of_two(product, over + 31 - bits)


def powers_of_bytes(real: float) -> Array:
    """Exp of the 8-bit differences 0, -1 ... -255 in Q0.31; 0 if unused."""
    multiplier, shift, least = scaled_difference(real)
    difference = -np.arange(256, dtype=np.int64)
    is_used = difference >= least
    scaled = doubling_high_multiply(
        np.where(is_used, difference, 0) << max(shift, 0), multiplier
    )
    return np.where(is_used, exp_of_negative(scaled), 0).astype(np.int32)


def _short_tables(real: float) -> tuple[Constant, Constant]:
    """Exp of the 16-bit differences 0, -1 ... -65535, and 1 / (1 + x)."""
    powers = _powers_16_bit(-np.arange(65536, dtype=np.int64), real)
    inverses = table_16_bit(_one_over, 1.0 / 65535, -32768)
    return Constant(powers.astype(np.int16)), Constant(inverses.astype(np.int32))


def _powers_16_bit(difference: Integers, real: float) -> Integers:
    """Exp in Q0.15 by a table on [-10, 0]."""
    scaled = multiply(difference, *quantize_multiplier(real / (10.0 / 65535.0)))
    index = np.clip(scaled + 32767, -32768, 32767)
    return interpolate(table_16_bit(np.exp, 10.0 / 65535, 32767), index)


def _softmax_16_bit(difference: Integers, real: float) -> Array:
    """Softmax in Q0.15 by two tables: `_powers_16_bit` and 1 / (1 + x) on [0, 1]."""
    powers = _powers_16_bit(difference, real)
    total = powers.sum(axis=-1, keepdims=True)
    headroom = leading_zeros(total)
    shifted = ((total << (headroom - 1)) + (1 << 13)) >> 14
    index = np.clip(shifted - ((1 << 15) + (1 << 16)), -32768, 32767)
    inverse = interpolate(table_16_bit(_one_over, 1.0 / 65535, -32768), index)
    right = 31 - headroom
    y = (powers * inverse + (np.int64(1) << (right - 1))) >> right
    return np.clip(y, 0, 32767).astype(np.int16)


def _one_over(values: Array) -> Array:
    return 1.0 / (1.0 + values)


def table_16_bit(
    function: Callable[[Array], Array], scale: float, zero_point: int
) -> Integers:
    """A function in 513 steps over all 16-bit inputs; results in steps of 2 / 65535.

    Each entry is moved by half of the error that a straight line makes midway.
    """
    low, high = scale * (-32768 - zero_point), scale * (32767 - zero_point)
    step = (high - low) / 512
    inverse = 65536 / (2.0 / 65535 * 65535)
    places = low + np.arange(512) * step
    sample = round_half_away(function(places) * inverse)
    following = function(low + np.arange(1, 513) * step) * inverse
    line = round_half_away((following + sample) / 2)
    middle = round_half_away(function(places + step / 2) * inverse)
    entries = sample - round_half_away((line - middle) / 2)
    last = round_half_away(function(np.array([high])) * inverse)
    clipped = np.clip(np.concatenate([entries, last]), -32768, 32767)
    return clipped.astype(np.int64)


def interpolate(table: Integers, values: Integers) -> Integers:
    """Entries of a `table_16_bit` between which 16-bit values lie, blended."""
    index = 256 + (values >> 7)
    base = table[index]
    slope = table[index + 1] - base
    return base + ((slope * (values & 0x7F) + 64) >> 7)


_STEP = 64
"""Differences that are looked at together."""
_WORTHWHILE = 16
"""Elements of a row from which on its table of results pays."""


def _suits_tables(target: Target, x: Tensor, y: Tensor) -> bool:
    is_byte = x.dtype is y.dtype and x.dtype in (DType.INT8, DType.UINT8)
    is_fit = _WORTHWHILE <= x.shape[-1] < NARROW_COLUMNS
    return target.looks_up_bytes and is_byte and is_fit


def _table_step(nest: Nest, powers: Array, x: Tensor, y: Tensor) -> Step:
    """The step of rows of bytes whose functions are tables."""
    columns = x.shape[-1]
    wide = powers.astype(np.int64)
    counted = int(np.flatnonzero(wide * 1024 >= wide[0])[-1]) + 1
    used = -(-counted // _STEP) * _STEP
    source, result, first, second = (nest.pointer() for _ in range(4))
    signed = x.dtype is DType.INT8
    TableSoftmax(nest, columns, signed, used, first, second).emit(source, result)
    rounded = (wide + (1 << 11)) >> 12
    planes = [(rounded >> 8 * plane) & 0xFF for plane in range(PLANES)]
    constants = (
        Constant(wide[interleaved_order(len(wide))]),
        Constant(np.concatenate(planes).astype(np.uint8)),
    )
    rows = y.type.size // columns
    return Step(nest.finish(), (x, y, *constants), rows, (1,))
