"""ADD, SUB, MUL, DIV: element by element, shapes broadcast."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from gossamer.errors import GraphError
from gossamer.ir.arithmetic import (
    activate,
    centered,
    divide_by_power_of_two,
    doubling_high_multiply,
    multiply,
    parameters,
    quantize_multiplier,
    rescale,
    settle,
)
from gossamer.ir.fixed_point import leading_zeros, reciprocal
from gossamer.ir.op import Free, NotQuantized, Op, operator
from gossamer.ir.types import DType, TensorType
from gossamer.kernels.epilogue import ACTIVATION_LIMITS, clamp
from gossamer.ops.broadcasting import broadcast_shapes, pair, same_type
from gossamer.ops.integer_steps import Settle, centered_lanes, is_int8, times
from gossamer.ops.steps import binary_step

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from gossamer.ir.arithmetic import Integers
    from gossamer.ir.graph import Node, Tensor
    from gossamer.ir.types import Array
    from gossamer.kernels.step import Step
    from gossamer.nest.build import Nest
    from gossamer.nest.expr import Value
    from gossamer.nest.target import Target

    Compute: TypeAlias = Callable[[Nest, Value, Value], Value]


class Arithmetic(Op):
    """What the four operators share: two inputs of one element type."""

    __slots__ = ()

    if TYPE_CHECKING:
        fused_activation_function: str

    def infer(self, *inputs: Tensor | None) -> tuple[TensorType, ...]:
        left, right = pair(self, inputs)
        same_type(self, left, right)
        shape = broadcast_shapes(self, left.shape, right.shape)
        return (TensorType(left.dtype, shape),)

    def reference(self, *inputs: Any) -> tuple[Array, ...]:
        y = self.apply(*inputs)
        return (activate(y, self.fused_activation_function),)

    def apply(self, left: Array, right: Array) -> Array:
        """The operation itself, before the fused activation."""
        raise NotImplementedError

    def lower(self, node: Node, target: Target) -> Sequence[Step] | None:
        left, right, y = node.input(0), node.input(1), node.output
        limits = ACTIVATION_LIMITS.get(self.fused_activation_function)
        if y.dtype is DType.FLOAT32 and limits is not None:
            return binary_step(
                self.name.lower(),
                target,
                (left, right),
                y,
                lambda nest, a, b: clamp(nest, self.emit(a, b), limits),
            )
        if not is_int8(left, right, y):
            return None
        compute = self.integer_lanes(node)
        if compute is None:
            return None
        return binary_step(self.name.lower(), target, (left, right), y, compute)

    def emit(self, left: Value, right: Value) -> Value:
        """The operation on float lanes."""
        raise NotImplementedError

    def integer_lanes(self, node: Node) -> Compute | None:
        """The operation on int8 lanes; None where there is no kernel."""
        return None


def broadcasts(node: Node) -> bool:
    """Whether inputs of more than four axes differ in shape."""
    left, right = node.input(0).shape, node.input(1).shape
    return left != right and max(len(left), len(right)) > 4


def _power_of_two(scale: np.float32) -> int | None:
    """The exponent of a scale that is a power of two, or nearly."""
    if scale <= 0:
        return None
    exponent = math.log2(float(scale))
    return round(exponent) if abs(exponent - round(exponent)) < 1e-3 else None


def _sum(node: Node, left: Array, right: Array, sign: int, activation: str) -> Array:
    """Left + sign * right in fixed point: both on one fine scale, then the output's."""
    one, _ = parameters(node.input(0))
    other, _ = parameters(node.input(1))
    out, _ = parameters(node.output)
    bits = 15 if node.output.dtype is DType.INT16 else 20
    twice = float(2 * max(one, other))

    def scaled(tensor: Tensor, array: Array, scale: np.float32) -> Integers:
        factor = quantize_multiplier(float(scale) / twice)
        return multiply(centered(tensor, array) << bits, *factor)

    total = scaled(node.input(0), left, one)
    total = total + sign * scaled(node.input(1), right, other)
    return rescale(
        node.output, total, twice / float(np.float32(1 << bits) * out), activation
    )


def _sum_of_powers(
    node: Node, left: Array, right: Array, sign: int, activation: str
) -> Array | None:
    """Left + sign * right for 16-bit tensors whose scales are powers of two.

    None where they are not: the general rule holds then.
    """
    tensors = (node.input(0), node.input(1), node.output)
    powers = [_power_of_two(parameters(tensor)[0]) for tensor in tensors]
    one, other, out = powers
    if one is None or other is None or out is None:
        return None
    if max(one, other) > out or out not in (one, other):
        return None
    total = divide_by_power_of_two(left.astype(np.int64), out - one)
    total = total + sign * divide_by_power_of_two(right.astype(np.int64), out - other)
    return settle(node.output, np.clip(total, -32768, 32767), activation)


def _add_or_subtract(node: Node, inputs: tuple[Array, Array], sign: int) -> Array:
    op = node.op
    if not isinstance(op, Add | Sub):
        raise TypeError(f"{op.name} neither adds nor subtracts")
    left, right = inputs
    activation = op.fused_activation_function
    if left.dtype == np.int16 and op.pot_scale_int16:
        exact = _sum_of_powers(node, left, right, sign, activation)
        if exact is not None:
            return exact
    return _sum(node, left, right, sign, activation)


def _sum_lanes(node: Node, sign: int, activation: str) -> Compute:
    """Left + sign * right on int8 lanes, as `_sum`."""
    scales = [parameters(tensor)[0] for tensor in (node.input(0), node.input(1))]
    twice = float(2 * max(scales))
    factors = [quantize_multiplier(float(scale) / twice) for scale in scales]
    out = float(np.float32(1 << 20) * parameters(node.output)[0])
    settle_ = Settle.of(node, twice / out, activation)

    def compute(nest: Nest, left: Value, right: Value) -> Value:
        one = times(nest, centered_lanes(nest, left, node.input(0)) << 20, *factors[0])
        two = times(nest, centered_lanes(nest, right, node.input(1)) << 20, *factors[1])
        return settle_.apply(nest, one + two if sign > 0 else one - two)

    return compute


def _is_plain(node: Node, array: Array) -> bool:
    """Whether the values are real numbers or integers without a scale."""
    return array.dtype.kind == "f" or not node.output.is_quantized


@operator("ADD", code=0, options="AddOptions")
class Add(Arithmetic):
    """The sum of two inputs."""

    fused_activation_function: str = "none"
    pot_scale_int16: bool = True

    output_quantization = Free()

    def apply(self, left: Array, right: Array) -> Array:
        return left + right

    def emit(self, left: Value, right: Value) -> Value:
        return left + right

    def integer_lanes(self, node: Node) -> Compute | None:
        return _sum_lanes(node, 1, self.fused_activation_function)

    def integer(self, node: Node, *inputs: Any) -> tuple[Array, ...]:
        left, right = inputs
        if _is_plain(node, left):
            return self.reference(left, right)
        return (_add_or_subtract(node, (left, right), 1),)

    def version(self, node: Node) -> int:
        x = node.input(0)
        if x.dtype is DType.INT16:
            if not x.is_quantized:
                return 5
            return 1 if self.pot_scale_int16 else 3
        return {DType.INT64: 4, DType.INT8: 2}.get(x.dtype, 1)


@operator("SUB", code=41, options="SubOptions")
class Sub(Arithmetic):
    """The first input minus the second."""

    fused_activation_function: str = "none"
    pot_scale_int16: bool = True

    output_quantization = Free()

    def apply(self, left: Array, right: Array) -> Array:
        return left - right

    def emit(self, left: Value, right: Value) -> Value:
        return left - right

    def integer_lanes(self, node: Node) -> Compute | None:
        return _sum_lanes(node, -1, self.fused_activation_function)

    def integer(self, node: Node, *inputs: Any) -> tuple[Array, ...]:
        left, right = inputs
        if _is_plain(node, left):
            return self.reference(left, right)
        return (_add_or_subtract(node, (left, right), -1),)

    def version(self, node: Node) -> int:
        dtype = node.input(0).dtype
        if dtype is DType.INT16 and not self.pot_scale_int16:
            return 5
        if dtype is DType.INT64:
            return 4
        if broadcasts(node):
            return 3
        return 2 if dtype is DType.INT8 else 1


@operator("MUL", code=18, options="MulOptions")
class Mul(Arithmetic):
    """The product of two inputs."""

    fused_activation_function: str = "none"

    output_quantization = Free()

    def apply(self, left: Array, right: Array) -> Array:
        return left * right

    def emit(self, left: Value, right: Value) -> Value:
        return left * right

    def integer_lanes(self, node: Node) -> Compute | None:
        factor = parameters(node.input(0))[0] * parameters(node.input(1))[0]
        factor = float(factor / parameters(node.output)[0])
        settle_ = Settle.of(node, factor, self.fused_activation_function)

        def compute(nest: Nest, left: Value, right: Value) -> Value:
            one = centered_lanes(nest, left, node.input(0))
            two = centered_lanes(nest, right, node.input(1))
            return settle_.apply(nest, one * two)

        return compute

    def integer(self, node: Node, *inputs: Any) -> tuple[Array, ...]:
        left, right = inputs
        if _is_plain(node, left):
            return self.reference(left, right)
        product = centered(node.input(0), left) * centered(node.input(1), right)
        factor = parameters(node.input(0))[0] * parameters(node.input(1))[0]
        factor = float(factor / parameters(node.output)[0])
        return (rescale(node.output, product, factor, self.fused_activation_function),)

    def version(self, node: Node) -> int:
        x = node.input(0)
        if x.dtype is DType.UINT32 or (x.dtype is DType.INT16 and not x.is_quantized):
            return 7
        fixed = {DType.COMPLEX64: 6, DType.INT64: 5, DType.INT16: 4}
        if x.dtype in fixed:
            return fixed[x.dtype]
        if x.dtype in (DType.INT8, DType.UINT8) and _factor(node) >= 1:
            return 3
        return 2 if x.dtype is DType.INT8 else 1


def _factor(node: Node) -> float:
    """The factor from the product's scale to the output's; 0 where there is none."""
    tensors = (node.input(0), node.input(1), node.output)
    if not all(tensor.is_quantized for tensor in tensors):
        return 0
    one, other, out = (parameters(tensor)[0] for tensor in tensors)
    return float(one * other / out)


@operator("DIV", code=42, options="DivOptions")
class Div(Arithmetic):
    """The first input over the second; integers are cut towards zero."""

    fused_activation_function: str = "none"

    output_quantization = NotQuantized()

    def apply(self, left: Array, right: Array) -> Array:
        if left.dtype.kind in "iu":
            self._check(right)
            quotient = np.abs(left) // np.abs(right)
            signed = quotient * np.sign(left) * np.sign(right)
            return signed.astype(left.dtype)
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            return left / right

    def emit(self, left: Value, right: Value) -> Value:
        return left / right

    def _check(self, divisor: Array) -> None:
        if not divisor.all():
            raise GraphError(f"{self.name}: an integer is divided by zero")

    def integer(self, node: Node, *inputs: Any) -> tuple[Array, ...]:
        left, right = inputs
        if _is_plain(node, left):
            return self.reference(left, right)
        divisor = centered(node.input(1), right)
        self._check(divisor)
        dividend = centered(node.input(0), left) * np.sign(divisor)
        scales = parameters(node.input(1))[0] * parameters(node.output)[0]
        factor = quantize_multiplier(float(parameters(node.input(0))[0] / scales))
        quotient = _divide(dividend, np.abs(divisor), factor)
        return (settle(node.output, quotient, self.fused_activation_function),)

    def version(self, node: Node) -> int:
        return 2 if broadcasts(node) else 1


def _divide(dividend: Integers, divisor: Integers, factor: tuple[int, int]) -> Integers:
    """Dividend / divisor * factor by the reciprocal of positive divisors."""
    inverse, over = reciprocal(divisor, 31)
    # As far left as fits beside the sign bit.
    room = leading_zeros(np.where(dividend < 0, ~dividend, dividend)) - 1
    quotient = doubling_high_multiply(dividend << room, inverse)
    multiplier, shift = factor
    return divide_by_power_of_two(
        doubling_high_multiply(quotient, multiplier), over + room - shift
    )
