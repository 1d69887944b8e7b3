"""What the operators share that move values and leave them as they are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from gossamer.ir.op import Op, SameAsInput

if TYPE_CHECKING:
    from gossamer.ir.graph import Node
    from gossamer.ir.op import QuantizationRule
    from gossamer.ir.types import Array, DType


class Movement(Op):
    """An operator whose output holds elements of its input and nothing else.

    Quantized or not, it moves the stored numbers: scale and zero point stay.
    """

    __slots__ = ()

    output_quantization: ClassVar[QuantizationRule] = SameAsInput()

    def integer(self, node: Node, *inputs: Any) -> tuple[Array, ...]:
        return self.reference(*inputs)


def version_of_type(dtype: DType, **versions: int) -> int:
    """The version that first took `dtype`; 1 for the types not mentioned."""
    return versions.get(dtype.title, 1)
