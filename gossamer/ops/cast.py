"""CAST: the same numbers in another element type."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from gossamer.ir.op import Op, operator, require
from gossamer.ir.types import DType
from gossamer.ops.shapes import made, operands

if TYPE_CHECKING:
    from gossamer.ir.graph import Node, Tensor
    from gossamer.ir.types import Array, TensorType

_NO_NUMBERS = frozenset({DType.STRING, DType.VARIANT, DType.RESOURCE})
_VERSIONS = (
    (7, frozenset({DType.BFLOAT16})),
    (5, frozenset({DType.FLOAT64, DType.FLOAT16})),
    (4, frozenset({DType.UINT16})),
    (3, frozenset({DType.INT8})),
    (2, frozenset({DType.UINT32})),
)


@operator("CAST", code=53, options="CastOptions")
class Cast(Op):
    """x -> x as `out_data_type`; fractions are cut off, anything but 0 is true."""

    in_data_type: DType = DType.FLOAT32
    out_data_type: DType = DType.FLOAT32

    def infer(self, *inputs: Tensor | None) -> tuple[TensorType, ...]:
        (x,) = operands(self, inputs, 1)
        for dtype in (x.dtype, self.out_data_type):
            require(dtype not in _NO_NUMBERS, self, f"{dtype.title} holds no numbers")
        return made(self, self.out_data_type, x.shape)

    def reference(self, *inputs: Any) -> tuple[Array, ...]:
        return (_cast(np.asarray(inputs[0]), self.out_data_type),)

    def integer(self, node: Node, *inputs: Any) -> tuple[Array, ...]:
        """The stored integers are cast; scales play no part."""
        return (_cast(np.asarray(inputs[0]), node.output.dtype),)

    def version(self, node: Node) -> int:
        types = {node.input(0).dtype, node.output.dtype}
        if node.input(0).dtype is DType.INT4:
            return 6
        return next((number for number, new in _VERSIONS if types & new), 1)


def _cast(array: Array, dtype: DType) -> Array:
    if np.iscomplexobj(array) and not dtype.title.startswith("complex"):
        array = np.real(array)
    with np.errstate(all="ignore"):
        return array.astype(dtype.numpy)
