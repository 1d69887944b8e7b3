"""SELECT, SELECT_V2, WHERE: choose by a condition."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from gossamer.ir.op import Op, SameAsInput, operator, require
from gossamer.ir.types import DType
from gossamer.nest.build import Nest
from gossamer.ops.element_steps import ELEMENTS, STORED, element_step
from gossamer.ops.movement import Movement, version_of_type
from gossamer.ops.shapes import broadcast, made, operands, same_size, same_type

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gossamer.ir.graph import Node, Tensor
    from gossamer.ir.op import QuantizationRule
    from gossamer.ir.types import Array, Shape, TensorType
    from gossamer.kernels.step import Step
    from gossamer.nest.target import Target


@operator("SELECT", code=64, options="SelectOptions")
class Select(Movement):
    """condition, x, y of one shape -> x where the condition holds, else y.

    The condition may also be a scalar, or a vector that chooses whole slices.
    """

    output_quantization: ClassVar[QuantizationRule] = SameAsInput((1, 2))

    def infer(self, *inputs: Tensor | None) -> tuple[TensorType, ...]:
        condition, x, y = operands(self, inputs, 3)
        dtype = _branches(self, condition, x, y)
        text = f"{x.type} and {y.type} differ in rank"
        require(len(x.shape) == len(y.shape), self, text)
        pairs = zip(x.shape, y.shape, strict=True)
        shape = tuple(same_size(self, *pair) for pair in pairs)
        given = condition.shape
        fits = len(given) in (0, len(shape)) or (len(given) == 1 and len(shape) > 0)
        text = f"a condition of shape {list(given)} does not fit {list(shape)}"
        require(fits, self, text)
        for first, second in zip(given, shape, strict=False):
            same_size(self, first, second)
        return made(self, dtype, shape)

    def reference(self, *inputs: Any) -> tuple[Array, ...]:
        condition, x, y = (np.asarray(array) for array in inputs)
        if condition.ndim == 1:
            condition = condition.reshape(-1, *(1,) * (x.ndim - 1))
        return (np.where(condition, x, y),)

    def lower(self, node: Node, target: Target) -> Sequence[Step] | None:
        condition, x = node.input(0), node.input(1)
        shape = condition.shape
        if len(shape) == 1:
            shape = (*shape, *(1,) * (len(x.shape) - 1))
        return _select_step(node, target, (shape, x.shape, x.shape))

    def version(self, node: Node) -> int:
        x = node.input(1)
        if x.dtype.title == "uint32":
            return 4
        rank = max(len(tensor.shape) for tensor in node.inputs if tensor is not None)
        return max(version_of_type(x.dtype, int8=2), 3 if rank == 5 else 1)


@operator("SELECT_V2", code=123, options="SelectV2Options")
class SelectV2(Movement):
    """condition, x, y, stretched to one shape -> x where it holds, else y."""

    output_quantization: ClassVar[QuantizationRule] = SameAsInput((1, 2))

    def infer(self, *inputs: Tensor | None) -> tuple[TensorType, ...]:
        condition, x, y = operands(self, inputs, 3)
        dtype = _branches(self, condition, x, y)
        return made(self, dtype, broadcast(self, condition.shape, x.shape, y.shape))

    def reference(self, *inputs: Any) -> tuple[Array, ...]:
        condition, x, y = (np.asarray(array) for array in inputs)
        return (np.where(condition, x, y),)

    def lower(self, node: Node, target: Target) -> Sequence[Step] | None:
        return _select_step(node, target, [node.input(i).shape for i in range(3)])

    def version(self, node: Node) -> int:
        return version_of_type(node.input(1).dtype, uint32=2)


@operator("WHERE", code=109, options="WhereOptions")
class Where(Op):
    """x -> the coordinates (count, rank) of elements that are not 0, int64."""

    def infer(self, *inputs: Tensor | None) -> tuple[TensorType, ...]:
        (x,) = operands(self, inputs, 1)
        return made(self, DType.INT64, (-1, len(x.shape)))

    def reference(self, *inputs: Any) -> tuple[Array, ...]:
        return (np.argwhere(np.asarray(inputs[0])).astype(np.int64),)

    def integer(self, node: Node, *inputs: Any) -> tuple[Array, ...]:
        """The stored numbers decide, not what they stand for."""
        return self.reference(*inputs)

    def version(self, node: Node) -> int:
        return 1 if node.input(0).dtype is DType.BOOL else 2


def _select_step(
    node: Node, target: Target, shapes: Sequence[Shape]
) -> Sequence[Step] | None:
    held = STORED.get(node.output.dtype)
    elements = (ELEMENTS[DType.BOOL], held, held, held)
    inputs = [node.input(i) for i in range(3)]
    return element_step(
        "select", target, inputs, node.output, Nest.select, elements, shapes
    )


def _branches(op: Op, condition: Tensor, x: Tensor, y: Tensor) -> DType:
    text = f"the condition '{condition.name}' is {condition.dtype.title}, not bool"
    require(condition.dtype is DType.BOOL, op, text)
    return same_type(op, (x, y))
