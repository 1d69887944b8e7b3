"""BITWISE_XOR, RIGHT_SHIFT: operators on the bits of numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from gossamer.ir.op import operator, require
from gossamer.ops.binary import Binary
from gossamer.ops.element_steps import element_step

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gossamer.ir.graph import Node, Tensor
    from gossamer.ir.types import Array, TensorType
    from gossamer.kernels.step import Step
    from gossamer.nest.build import Nest
    from gossamer.nest.expr import Value
    from gossamer.nest.target import Target


class Bitwise(Binary):
    """What the two operators share; integers are taken as they are stored."""

    __slots__ = ()

    def infer(self, *inputs: Tensor | None) -> tuple[TensorType, ...]:
        (result,) = Binary.infer(self, *inputs)
        require(result.dtype.is_integer, self, f"{result.dtype.title} has no bits")
        return (result,)

    def integer(self, node: Node, *inputs: Any) -> tuple[Array, ...]:
        del node
        return self.reference(*inputs)

    def lower(self, node: Node, target: Target) -> Sequence[Step] | None:
        inputs, y = (node.input(0), node.input(1)), node.output
        most = y.dtype.bits - 1

        def compute(nest: Nest, left: Value, right: Value) -> Value:
            return self.on_lanes(nest, left, right, most)

        return element_step(self.name.lower(), target, inputs, y, compute)

    def on_lanes(self, nest: Nest, left: Value, right: Value, most: int) -> Value:
        """The operation on lanes; `most` is the number of the highest bit."""
        raise NotImplementedError


@operator("BITWISE_XOR", code=160, options="BitwiseXorOptions")
class BitwiseXor(Bitwise):
    """The bits in which x and y differ."""

    def apply(self, x: Array, y: Array) -> Array:
        return np.bitwise_xor(x, y)

    def on_lanes(self, nest: Nest, left: Value, right: Value, most: int) -> Value:
        del nest, most
        return left ^ right


@operator("RIGHT_SHIFT", code=161, options="RightShiftOptions")
class RightShift(Bitwise):
    """x shifted right by y bits, its sign kept; y is held within the bits of x."""

    def apply(self, x: Array, y: Array) -> Array:
        most = y.dtype.type(x.dtype.itemsize * 8 - 1)
        return np.right_shift(x, np.clip(y, y.dtype.type(0), most))

    def on_lanes(self, nest: Nest, left: Value, right: Value, most: int) -> Value:
        return left >> nest.minimum(nest.maximum(right, 0), most)
