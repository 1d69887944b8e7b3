"""STABLEHLO_ADD, _MULTIPLY, _MAXIMUM, _MINIMUM, _AND, _SHIFT_LEFT.

They work on the stored numbers, whatever their quantization says, and stretch nothing:
both inputs have one shape. Integers wrap around.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from gossamer.ir.op import Op, operator, require
from gossamer.ir.types import DType
from gossamer.ops.element_steps import element_step
from gossamer.ops.shapes import made, operands, same_size, same_type

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gossamer.ir.graph import Node, Tensor
    from gossamer.ir.types import Array, TensorType
    from gossamer.kernels.step import Step
    from gossamer.nest.build import Nest
    from gossamer.nest.expr import Value
    from gossamer.nest.target import Target

_INTEGERS = frozenset(
    DType.of_numpy(f"{sign}int{bits}") for sign in ("", "u") for bits in (8, 16, 32, 64)
)
_WHOLE = _INTEGERS | {DType.BOOL}
NUMBERS = _WHOLE | {DType.FLOAT16, DType.FLOAT32, DType.FLOAT64}
"""The element types that StableHLO's arithmetic works on."""


class StablehloBinary(Op):
    """What these operators share."""

    __slots__ = ()

    takes: ClassVar[frozenset[DType]] = NUMBERS
    """The element types that it works on."""

    def infer(self, *inputs: Tensor | None) -> tuple[TensorType, ...]:
        left, right = operands(self, inputs, 2)
        dtype = same_type(self, (left, right))
        require(dtype in self.takes, self, f"there is no kernel for {dtype.title}")
        text = f"the shapes {left.shape} and {right.shape} differ"
        require(len(left.shape) == len(right.shape), self, text)
        shape = [
            same_size(self, one, other)
            for one, other in zip(left.shape, right.shape, strict=True)
        ]
        return made(self, dtype, shape)

    def reference(self, *inputs: Any) -> tuple[Array, ...]:
        left, right = (np.asarray(array) for array in inputs)
        with np.errstate(all="ignore"):
            return (np.asarray(self.apply(left, right), left.dtype),)

    def apply(self, left: Array, right: Array) -> Array:
        """The expression, on arrays of one shape and type."""
        raise NotImplementedError

    def integer(self, node: Node, *inputs: Any) -> tuple[Array, ...]:
        return self.reference(*inputs)

    def lower(self, node: Node, target: Target) -> Sequence[Step] | None:
        pair, y = (node.input(0), node.input(1)), node.output
        if y.dtype is DType.BOOL or y.dtype not in self.takes:
            return None
        return element_step(self.name.lower(), target, pair, y, self.emit)

    def emit(self, nest: Nest, left: Value, right: Value) -> Value:
        """The expression, on lanes."""
        raise NotImplementedError


@operator("STABLEHLO_ADD", code=163)
class StablehloAdd(StablehloBinary):
    """The sum of two elements; of truth values, whether one holds."""

    def apply(self, left: Array, right: Array) -> Array:
        return left + right

    def emit(self, nest: Nest, left: Value, right: Value) -> Value:
        return left + right


@operator("STABLEHLO_MULTIPLY", code=165)
class StablehloMultiply(StablehloBinary):
    """The product of two elements; of truth values, whether both hold."""

    def apply(self, left: Array, right: Array) -> Array:
        return left * right

    def emit(self, nest: Nest, left: Value, right: Value) -> Value:
        return left * right


@operator("STABLEHLO_MAXIMUM", code=166)
class StablehloMaximum(StablehloBinary):
    """The greater of two elements; the left one where they cannot be compared."""

    def apply(self, left: Array, right: Array) -> Array:
        return np.where(left < right, right, left)

    def emit(self, nest: Nest, left: Value, right: Value) -> Value:
        return nest.maximum(right, left)


@operator("STABLEHLO_MINIMUM", code=181)
class StablehloMinimum(StablehloBinary):
    """The lesser of two elements; the left one where they cannot be compared."""

    def apply(self, left: Array, right: Array) -> Array:
        return np.where(right < left, right, left)

    def emit(self, nest: Nest, left: Value, right: Value) -> Value:
        return nest.minimum(right, left)


@operator("STABLEHLO_AND", code=176)
class StablehloAnd(StablehloBinary):
    """The bits that are set in both elements."""

    takes: ClassVar[frozenset[DType]] = _WHOLE

    def apply(self, left: Array, right: Array) -> Array:
        return left & right

    def emit(self, nest: Nest, left: Value, right: Value) -> Value:
        return left & right


@operator("STABLEHLO_SHIFT_LEFT", code=207)
class StablehloShiftLeft(StablehloBinary):
    """The left element's bits moved up; 0 where all are moved out, or by a negative."""

    takes: ClassVar[frozenset[DType]] = frozenset(
        {DType.INT8, DType.INT16, DType.INT32}
    )

    def apply(self, left: Array, right: Array) -> Array:
        bits = 8 * left.dtype.itemsize
        fits = (right >= 0) & (right < bits)
        return np.where(fits, left << np.where(fits, right, 0), 0)

    def lower(self, node: Node, target: Target) -> Sequence[Step] | None:
        pair, y = (node.input(0), node.input(1)), node.output
        name = f"{self.name.lower()}_{y.dtype.bits}"

        def emit(nest: Nest, left: Value, right: Value) -> Value:
            fits = nest.compare("ult", right, y.dtype.bits)
            return nest.select(fits, left << nest.select(fits, right, 0), 0)

        return element_step(name, target, pair, y, emit)
