"""What the operators share that move values and leave them as they are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from gossamer.errors import GraphError
from gossamer.ir.op import Op, SameAsInput
from gossamer.ops.steps import view_steps

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gossamer.ir.graph import Node
    from gossamer.ir.op import QuantizationRule
    from gossamer.ir.types import Array, DType
    from gossamer.kernels.step import Step
    from gossamer.nest.target import Target


class Movement(Op):
    """An operator whose output holds elements of its input and nothing else.

    Quantized or not, it moves the stored numbers: scale and zero point stay.
    """

    __slots__ = ()

    output_quantization: ClassVar[QuantizationRule] = SameAsInput()

    def integer(self, node: Node, *inputs: Any) -> tuple[Array, ...]:
        return self.reference(*inputs)

    def lower(self, node: Node, target: Target) -> Sequence[Step] | None:
        """Follow the reference on an array of one byte per element.

        Where it only takes views, their strides tell which element goes where.
        """
        rule = self.output_quantization
        at = rule.inputs[0] if isinstance(rule, SameAsInput) and rule.inputs else 0
        x = node.input(at)
        if x.dtype.bits % 8 or x.dtype.numpy.hasobject or not x.type.size:
            return None
        phantom = np.zeros(x.shape, np.uint8)
        arrays = [None if t is None else t.data for t in node.inputs]
        if any(a is None for i, a in enumerate(arrays) if i != at and node.inputs[i]):
            return None
        arrays[at] = phantom
        try:
            views = self.reference(*arrays)
        except GraphError:
            return None
        outputs = list(zip(node.outputs, views, strict=True))
        return view_steps(target, x, outputs, phantom)


def version_of_type(dtype: DType, **versions: int) -> int:
    """The version that first took `dtype`; 1 for the types not mentioned."""
    return versions.get(dtype.title, 1)
