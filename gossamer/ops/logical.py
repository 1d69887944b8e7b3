"""LOGICAL_AND, LOGICAL_OR, LOGICAL_NOT."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from gossamer.ir.op import Op, operator, require
from gossamer.ir.types import DType
from gossamer.ops.element_steps import element_step
from gossamer.ops.shapes import broadcast, made, operands

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gossamer.ir.graph import Node, Tensor
    from gossamer.ir.types import Array, TensorType
    from gossamer.kernels.step import Step
    from gossamer.nest.build import Nest
    from gossamer.nest.expr import Value
    from gossamer.nest.target import Target


class Logical(Op):
    """Truth values, stretched to one shape -> a truth value for each element."""

    __slots__ = ()

    def apply(self, *inputs: Array) -> Array:
        """The connective, element by element."""
        raise NotImplementedError

    def operand_count(self) -> int:
        return 2

    def infer(self, *inputs: Tensor | None) -> tuple[TensorType, ...]:
        tensors = operands(self, inputs, self.operand_count())
        for tensor in tensors:
            require(tensor.dtype is DType.BOOL, self, f"{tensor} is not bool")
        shape = broadcast(self, *(tensor.shape for tensor in tensors))
        return made(self, DType.BOOL, shape)

    def reference(self, *inputs: Any) -> tuple[Array, ...]:
        return (np.asarray(self.apply(*inputs)),)

    def lower(self, node: Node, target: Target) -> Sequence[Step] | None:
        inputs = [tensor for tensor in node.inputs if tensor is not None]
        return element_step(self.name.lower(), target, inputs, node.output, self.emit)

    def emit(self, nest: Nest, *values: Value) -> Value:
        """The connective on lanes of truth values."""
        raise NotImplementedError


@operator("LOGICAL_AND", code=86, options="LogicalAndOptions")
class LogicalAnd(Logical):
    """x and y."""

    def apply(self, *inputs: Array) -> Array:
        return np.logical_and(inputs[0], inputs[1])

    def emit(self, nest: Nest, *values: Value) -> Value:
        return nest.binary("and", *values)


@operator("LOGICAL_OR", code=84, options="LogicalOrOptions")
class LogicalOr(Logical):
    """x or y."""

    def apply(self, *inputs: Array) -> Array:
        return np.logical_or(inputs[0], inputs[1])

    def emit(self, nest: Nest, *values: Value) -> Value:
        return nest.binary("or", *values)


@operator("LOGICAL_NOT", code=87, options="LogicalNotOptions")
class LogicalNot(Logical):
    """Not x."""

    def apply(self, *inputs: Array) -> Array:
        return np.logical_not(inputs[0])

    def emit(self, nest: Nest, *values: Value) -> Value:
        return nest.opposite(values[0])

    def operand_count(self) -> int:
        return 1
