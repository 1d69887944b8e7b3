"""What operators share that are one expression of two numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from gossamer.ir.op import Op, require
from gossamer.ops.element_steps import element_step
from gossamer.ops.shapes import broadcast, made, operands, same_type

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gossamer.ir.graph import Node, Tensor
    from gossamer.ir.types import Array, TensorType
    from gossamer.kernels.step import Step
    from gossamer.nest.build import Nest
    from gossamer.nest.expr import Value
    from gossamer.nest.target import Target


class Binary(Op):
    """x, y, stretched to one shape -> one number for each pair; the type stays."""

    __slots__ = ()

    def apply(self, x: Array, y: Array) -> Array:
        """The expression, for arrays of real numbers or plain integers."""
        raise NotImplementedError

    def emit(self, nest: Nest, left: Value, right: Value) -> Value:
        """The expression on lanes of real numbers or plain integers."""
        raise NotImplementedError

    def is_compiled(self, node: Node) -> bool:
        """Whether there is a kernel for the inputs of `node`, where they are plain."""
        return not node.output.is_quantized

    def lower(self, node: Node, target: Target) -> Sequence[Step] | None:
        if not self.is_compiled(node):
            return None
        inputs = (node.input(0), node.input(1))
        return element_step(self.name.lower(), target, inputs, node.output, self.emit)

    def infer(self, *inputs: Tensor | None) -> tuple[TensorType, ...]:
        x, y = operands(self, inputs, 2)
        dtype = same_type(self, (x, y))
        text = f"{x} holds no real numbers"
        require(dtype.is_float or dtype.is_integer, self, text)
        return made(self, dtype, broadcast(self, x.shape, y.shape))

    def reference(self, *inputs: Any) -> tuple[Array, ...]:
        x, y = (np.asarray(array) for array in inputs)
        with np.errstate(all="ignore"):
            return (np.asarray(self.apply(x, y)).astype(x.dtype),)
