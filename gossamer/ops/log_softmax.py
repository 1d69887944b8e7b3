"""LOG_SOFTMAX: x minus the logarithm of the sum of exp(x), along the last axis."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from gossamer.ir.arithmetic import (
    divide_by_power_of_two,
    multiply,
    parameters,
    quantize_multiplier,
)
from gossamer.ir.fixed_point import exp_of_negative, logarithm
from gossamer.ir.op import Fixed, Op, operator, require
from gossamer.ir.types import DType, TensorType
from gossamer.kernels.rows.softmax import Powers, float_log_softmax, integer_log_softmax
from gossamer.kernels.step import Constant, Step
from gossamer.nest.build import Nest
from gossamer.nest.expr import I32
from gossamer.ops.broadcasting import single
from gossamer.ops.softmax import scaled_difference
from gossamer.ops.stored import STORED, is_quantized

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gossamer.ir.arithmetic import Integers
    from gossamer.ir.graph import Node, Tensor
    from gossamer.ir.types import Array
    from gossamer.nest.target import Target

_MOST_COLUMNS = 4095
"""With more, the sum of powers may leave 32 bits."""


@operator("LOG_SOFTMAX", code=50, options="LogSoftmaxOptions")
class LogSoftmax(Op):
    """The logarithm of softmax along the last axis."""

    output_quantization = Fixed(int8=(16 / 256, 127))

    def infer(self, *inputs: Tensor | None) -> tuple[TensorType, ...]:
        x = single(self, inputs)
        require(len(x.shape) >= 1, self, f"'{x.name}' is a scalar; expected an axis")
        return (x.type,)

    def reference(self, *inputs: Any) -> tuple[Array, ...]:
        (x,) = inputs
        if not x.size:
            return (x,)
        shifted = x - x.max(axis=-1, keepdims=True)
        return (shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True)),)

    def integer(self, node: Node, *inputs: Any) -> tuple[Array, ...]:
        (x,) = inputs
        if x.dtype.kind == "f" or not x.size:
            return self.reference(x)
        scale, _ = parameters(node.input(0))
        wide = x.astype(np.int64)
        y = _log_softmax(wide - wide.max(axis=-1, keepdims=True), float(scale))
        limits = np.iinfo(x.dtype)
        # Steps of 1/16 down from the greatest integer, which stands for zero.
        return (np.clip(y + limits.max, limits.min, limits.max).astype(x.dtype),)

    def lower(self, node: Node, target: Target) -> Sequence[Step] | None:
        x, y = node.input(0), node.output
        if not y.type.size:
            return None
        columns = x.shape[-1]
        rows = y.type.size // columns
        nest = Nest("log_softmax", target)
        if x.dtype is DType.FLOAT32:
            float_log_softmax(nest, columns, nest.pointer(), nest.pointer())
            return [Step(nest.finish(), (x, y), rows, (1,))]
        is_byte = x.dtype is not DType.INT16 and is_quantized(x, y)
        if not is_byte or columns > _MOST_COLUMNS:
            return None
        scaled, powers, reverse = _tables(float(parameters(x)[0]))
        pointers = [nest.pointer() for _ in range(4)]
        row = Powers(STORED[x.dtype], columns, pointers[0], pointers[2], I32)
        integer_log_softmax(nest, row, pointers[3], reverse, pointers[1])
        arguments = (x, y, Constant(powers), Constant(scaled))
        return [Step(nest.finish(), arguments, rows, (1,))]

    def version(self, node: Node) -> int:
        return 2 if node.input(0).dtype is DType.INT8 else 1


def _tables(scale: float) -> tuple[Array, Array, tuple[int, int, int]]:
    """For the differences 0, -1 ... -255: in Q5.26, their powers, and the way back.

    The way back is a factor (multiplier, shift) and the least difference that counts.
    """
    multiplier, shift, least = scaled_difference(scale)
    difference = -np.arange(256, dtype=np.int64)
    scaled, powers = _scaled_and_powers(difference, scale)
    reverse = quantize_multiplier(2.0 ** (31 - shift) / multiplier)
    return scaled.astype(np.int32), powers.astype(np.int32), (*reverse, least)


def _scaled_and_powers(difference: Integers, scale: float) -> tuple[Integers, Integers]:
    """Differences in Q5.26 and their powers in Q12.19; 0 where they do not count."""
    multiplier, shift, least = scaled_difference(scale)
    is_used = difference >= least
    scaled = multiply(np.where(is_used, difference, 0), multiplier, shift)
    powers = divide_by_power_of_two(exp_of_negative(scaled), 12)
    return scaled, np.where(is_used, powers, 0)


def _log_softmax(difference: Integers, scale: float) -> Integers:
    """Log-softmax in steps of 1/16; below the representable range, -255."""
    multiplier, shift, least = scaled_difference(scale)
    scaled, powers = _scaled_and_powers(difference, scale)
    log_total = logarithm(powers.sum(axis=-1, keepdims=True))
    reverse, right = quantize_multiplier(2.0 ** (31 - shift) / multiplier)
    lowest = multiply(log_total - (1 << 31), reverse, right)
    is_seen = difference > np.maximum(least - 1, lowest)
    y = divide_by_power_of_two(scaled - log_total, 31 - 5 - 4)
    return np.where(is_seen, y, -255)
