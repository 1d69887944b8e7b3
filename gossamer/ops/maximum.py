"""MAXIMUM, MINIMUM: the greater or lesser of two elements, shapes broadcast."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gossamer.ir.arithmetic import choose
from gossamer.ir.op import Op, SameAsInput, operator
from gossamer.ir.types import DType, TensorType
from gossamer.ops.arithmetic import broadcasts
from gossamer.ops.broadcasting import broadcast_shapes, pair, same_type
from gossamer.ops.element_steps import ELEMENTS, element_step

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gossamer.ir.graph import Node, Tensor
    from gossamer.ir.types import Array
    from gossamer.kernels.step import Step
    from gossamer.nest.build import Nest
    from gossamer.nest.expr import Value
    from gossamer.nest.target import Target


class Choice(Op):
    """What the two operators share; integers are compared as they are stored."""

    __slots__ = ()

    output_quantization = SameAsInput((0, 1))

    def infer(self, *inputs: Tensor | None) -> tuple[TensorType, ...]:
        left, right = pair(self, inputs)
        same_type(self, left, right)
        shape = broadcast_shapes(self, left.shape, right.shape)
        return (TensorType(left.dtype, shape),)

    def integer(self, node: Node, *inputs: Any) -> tuple[Array, ...]:
        return self.reference(*inputs)

    def lower(self, node: Node, target: Target) -> Sequence[Step] | None:
        inputs, y = (node.input(0), node.input(1)), node.output
        element = ELEMENTS.get(y.dtype)
        if element is not None and element.signed and not y.dtype.is_float:
            element = element.stored
        name = self.name.lower()
        return element_step(name, target, inputs, y, self.emit, [element] * 3)

    def emit(self, nest: Nest, left: Value, right: Value) -> Value:
        """The choice on lanes."""
        raise NotImplementedError

    def version(self, node: Node) -> int:
        dtype = node.input(0).dtype
        if dtype is DType.INT16:
            return 4
        if broadcasts(node):
            return 3
        return 2 if dtype is DType.INT8 else 1


@operator("MAXIMUM", code=55, options="MaximumMinimumOptions")
class Maximum(Choice):
    """The greater of two elements."""

    def reference(self, *inputs: Any) -> tuple[Array, ...]:
        left, right = inputs
        return (choose(left > right, left, right),)

    def emit(self, nest: Nest, left: Value, right: Value) -> Value:
        return nest.maximum(left, right)


@operator("MINIMUM", code=57, options="MaximumMinimumOptions")
class Minimum(Choice):
    """The lesser of two elements."""

    def reference(self, *inputs: Any) -> tuple[Array, ...]:
        left, right = inputs
        return (choose(left < right, left, right),)

    def emit(self, nest: Nest, left: Value, right: Value) -> Value:
        return nest.minimum(left, right)
