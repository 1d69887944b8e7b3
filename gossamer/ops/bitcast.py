"""BITCAST: the same bytes as another element type."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from gossamer.ir.op import Op, operator, require
from gossamer.kernels.movement.move import Box
from gossamer.ops.shapes import made, operands
from gossamer.ops.steps import move_step

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gossamer.ir.graph import Node, Tensor
    from gossamer.ir.types import Array, DType, Shape, TensorType
    from gossamer.kernels.step import Step
    from gossamer.nest.target import Target


@operator("BITCAST", code=159, options="BitcastOptions")
class Bitcast(Op):
    """The bytes of x as the output tensor's element type.

    Smaller elements get a last dimension; larger ones take it. The output's type is
    the output tensor's own; `infer` alone keeps the input's.
    """

    def infer(self, *inputs: Tensor | None) -> tuple[TensorType, ...]:
        (x,) = operands(self, inputs, 1)
        return made(self, x.dtype, x.shape)

    def infer_node(self, node: Node) -> tuple[TensorType, ...]:
        (x,) = operands(self, node.inputs, 1)
        dtype = node.output.dtype
        return made(self, dtype, self._shape(x.dtype, x.shape, dtype))

    def _shape(self, source: DType, shape: Shape, dtype: DType) -> Shape:
        for kind in (source, dtype):
            fits = kind.bits > 0 and kind.bits % 8 == 0 and not kind.numpy.hasobject
            require(fits, self, f"{kind.title} is not made of whole bytes")
        if source.bits >= dtype.bits:
            ratio = source.bits // dtype.bits
            return shape if ratio == 1 else (*shape, ratio)
        ratio = dtype.bits // source.bits
        text = f"the last of the sizes {list(shape)} is not {ratio}"
        require(bool(shape) and shape[-1] in (-1, ratio), self, text)
        return shape[:-1]

    def integer(self, node: Node, *inputs: Any) -> tuple[Array, ...]:
        x: Array = np.asarray(inputs[0])
        shape = self._shape(node.input(0).dtype, x.shape, node.output.dtype)
        flat = np.frombuffer(x.tobytes(), node.output.dtype.numpy)
        return (flat.reshape(shape).copy(),)

    def lower(self, node: Node, target: Target) -> Sequence[Step] | None:
        x, y = node.input(0), node.output
        if not y.type.size:
            return []
        box = Box((y.type.nbytes,), 0, (1,), 0, (1,))
        step = move_step(target, box, 1, x, y)
        return None if step is None else [step]
