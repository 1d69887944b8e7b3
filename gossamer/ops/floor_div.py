"""FLOOR_DIV, FLOOR_MOD: division rounded down, and what it leaves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from gossamer.ir.op import Op, operator, require
from gossamer.kernels.arithmetic.division import floor_quotient, floor_remainder
from gossamer.ops.binary import Binary
from gossamer.ops.movement import version_of_type

if TYPE_CHECKING:
    from gossamer.ir.graph import Node
    from gossamer.ir.types import Array
    from gossamer.nest.build import Nest
    from gossamer.nest.expr import Value


class FloorDivision(Binary):
    """What the two share; integers are divided as they are stored."""

    __slots__ = ()

    def integer(self, node: Node, *inputs: Any) -> tuple[Array, ...]:
        del node
        return self.reference(*inputs)

    def is_compiled(self, node: Node) -> bool:
        return never_divides_by_zero(node)


@operator("FLOOR_DIV", code=90, options="FloorDivOptions")
class FloorDiv(FloorDivision):
    """The greatest whole number not above x / y."""

    def apply(self, x: Array, y: Array) -> Array:
        _check_divisor(self, y)
        if x.dtype.kind != "f":
            return np.floor_divide(x, y)
        return np.floor(x.astype(np.float64) / y)

    def emit(self, nest: Nest, left: Value, right: Value) -> Value:
        return floor_quotient(nest, left, right)

    def version(self, node: Node) -> int:
        dtype = node.input(0).dtype
        return version_of_type(dtype, int16=3, int8=3, float32=2)


@operator("FLOOR_MOD", code=95, options="FloorModOptions")
class FloorMod(FloorDivision):
    """x - y * floor(x / y): it has the sign of y."""

    def apply(self, x: Array, y: Array) -> Array:
        _check_divisor(self, y)
        return np.mod(x, y)

    def emit(self, nest: Nest, left: Value, right: Value) -> Value:
        return floor_remainder(nest, left, right)

    def version(self, node: Node) -> int:
        return version_of_type(node.input(0).dtype, int16=2, int8=2)


def _check_divisor(op: Op, y: Array) -> None:
    zero = y.dtype.kind != "f" and not bool(np.all(y))
    require(not zero, op, "a whole number is divided by 0")


def never_divides_by_zero(node: Node) -> bool:
    """Whether the second input holds real numbers, or known ones other than 0.

    Kernels cannot refuse to divide a whole number by 0; the meaning does.
    """
    divisor = node.input(1)
    if divisor.dtype.is_float:
        return True
    return divisor.data is not None and bool(np.all(divisor.data))
