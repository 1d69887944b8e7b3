"""DENSIFY: a sparse constant with all its zeros."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gossamer.ir.op import Op, SameAsInput, operator
from gossamer.ops.broadcasting import single

if TYPE_CHECKING:
    from gossamer.ir.graph import Node, Tensor
    from gossamer.ir.types import Array, TensorType


@operator("DENSIFY", code=124, options="DensifyOptions")
class Densify(Op):
    """The input as it is: arrays of sparse constants are dense wherever they are read.

    What stores the zeros is `ir.sparse`, when the constant's value is asked for.
    """

    output_quantization = SameAsInput()

    def infer(self, *inputs: Tensor | None) -> tuple[TensorType, ...]:
        return (single(self, inputs).type,)

    def reference(self, *inputs: Any) -> tuple[Array, ...]:
        return (inputs[0],)

    def integer(self, node: Node, *inputs: Any) -> tuple[Array, ...]:
        return (inputs[0],)
