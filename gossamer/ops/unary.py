"""Operators that are one expression of one number: ABS, NEG, SQRT, EXP and the like."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from gossamer.ir.arithmetic import (
    centered,
    look_up,
    lookup_table,
    multiply,
    parameters,
    quantize_multiplier,
    rescale,
    settle,
)
from gossamer.ir.fixed_point import inverse_square_root
from gossamer.ir.interpolation import interpolated
from gossamer.ir.op import Free, Op, operator, require
from gossamer.ir.types import DType
from gossamer.kernels.arithmetic import angles, estimate, logarithm, math
from gossamer.ops.element_steps import element_step, integer_table_step
from gossamer.ops.movement import version_of_type
from gossamer.ops.shapes import made, operands

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from gossamer.ir.graph import Node, Tensor
    from gossamer.ir.op import QuantizationRule
    from gossamer.ir.types import Array, TensorType
    from gossamer.kernels.step import Step
    from gossamer.nest.build import Nest
    from gossamer.nest.expr import Value
    from gossamer.nest.target import Target


def _instruction(op: str) -> Callable[[Nest, Value], Value]:
    """An expression that is one instruction of the loop language."""
    return lambda nest, value: nest.unary(op, value)


def _sign(nest: Nest, value: Value) -> Value:
    one = nest.constant(1, value.kind)
    below = nest.select(nest.compare("lt", value, 0), -one, value)
    return nest.select(nest.compare("gt", value, 0), one, below)


def _square(nest: Nest, value: Value) -> Value:  # noqa: ARG001
    return value * value


class Unary(Op):
    """x -> one number for each number; shape and type stay."""

    __slots__ = ()

    def apply(self, x: Array) -> Array:
        """The expression, for an array of real numbers or plain integers."""
        raise NotImplementedError

    emit: ClassVar[Callable[[Nest, Value], Value]]
    """The expression on lanes of real numbers or plain integers."""

    def lower(self, node: Node, target: Target) -> Sequence[Step] | None:
        x, y = node.input(0), node.output
        if x.is_quantized and x.dtype.bits <= 16 and not isinstance(self, Neg):
            return integer_table_step(node, target)
        if not (x.dtype.is_float or isinstance(self, _ON_INTEGERS)):
            return None
        emit = type(self).emit
        return element_step(self.name.lower(), target, (x,), y, emit)

    def infer(self, *inputs: Tensor | None) -> tuple[TensorType, ...]:
        (x,) = operands(self, inputs, 1)
        text = f"{x} holds no real numbers"
        require(x.dtype.is_float or x.dtype.is_integer, self, text)
        return made(self, x.dtype, x.shape)

    def reference(self, *inputs: Any) -> tuple[Array, ...]:
        x: Array = np.asarray(inputs[0])
        with np.errstate(all="ignore"):
            return (np.asarray(self.apply(x)).astype(x.dtype),)


class Tabulated(Unary):
    """A unary operator whose 8-bit form is a table of 256 results."""

    __slots__ = ()

    output_quantization: ClassVar[QuantizationRule] = Free()

    def tabulated(self, x: Array, y: Tensor) -> Array:
        """The expression with a number in every place, for a table of y's values."""
        return self.apply(x)

    def integer(self, node: Node, *inputs: Any) -> tuple[Array, ...]:
        x, y = node.input(0), node.output
        with np.errstate(all="ignore"):
            if x.dtype.bits == 8:
                table = lookup_table(x, y, lambda real: self.tabulated(real, y))
                return (look_up(table, np.asarray(inputs[0])),)
            return (
                interpolated(
                    x, y, lambda real: self.tabulated(real, y), np.asarray(inputs[0])
                ),
            )

    def version(self, node: Node) -> int:
        return version_of_type(node.input(0).dtype, int8=2, int16=2)


@operator("ABS", code=101, options="AbsOptions")
class Abs(Unary):
    """|x|."""

    output_quantization: ClassVar[QuantizationRule] = Free()

    emit = staticmethod(_instruction("abs"))

    def apply(self, x: Array) -> Array:
        return np.abs(x)

    def integer(self, node: Node, *inputs: Any) -> tuple[Array, ...]:
        x, y = node.input(0), node.output
        distance = np.abs(centered(x, np.asarray(inputs[0])))
        scale, output_scale = parameters(x)[0], parameters(y)[0]
        if scale == output_scale:
            return (settle(y, distance),)
        return (rescale(y, distance, float(scale / output_scale)),)

    def version(self, node: Node) -> int:
        x = node.input(0)
        if x.dtype.title == "int16":
            return 3 if x.is_quantized else 4
        return version_of_type(x.dtype, int32=5, int8=2, uint8=2)


@operator("NEG", code=59, options="NegOptions")
class Neg(Unary):
    """-x."""

    emit = staticmethod(_instruction("neg"))

    def apply(self, x: Array) -> Array:
        return np.negative(x)

    def integer(self, node: Node, *inputs: Any) -> tuple[Array, ...]:
        """The numbers as they are stored; scales and zero points play no part."""
        del node
        return self.reference(*inputs)


@operator("SQRT", code=75)
class Sqrt(Unary):
    """The square root; not a number below 0."""

    emit = staticmethod(estimate.root)

    def apply(self, x: Array) -> Array:
        return np.sqrt(x)

    def integer(self, node: Node, *inputs: Any) -> tuple[Array, ...]:
        """Cut, not rounded; 0 where there is no root."""
        x, y = node.input(0), node.output
        scale, output_scale = parameters(x)[0], parameters(y)[0]
        steps = np.maximum(centered(x, np.asarray(inputs[0])), 0)
        roots = np.sqrt(scale * steps.astype(np.float32)) / output_scale
        return (settle(y, np.trunc(np.minimum(roots, 2**24)).astype(np.int64)),)


@operator("RSQRT", code=76)
class Rsqrt(Tabulated):
    """1 / sqrt(x)."""

    emit = staticmethod(estimate.inverse_root)

    def apply(self, x: Array) -> Array:
        return np.reciprocal(np.sqrt(x))

    def tabulated(self, x: Array, y: Tensor) -> Array:
        """The inverse root, and y's greatest number where there is none."""
        greatest = np.float32(np.iinfo(y.dtype.numpy).max) * parameters(y)[0]
        return np.where(x > 0, self.apply(x), greatest)

    def integer(self, node: Node, *inputs: Any) -> tuple[Array, ...]:
        if node.input(0).dtype is not DType.INT8:
            return Tabulated.integer(self, node, *inputs)
        return (_inverse_roots(node, np.asarray(inputs[0])),)

    def version(self, node: Node) -> int:
        return version_of_type(node.input(0).dtype, int16=3, int8=2)


_FINE = 20
"""Bits by which inverse roots of whole numbers are made finer."""


def _inverse_roots(node: Node, array: Array) -> Array:
    """RSQRT of int8 in fixed point; the greatest number where there is none."""
    x, y = node.input(0), node.output
    steps = centered(x, array)
    counts = np.arange(1, 256)
    roots = [inverse_square_root(int(count)) for count in counts]
    one = np.ones(1, np.int64)
    fine = [multiply(one, root, shift + _FINE)[0] for root, shift in roots]
    scale = np.sqrt(parameters(x)[0]) * parameters(y)[0]
    multiplier, shift = quantize_multiplier(1 / float(scale))
    table = settle(y, multiply(np.array(fine), multiplier, shift - _FINE))
    found = table[np.clip(steps, 1, 255) - 1]
    return np.where(steps > 0, found, np.iinfo(array.dtype).max).astype(array.dtype)


@operator("EXP", code=47, options="ExpOptions")
class Exp(Tabulated):
    """e to the power of x."""

    emit = staticmethod(math.full_exp)

    def apply(self, x: Array) -> Array:
        return np.exp(x)


@operator("LOG", code=73)
class Log(Tabulated):
    """The natural logarithm; not a number below 0."""

    emit = staticmethod(logarithm.log)

    def apply(self, x: Array) -> Array:
        return np.log(x)

    def tabulated(self, x: Array, y: Tensor) -> Array:
        """The logarithm, and the least number of y's where there is none."""
        scale, zero_point = parameters(y)
        least = np.float32(np.iinfo(y.dtype.numpy).min - zero_point) * scale
        return np.where(x > 0, np.log(x), least)


@operator("SIN", code=66)
class Sin(Unary):
    """The sine of radians."""

    emit = staticmethod(angles.sin)

    def apply(self, x: Array) -> Array:
        return np.sin(x)


@operator("COS", code=108, options="CosOptions")
class Cos(Unary):
    """The cosine of radians."""

    emit = staticmethod(angles.cos)

    def apply(self, x: Array) -> Array:
        return np.cos(x)


@operator("SQUARE", code=92, options="SquareOptions")
class Square(Unary):
    """x * x."""

    emit = staticmethod(_square)

    def apply(self, x: Array) -> Array:
        return np.square(x)


@operator("FLOOR", code=8)
class Floor(Unary):
    """The greatest whole number not above x."""

    emit = staticmethod(_instruction("floor"))

    def apply(self, x: Array) -> Array:
        return np.floor(x)


@operator("CEIL", code=104)
class Ceil(Unary):
    """The least whole number not below x."""

    emit = staticmethod(_instruction("ceil"))

    def apply(self, x: Array) -> Array:
        return np.ceil(x)


@operator("ROUND", code=116)
class Round(Unary):
    """The nearest whole number; halves go to the even one."""

    emit = staticmethod(_instruction("rint"))

    def apply(self, x: Array) -> Array:
        return np.rint(x)


@operator("SIGN", code=158, options="SignOptions")
class Sign(Unary):
    """-1, 0 or 1; what is not a number stays so."""

    emit = staticmethod(_sign)

    def apply(self, x: Array) -> Array:
        return np.sign(x)

    def version(self, node: Node) -> int:
        return version_of_type(node.input(0).dtype, int32=2)


_ON_INTEGERS = (Abs, Neg, Sign, Square)
"""Operators whose lanes may hold whole numbers."""
