"""CONCATENATION: tensors one behind the other along one dimension."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from gossamer.ir.op import SameAsInput, operator, require
from gossamer.ir.types import DType
from gossamer.kernels.movement.move import Box, strides_of
from gossamer.kernels.step import Scratch
from gossamer.ops.element_steps import lookup_step
from gossamer.ops.movement import Movement, version_of_type
from gossamer.ops.shapes import made, operands, same_size, same_type, within
from gossamer.ops.steps import move_steps

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gossamer.ir.graph import Node, Tensor
    from gossamer.ir.op import QuantizationRule
    from gossamer.ir.types import Array, TensorType
    from gossamer.kernels.step import Argument, Step
    from gossamer.nest.target import Target


@operator("CONCATENATION", code=2, options="ConcatenationOptions")
class Concatenation(Movement):
    """Any number of tensors -> one; they may differ in size along `axis` only."""

    axis: int = 0
    fused_activation_function: str = "none"

    output_quantization: ClassVar[QuantizationRule] = SameAsInput(None)

    def infer(self, *inputs: Tensor | None) -> tuple[TensorType, ...]:
        require(len(inputs) > 0, self, "there is no input")
        require(
            self.fused_activation_function == "none",
            self,
            f"a fused {self.fused_activation_function!r} has no meaning here",
        )
        tensors = operands(self, inputs, len(inputs))
        dtype = same_type(self, tensors)
        shape = list(tensors[0].shape)
        axis = within(self, self.axis, len(shape))
        for tensor in tensors[1:]:
            text = f"{tensors[0].type} and {tensor.type} differ in rank"
            require(len(tensor.shape) == len(shape), self, text)
            for i, size in enumerate(tensor.shape):
                if i != axis:
                    shape[i] = same_size(self, shape[i], size)
        along = [tensor.shape[axis] for tensor in tensors]
        shape[axis] = -1 if -1 in along else sum(along)
        return made(self, dtype, shape)

    def reference(self, *inputs: Any) -> tuple[Array, ...]:
        return (np.concatenate(inputs, axis=self.axis),)

    def integer(self, node: Node, *inputs: Any) -> tuple[Array, ...]:
        """Copies; uint8 inputs of another scale are first brought to the output's."""
        if node.output.dtype.title == "uint8":
            pairs = zip(node.inputs, inputs, strict=True)
            inputs = tuple(_rescaled(node, x, array) for x, array in pairs)
        return self.reference(*inputs)

    def lower(self, node: Node, target: Target) -> Sequence[Step] | None:
        y = node.output
        if y.dtype.numpy.hasobject:
            return None
        strides = strides_of(y.shape)
        axis = within(self, self.axis, len(y.shape))
        start = 0
        moves: list[tuple[Box, Argument]] = []
        steps: list[Step] = []
        for tensor in operands(self, node.inputs, len(node.inputs)):
            shape = tensor.shape
            source: Argument = tensor
            if tensor.type.size and _is_rescaled(node, tensor):
                source = Scratch(tensor.type.size)
                steps += _rescale_steps(node, target, tensor, source)
            moves.append((Box(shape, 0, strides_of(shape), start, strides), source))
            start += shape[axis] * strides[axis]
        moved = move_steps(target, moves, y.dtype.numpy.itemsize, y)
        return None if moved is None else [*steps, *moved]

    def version(self, node: Node) -> int:
        return version_of_type(node.input(0).dtype, uint32=4, int16=3, int8=2)


def _is_rescaled(node: Node, tensor: Tensor) -> bool:
    """Whether an input is uint8 of another scale than the output."""
    source, target = tensor.quantization, node.output.quantization
    if tensor.dtype.title != "uint8" or source is None or target is None:
        return False
    return not source.same(target)


def _rescale_steps(
    node: Node, target: Target, tensor: Tensor, y: Argument
) -> list[Step]:
    """The input at the output's scale, by a table of all that it can hold."""
    every = np.arange(256, dtype=np.uint8)
    table = _rescaled(node, tensor, every)
    kind = DType.UINT8
    return [lookup_step(target, table, (tensor, kind), (y, kind), tensor.type.size)]


def _rescaled(node: Node, tensor: Tensor | None, array: Array) -> Array:
    """uint8 values of one scale as the nearest of the output's, as in TFLite.

    y = round(x * s - zero_point * s) + output_zero_point, in float32, with s the
    input's scale times the inverse of the output's.
    """
    source = tensor.quantization if tensor is not None else None
    target = node.output.quantization
    if source is None or target is None or source.same(target):
        return array
    scale, zero_point = source.pair()
    output_scale, output_zero_point = target.pair()
    ratio = np.float32(scale) * (np.float32(1) / np.float32(output_scale))
    real = array.astype(np.float32) * ratio + np.float32(-zero_point) * ratio
    rounded = np.trunc(real + np.copysign(np.float32(0.5), real))
    return np.clip(rounded + output_zero_point, 0, 255).astype(np.uint8)
