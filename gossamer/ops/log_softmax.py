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
from gossamer.ops.broadcasting import single
from gossamer.ops.softmax import scaled_difference

if TYPE_CHECKING:
    from gossamer.ir.arithmetic import Integers
    from gossamer.ir.graph import Node, Tensor
    from gossamer.ir.types import Array


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

    def version(self, node: Node) -> int:
        return 2 if node.input(0).dtype is DType.INT8 else 1


def _log_softmax(difference: Integers, scale: float) -> Integers:
    """Log-softmax in steps of 1/16; below the representable range, -255."""
    multiplier, shift, least = scaled_difference(scale)
    is_used = difference >= least
    scaled = multiply(np.where(is_used, difference, 0), multiplier, shift)
    powers = divide_by_power_of_two(exp_of_negative(scaled), 12)
    total = np.where(is_used, powers, 0).sum(axis=-1, keepdims=True)
    log_total = logarithm(total)
    reverse, right = quantize_multiplier(2.0 ** (31 - shift) / multiplier)
    lowest = multiply(log_total - (1 << 31), reverse, right)
    is_seen = difference > np.maximum(least - 1, lowest)
    y = divide_by_power_of_two(scaled - log_total, 31 - 5 - 4)
    return np.where(is_seen, y, -255)
