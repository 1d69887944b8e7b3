"""ADD_N: the sum of any number of tensors."""

from __future__ import annotations

from functools import reduce
from typing import TYPE_CHECKING, Any

import numpy as np

from gossamer.ir.op import Op, operator, require
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


@operator("ADD_N", code=106, options="AddNOptions")
class AddN(Op):
    """Tensors of one shape -> their sum."""

    def infer(self, *inputs: Tensor | None) -> tuple[TensorType, ...]:
        require(len(inputs) > 0, self, "there is no input")
        tensors = operands(self, inputs, len(inputs))
        dtype = same_type(self, tensors)
        shape = tensors[0].shape
        for tensor in tensors[1:]:
            text = f"{tensors[0].type} and {tensor.type} differ in rank"
            require(len(tensor.shape) == len(shape), self, text)
            pairs = zip(shape, tensor.shape, strict=True)
            shape = tuple(same_size(self, *pair) for pair in pairs)
        return made(self, dtype, shape)

    def reference(self, *inputs: Any) -> tuple[Array, ...]:
        with np.errstate(all="ignore"):
            return (reduce(np.add, [np.asarray(array) for array in inputs]),)

    def integer(self, node: Node, *inputs: Any) -> tuple[Array, ...]:
        """The numbers as they are stored."""
        del node
        return self.reference(*inputs)

    def lower(self, node: Node, target: Target) -> Sequence[Step] | None:
        inputs = [tensor for tensor in node.inputs if tensor is not None]

        def compute(nest: Nest, *values: Value) -> Value:  # noqa: ARG001
            return reduce(lambda total, value: total + value, values)

        return element_step("add_n", target, inputs, node.output, compute)
