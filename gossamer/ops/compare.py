"""Operators that compare two numbers: EQUAL, LESS and their kin."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from gossamer.ir.arithmetic import centered, multiply, parameters, quantize_multiplier
from gossamer.ir.op import Op, operator
from gossamer.ir.types import DType
from gossamer.ops.element_steps import ELEMENTS, element_step
from gossamer.ops.integer_steps import centered_lanes, is_scaled, times
from gossamer.ops.movement import version_of_type
from gossamer.ops.shapes import broadcast, made, operands, same_type

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gossamer.ir.graph import Node, Tensor
    from gossamer.ir.types import Array, TensorType
    from gossamer.kernels.step import Step
    from gossamer.nest.build import Nest
    from gossamer.nest.expr import Value
    from gossamer.nest.target import Target


_FINE = 8
"""Bits by which both sides are made finer before they are brought to one scale."""


class Comparison(Op):
    """x, y, stretched to one shape -> whether the relation holds, as bool."""

    __slots__ = ()

    relation: ClassVar[str]
    """The relation's word in the loop language."""
    scaled: ClassVar[frozenset[DType]] = frozenset({DType.INT8, DType.UINT8})
    """The element types whose scales count."""

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
        """Scaled numbers are brought to one fixed-point scale, 8 bits finer."""
        if not self.is_scaled(node):
            return self.reference(*inputs)
        sides: list[Array] = []
        for index, array in enumerate(inputs):
            steps = centered(node.input(index), np.asarray(array)) << _FINE
            factor = quantize_multiplier(float(parameters(node.input(index))[0]))
            sides.append(multiply(steps, *factor))
        return (np.asarray(self.holds(*sides)),)

    def is_scaled(self, node: Node) -> bool:
        """Whether the inputs' scales count; else numbers are compared as stored."""
        return is_scaled(node.input(0), node.input(1)) and (
            node.input(0).dtype in self.scaled
        )

    def lower(self, node: Node, target: Target) -> Sequence[Step] | None:
        inputs, y = (node.input(0), node.input(1)), node.output
        held = ELEMENTS.get(inputs[0].dtype)
        if self.is_scaled(node):
            factors = [quantize_multiplier(float(parameters(x)[0])) for x in inputs]

            def compute(nest: Nest, *values: Value) -> Value:
                sides = [
                    times(nest, centered_lanes(nest, value, x) << _FINE, *factor)
                    for value, x, factor in zip(values, inputs, factors, strict=True)
                ]
                return nest.compare(self.relation, *sides)
        else:
            if held is not None and held.signed and not held.computed.is_float:
                held = held.stored

            def compute(nest: Nest, *values: Value) -> Value:
                return nest.compare(self.relation, *values)

        elements = (held, held, ELEMENTS[DType.BOOL])
        return element_step(self.name.lower(), target, inputs, y, compute, elements)

    def version(self, node: Node) -> int:
        return version_of_type(node.input(0).dtype, int8=2)


_ALSO_WIDE = frozenset({DType.INT8, DType.UINT8, DType.INT16})


@operator("EQUAL", code=71, options="EqualOptions")
class Equal(Comparison):
    """x == y."""

    relation: ClassVar[str] = "eq"
    scaled: ClassVar[frozenset[DType]] = _ALSO_WIDE

    def holds(self, x: Array, y: Array) -> Array:
        return np.equal(x, y)

    def version(self, node: Node) -> int:
        return version_of_type(node.input(0).dtype, int16=4, string=3, int8=2)


@operator("NOT_EQUAL", code=72, options="NotEqualOptions")
class NotEqual(Comparison):
    """x != y."""

    relation: ClassVar[str] = "ne"
    scaled: ClassVar[frozenset[DType]] = _ALSO_WIDE

    def holds(self, x: Array, y: Array) -> Array:
        return np.not_equal(x, y)

    def version(self, node: Node) -> int:
        return version_of_type(node.input(0).dtype, string=3, int8=2)


@operator("LESS", code=58, options="LessOptions")
class Less(Comparison):
    """x < y."""

    relation: ClassVar[str] = "lt"

    def holds(self, x: Array, y: Array) -> Array:
        return np.less(x, y)

    def version(self, node: Node) -> int:
        return version_of_type(node.input(0).dtype, int16=3, int8=2)


@operator("LESS_EQUAL", code=63, options="LessEqualOptions")
class LessEqual(Comparison):
    """x <= y."""

    relation: ClassVar[str] = "le"

    def holds(self, x: Array, y: Array) -> Array:
        return np.less_equal(x, y)


@operator("GREATER", code=61, options="GreaterOptions")
class Greater(Comparison):
    """x > y."""

    relation: ClassVar[str] = "gt"

    def holds(self, x: Array, y: Array) -> Array:
        return np.greater(x, y)


@operator("GREATER_EQUAL", code=62, options="GreaterEqualOptions")
class GreaterEqual(Comparison):
    """x >= y."""

    relation: ClassVar[str] = "ge"

    def holds(self, x: Array, y: Array) -> Array:
        return np.greater_equal(x, y)

    def version(self, node: Node) -> int:
        return version_of_type(node.input(0).dtype, int16=3, int8=2)
