"""Operators that are one expression of one number: ABS, NEG, SQRT, EXP and the like."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from gossamer.ir.arithmetic import (
    centered,
    look_up,
    lookup_table,
    parameters,
    rescale,
    round_half_away,
    settle,
)
from gossamer.ir.op import Free, Op, operator, require
from gossamer.ir.types import DType
from gossamer.kernels import math
from gossamer.ops.movement import version_of_type
from gossamer.ops.shapes import made, operands
from gossamer.ops.steps import integer_table_step, unary_step

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


def _inverse_root(nest: Nest, value: Value) -> Value:
    return nest.constant(1.0, value.kind) / nest.unary("sqrt", value)


def _square(nest: Nest, value: Value) -> Value:  # noqa: ARG001
    return value * value


class Unary(Op):
    """x -> one number for each number; shape and type stay."""

    __slots__ = ()

    def apply(self, x: Array) -> Array:
        """The expression, for an array of real numbers or plain integers."""
        raise NotImplementedError

    emit: ClassVar[Callable[[Nest, Value], Value] | None] = None
    """The expression on float lanes; None where there is no kernel."""

    def lower(self, node: Node, target: Target) -> Sequence[Step] | None:
        x, y = node.input(0), node.output
        if x.is_quantized:
            return integer_table_step(node, target)
        emit = type(self).emit
        if x.dtype is not DType.FLOAT32 or emit is None:
            return None
        return unary_step(self.name.lower(), target, x, y, emit)

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

    def tabulated(self, x: Array) -> Array:
        """The expression with a number in every place, for the table."""
        return self.apply(x)

    def integer(self, node: Node, *inputs: Any) -> tuple[Array, ...]:
        x, y = node.input(0), node.output
        with np.errstate(all="ignore"):
            if x.dtype.bits == 8:
                table = lookup_table(x, y, self.tabulated)
                return (look_up(table, np.asarray(inputs[0])),)
            return (_interpolated(x, y, self.tabulated, np.asarray(inputs[0])),)

    def version(self, node: Node) -> int:
        return version_of_type(node.input(0).dtype, int8=2, int16=2)


def _interpolated(
    x: Tensor, y: Tensor, function: Callable[[Array], Array], array: Array
) -> Array:
    """A function of int16 numbers from 513 tabulated values, linear in between.

    Each value is moved by half the error that the line makes in the middle of its
    stretch, as in the reference kernels (float32 throughout).
    """
    scale, zero_point = parameters(x)
    output_scale, output_zero_point = parameters(y)
    limits = np.iinfo(np.int16)
    low = scale * np.float32(limits.min - zero_point)
    high = scale * np.float32(limits.max - zero_point)
    step = (high - low) / np.float32(512)
    greatest = output_scale * np.float32(limits.max - output_zero_point)
    least = output_scale * np.float32(limits.min - output_zero_point)
    inverse = np.float32(65536) / (greatest - least)
    starts = low + np.arange(512).astype(np.float32) * step

    def sampled(at: Array) -> Array:
        return function(at.astype(np.float32)).astype(np.float32) * inverse

    values = round_half_away(sampled(starts))
    ends = sampled(low + np.arange(1, 513).astype(np.float32) * step)
    line = round_half_away((ends + values.astype(np.float32)) / np.float32(2))
    middle = round_half_away(sampled(starts + step / np.float32(2)))
    moved = values - round_half_away((line - middle) / 2)
    last = round_half_away(sampled(np.array([high])))
    table = np.nan_to_num(np.concatenate([moved, last]), nan=limits.min)
    whole = np.clip(table, limits.min, limits.max).astype(np.int64)
    place = (array.astype(np.int64) >> 7) + 256
    slope = whole[place + 1] - whole[place]
    return (whole[place] + ((slope * (array & 127) + 64) >> 7)).astype(np.int16)


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


@operator("SQRT", code=75)
class Sqrt(Unary):
    """The square root; not a number below 0."""

    emit = staticmethod(_instruction("sqrt"))

    def apply(self, x: Array) -> Array:
        return np.sqrt(x)


@operator("RSQRT", code=76)
class Rsqrt(Tabulated):
    """1 / sqrt(x)."""

    emit = staticmethod(_inverse_root)

    def apply(self, x: Array) -> Array:
        return np.reciprocal(np.sqrt(x))

    def version(self, node: Node) -> int:
        return version_of_type(node.input(0).dtype, int16=3, int8=2)


@operator("EXP", code=47, options="ExpOptions")
class Exp(Tabulated):
    """e to the power of x."""

    emit = staticmethod(math.exp)

    def apply(self, x: Array) -> Array:
        return np.exp(x)


@operator("LOG", code=73)
class Log(Tabulated):
    """The natural logarithm; not a number below 0."""

    def apply(self, x: Array) -> Array:
        return np.log(x)

    def tabulated(self, x: Array) -> Array:
        """The logarithm, and the least of all numbers where there is none."""
        return np.where(x > 0, np.log(x), np.finfo(np.float32).min)


@operator("SIN", code=66)
class Sin(Unary):
    """The sine of radians."""

    def apply(self, x: Array) -> Array:
        return np.sin(x)


@operator("COS", code=108, options="CosOptions")
class Cos(Unary):
    """The cosine of radians."""

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
    """-1, 0 or 1."""

    def apply(self, x: Array) -> Array:
        return np.sign(x)

    def version(self, node: Node) -> int:
        return version_of_type(node.input(0).dtype, int32=2)
