"""PACK, UNPACK: stack tensors along a new dimension, and take the stack apart."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from gossamer.ir.op import SameAsInput, operator, require
from gossamer.kernels.movement.move import Box, strides_of
from gossamer.ops.movement import Movement, version_of_type
from gossamer.ops.shapes import (
    MOST_OUTPUTS,
    made,
    operands,
    same_size,
    same_type,
    within,
)
from gossamer.ops.steps import move_steps

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gossamer.ir.graph import Node, Tensor
    from gossamer.ir.op import QuantizationRule
    from gossamer.ir.types import Array, TensorType
    from gossamer.kernels.step import Argument, Step
    from gossamer.nest.target import Target


@operator("PACK", code=83, options="PackOptions")
class Pack(Movement):
    """`values_count` tensors of one shape -> one with a new dimension at `axis`."""

    values_count: int = 0
    axis: int = 0

    output_quantization: ClassVar[QuantizationRule] = SameAsInput(None)

    def infer(self, *inputs: Tensor | None) -> tuple[TensorType, ...]:
        text = f"{len(inputs)} inputs are given, but values_count={self.values_count}"
        require(len(inputs) == self.values_count > 0, self, text)
        tensors = operands(self, inputs, len(inputs))
        dtype = same_type(self, tensors)
        shape = list(tensors[0].shape)
        for tensor in tensors[1:]:
            alike = len(tensor.shape) == len(shape)
            require(alike, self, f"{tensors[0].type} and {tensor.type} differ in rank")
            shape = [
                same_size(self, *pair) for pair in zip(shape, tensor.shape, strict=True)
            ]
        axis = within(self, self.axis, len(shape) + 1)
        return made(self, dtype, (*shape[:axis], len(tensors), *shape[axis:]))

    def reference(self, *inputs: Any) -> tuple[Array, ...]:
        return (np.stack(inputs, axis=self.axis),)

    def lower(self, node: Node, target: Target) -> Sequence[Step] | None:
        y = node.output
        if y.dtype.numpy.hasobject:
            return None
        axis = within(self, self.axis, len(y.shape))
        strides = strides_of(y.shape)
        others = (*strides[:axis], *strides[axis + 1 :])
        moves: list[tuple[Box, Argument]] = []
        for index, tensor in enumerate(operands(self, node.inputs, len(node.inputs))):
            start = index * strides[axis]
            box = Box(tensor.shape, 0, strides_of(tensor.shape), start, others)
            moves.append((box, tensor))
        return move_steps(target, moves, y.dtype.numpy.itemsize, y)

    def version(self, node: Node) -> int:
        return version_of_type(node.input(0).dtype, uint32=4, int16=3, int8=2)


@operator("UNPACK", code=88, options="UnpackOptions")
class Unpack(Movement):
    """x -> `num` tensors, the slices of x along `axis`."""

    num: int = 0
    axis: int = 0

    def infer(self, *inputs: Tensor | None) -> tuple[TensorType, ...]:
        (x,) = operands(self, inputs, 1)
        axis = within(self, self.axis, len(x.shape))
        size = x.shape[axis]
        text = f"num is {self.num}, but dimension {axis} of {x.type} has size {size}"
        require(size in (-1, self.num) and 0 < self.num <= MOST_OUTPUTS, self, text)
        piece = (*x.shape[:axis], *x.shape[axis + 1 :])
        return made(self, x.dtype, piece) * self.num

    def reference(self, *inputs: Any) -> tuple[Array, ...]:
        x: Array = np.asarray(inputs[0])
        axis = within(self, self.axis, x.ndim)
        text = f"num is {self.num}, but dimension {axis} has size {x.shape[axis]}"
        require(x.shape[axis] == self.num, self, text)
        slices = np.moveaxis(x, axis, 0)
        return tuple(slices[index, ...] for index in range(self.num))

    def version(self, node: Node) -> int:
        dtype = node.input(0).dtype
        return version_of_type(dtype, int16=4, bool=3, int8=2, uint8=2)
