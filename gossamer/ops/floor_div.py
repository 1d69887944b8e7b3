"""FLOOR_DIV, FLOOR_MOD: division rounded down, and what it leaves."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gossamer.ir.op import Op, operator, require
from gossamer.ops.binary import Binary
from gossamer.ops.movement import version_of_type

if TYPE_CHECKING:
    from gossamer.ir.graph import Node
    from gossamer.ir.types import Array


@operator("FLOOR_DIV", code=90, options="FloorDivOptions")
class FloorDiv(Binary):
    """The greatest whole number not above x / y."""

    def apply(self, x: Array, y: Array) -> Array:
        _check_divisor(self, y)
        return np.floor_divide(x, y) if x.dtype.kind != "f" else np.floor(x / y)

    def version(self, node: Node) -> int:
        dtype = node.input(0).dtype
        return version_of_type(dtype, int16=3, int8=3, float32=2)


@operator("FLOOR_MOD", code=95, options="FloorModOptions")
class FloorMod(Binary):
    """x - y * floor(x / y): it has the sign of y."""

    def apply(self, x: Array, y: Array) -> Array:
        _check_divisor(self, y)
        return np.mod(x, y)

    def version(self, node: Node) -> int:
        return version_of_type(node.input(0).dtype, int16=2, int8=2)


def _check_divisor(op: Op, y: Array) -> None:
    zero = y.dtype.kind != "f" and not bool(np.all(y))
    require(not zero, op, "a whole number is divided by 0")
