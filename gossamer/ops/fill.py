"""FILL, ZEROS_LIKE: a tensor that holds one value everywhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from gossamer.errors import GraphError
from gossamer.ir.op import Op, SameAsInput, operator, require
from gossamer.kernels.movement.move import element_kind
from gossamer.ops.element_steps import STORED, element_step
from gossamer.ops.movement import Movement, version_of_type
from gossamer.ops.shapes import integers, known_vector, made, operands, vector_length
from gossamer.ops.steps import fill_step

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gossamer.ir.graph import Node, Tensor
    from gossamer.ir.op import QuantizationRule
    from gossamer.ir.types import Array, TensorType
    from gossamer.kernels.step import Step
    from gossamer.nest.build import Nest
    from gossamer.nest.expr import Value
    from gossamer.nest.target import Target


@operator("FILL", code=94, options="FillOptions")
class Fill(Movement):
    """sizes, value (scalar) -> a tensor of these sizes that holds the value."""

    output_quantization: ClassVar[QuantizationRule] = SameAsInput((1,))
    by_place = True

    def infer(self, *inputs: Tensor | None) -> tuple[TensorType, ...]:
        dims, value = operands(self, inputs, 2)
        require(not value.shape, self, f"the value is {value.type}, not a scalar")
        sizes = known_vector(self, dims, "the sizes")
        if sizes is None:
            return made(self, value.dtype, (-1,) * vector_length(self, dims, "sizes"))
        require(min(sizes, default=0) >= 0, self, f"the sizes are {list(sizes)}")
        return made(self, value.dtype, sizes)

    def reference(self, *inputs: Any) -> tuple[Array, ...]:
        value: Array = np.asarray(inputs[1])
        sizes = integers(inputs[0])
        if min(sizes, default=0) < 0:
            raise GraphError(f"FILL: the sizes are {list(sizes)}")
        return (np.full(sizes, value, value.dtype),)

    def lower(self, node: Node, target: Target) -> Sequence[Step] | None:
        value, y = node.input(1), node.output
        held = STORED.get(y.dtype)
        return element_step("fill", target, (value,), y, _same, (held, held))

    def version(self, node: Node) -> int:
        dtype = node.input(1).dtype
        return version_of_type(dtype, float16=4, int8=3, int16=3, bool=2, string=2)


@operator("ZEROS_LIKE", code=93, options="ZerosLikeOptions")
class ZerosLike(Op):
    """x -> zeros of its shape and type."""

    def infer(self, *inputs: Tensor | None) -> tuple[TensorType, ...]:
        (x,) = operands(self, inputs, 1)
        return made(self, x.dtype, x.shape)

    def reference(self, *inputs: Any) -> tuple[Array, ...]:
        return (np.zeros_like(np.asarray(inputs[0])),)

    def integer(self, node: Node, *inputs: Any) -> tuple[Array, ...]:
        """Zeros as they are stored, whatever they stand for."""
        del node
        return self.reference(*inputs)

    def lower(self, node: Node, target: Target) -> Sequence[Step] | None:
        y = node.output
        kind = element_kind(y.dtype.numpy.itemsize)
        if kind is None or y.dtype.numpy.hasobject:
            return None
        return [fill_step(target, kind, y.type.size, 0, y)] if y.type.size else []


def _same(nest: Nest, value: Value) -> Value:  # noqa: ARG001
    return value
