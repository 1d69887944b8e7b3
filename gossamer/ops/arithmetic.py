"""ADD, SUB, MUL, DIV: element by element, shapes broadcast."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from gossamer.errors import GraphError
from gossamer.ir.arithmetic import (
    ACTIVATION_RANGES,
    activate,
    centered,
    divide_by_power_of_two,
    doubling_high_multiply,
    parameters,
    quantize_multiplier,
    rescale,
    settle,
)
from gossamer.ir.fixed_point import leading_zeros, reciprocal
from gossamer.ir.op import Free, NotQuantized, Op, operator
from gossamer.ir.types import DType, TensorType
from gossamer.kernels.arithmetic.division import quotient
from gossamer.kernels.elements.element import complex_of, imaginary_part, real_part
from gossamer.ops.broadcasting import broadcast_shapes, pair, same_type
from gossamer.ops.element_steps import ELEMENTS, STORED, element_step
from gossamer.ops.floor_div import never_divides_by_zero
from gossamer.ops.integer_steps import (
    Settle,
    activated,
    centered_lanes,
    is_scaled,
)
from gossamer.ops.nearest import Linear, nearest_product
from gossamer.ops.sums import FixedPointSum

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gossamer.ir.arithmetic import Integers
    from gossamer.ir.graph import Node, Tensor
    from gossamer.ir.types import Array
    from gossamer.kernels.step import Step
    from gossamer.nest.build import Nest
    from gossamer.nest.expr import Value
    from gossamer.nest.target import Target
    from gossamer.ops.element_steps import Compute
    from gossamer.ops.nearest import Nearest


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
        inputs = (node.input(0), node.input(1))
        compute = self.lanes(node)
        if compute is None:
            return None
        held = _HELD.get(node.output.dtype)
        elements = (held, held, held)
        name = self.name.lower()
        return element_step(name, target, inputs, node.output, compute, elements)

    def lanes(self, node: Node) -> Compute | None:
        """The operation on lanes; None where there is no kernel."""
        y = node.output
        if y.dtype is DType.COMPLEX64:
            return self.complex_lanes()
        if y.is_quantized and is_scaled(node.input(0), node.input(1), y):
            return self.integer_lanes(node)
        if y.is_quantized or self.fused_activation_function not in ACTIVATION_RANGES:
            return None

        def compute(nest: Nest, left: Value, right: Value) -> Value:
            value = self.emit(left, right)
            return activated(nest, value, self.fused_activation_function, y.dtype)

        return compute

    def emit(self, left: Value, right: Value) -> Value:
        """The operation on lanes of plain numbers."""
        raise NotImplementedError

    def complex_lanes(self) -> Compute | None:
        """The operation on lanes of complex numbers; None without a kernel."""
        return None

    def integer_lanes(self, node: Node) -> Compute | None:
        """The operation on lanes of quantized integers; None without a kernel."""
        return None


_HELD = {**ELEMENTS, DType.COMPLEX64: STORED[DType.COMPLEX64]}


def broadcasts(node: Node) -> bool:
    """Whether inputs of more than four axes differ in shape."""
    left, right = node.input(0).shape, node.input(1).shape
    return left != right and max(len(left), len(right)) > 4


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
        return self._sum(node).lanes()

    def integer(self, node: Node, *inputs: Any) -> tuple[Array, ...]:
        left, right = inputs
        if _is_plain(node, left):
            return self.reference(left, right)
        return (self._sum(node).integer(left, right),)

    def _sum(self, node: Node) -> FixedPointSum:
        activation = self.fused_activation_function
        return FixedPointSum(node, 1, activation, self.pot_scale_int16)

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
        return self._sum(node).lanes()

    def integer(self, node: Node, *inputs: Any) -> tuple[Array, ...]:
        left, right = inputs
        if _is_plain(node, left):
            return self.reference(left, right)
        return (self._sum(node).integer(left, right),)

    def _sum(self, node: Node) -> FixedPointSum:
        activation = self.fused_activation_function
        return FixedPointSum(node, -1, activation, self.pot_scale_int16)

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

    def complex_lanes(self) -> Compute | None:
        return _complex_product

    def integer_lanes(self, node: Node) -> Compute | None:
        factor = parameters(node.input(0))[0] * parameters(node.input(1))[0]
        factor = float(factor / parameters(node.output)[0])
        settle_ = Settle.of(node, factor, self.fused_activation_function)

        rounded = self._rounded(node, factor, settle_)

        def compute(nest: Nest, left: Value, right: Value) -> Value:
            one = centered_lanes(nest, left, node.input(0))
            two = centered_lanes(nest, right, node.input(1))
            if rounded is None:
                return settle_.apply(nest, one * two)
            return settle_.clamp(nest, rounded.product_lanes(nest, one, two))

        return compute

    def _rounded(self, node: Node, factor: float, settle_: Settle) -> Nearest | None:
        """The product by one rounding, where there is such a thing."""
        away = 2.0 ** (settle_.shift - 1)
        output = (settle_.zero_point, settle_.low, settle_.high)
        linear = Linear((factor,), (0,), *output, away)

        def exact(left: Integers, right: Integers) -> Array:
            return self.integer(node, left, right)[0]

        return nearest_product(node, linear, exact)

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


def _complex_product(nest: Nest, left: Value, right: Value) -> Value:
    a, b = real_part(nest, left), imaginary_part(nest, left)
    c, d = real_part(nest, right), imaginary_part(nest, right)
    return complex_of(nest, a * c - b * d, a * d + b * c)


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
        if left.kind.is_float:
            return left / right
        return quotient(left.nest, left, right)

    def lanes(self, node: Node) -> Compute | None:
        if not never_divides_by_zero(node):
            return None
        return Arithmetic.lanes(self, node)

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
