"""Operators that compare two numbers: EQUAL, LESS and their kin."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from gossamer.ir.arithmetic import centered, multiply, parameters, quantize_multiplier
from gossamer.ir.op import Op, operator
from gossamer.ir.types import DType
from gossamer.ops.movement import version_of_type
from gossamer.ops.shapes import broadcast, made, operands, same_type

if TYPE_CHECKING:
    from gossamer.ir.graph import Node, Tensor
    from gossamer.ir.types import Array, TensorType


class Comparison(Op):
    """x, y, stretched to one shape -> whether the relation holds, as bool."""

    __slots__ = ()

    def holds(self, x: Array, y: Array) -> Array:
        """The relation, element by element."""
        raise NotImplementedError

    def infer(self, *inputs: Tensor | None) -> tuple[TensorType, ...]:
        x, y = operands(self, inputs, 2)
        same_type(self, (x, y))
        return made(self, DType.BOOL, broadcast(self, x.shape, y.shape))

    def reference(self, *inputs: Any) -> tuple[Array, ...]:
        x, y = (np.asarray(array) for array in inputs)
        return (np.asarray(self.holds(x, y)),)

    def integer(self, node: Node, *inputs: Any) -> tuple[Array, ...]:
        """8-bit numbers are brought to one fixed-point scale, 8 bits finer.

        Wider ones are compared as they are stored.
        """
        if node.input(0).dtype.bits != 8:
            return self.reference(*inputs)
        sides: list[Array] = []
        for tensor, array in zip(node.inputs, inputs, strict=True):
            if tensor is None or not tensor.is_quantized:
                return self.reference(*inputs)
            steps = centered(tensor, np.asarray(array)) << 8
            factor = quantize_multiplier(float(parameters(tensor)[0]))
            sides.append(multiply(steps, *factor))
        return (np.asarray(self.holds(*sides)),)

    def version(self, node: Node) -> int:
        return version_of_type(node.input(0).dtype, int8=2)


@operator("EQUAL", code=71, options="EqualOptions")
class Equal(Comparison):
    """x == y."""

    def holds(self, x: Array, y: Array) -> Array:
        return np.equal(x, y)

    def version(self, node: Node) -> int:
        return version_of_type(node.input(0).dtype, int16=4, string=3, int8=2)


@operator("NOT_EQUAL", code=72, options="NotEqualOptions")
class NotEqual(Comparison):
    """x != y."""

    def holds(self, x: Array, y: Array) -> Array:
        return np.not_equal(x, y)

    def version(self, node: Node) -> int:
        return version_of_type(node.input(0).dtype, string=3, int8=2)


@operator("LESS", code=58, options="LessOptions")
class Less(Comparison):
    """x < y."""

    def holds(self, x: Array, y: Array) -> Array:
        return np.less(x, y)

    def version(self, node: Node) -> int:
        return version_of_type(node.input(0).dtype, int16=3, int8=2)


@operator("LESS_EQUAL", code=63, options="LessEqualOptions")
class LessEqual(Comparison):
    """x <= y."""

    def holds(self, x: Array, y: Array) -> Array:
        return np.less_equal(x, y)


@operator("GREATER", code=61, options="GreaterOptions")
class Greater(Comparison):
    """x > y."""

    def holds(self, x: Array, y: Array) -> Array:
        return np.greater(x, y)


@operator("GREATER_EQUAL", code=62, options="GreaterEqualOptions")
class GreaterEqual(Comparison):
    """x >= y."""

    def holds(self, x: Array, y: Array) -> Array:
        return np.greater_equal(x, y)

    def version(self, node: Node) -> int:
        return version_of_type(node.input(0).dtype, int16=3, int8=2)
