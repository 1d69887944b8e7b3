"""UNIQUE: the different elements of a vector."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from gossamer.ir.op import operator, require
from gossamer.ir.types import DType
from gossamer.ops.movement import Movement
from gossamer.ops.shapes import INDEX_TYPES, made, operands

if TYPE_CHECKING:
    from gossamer.ir.graph import Tensor
    from gossamer.ir.types import Array, TensorType


@operator("UNIQUE", code=103, options="UniqueOptions")
class Unique(Movement):
    """A vector -> its different elements as they first occur, and where each went.

    The second output has an index into the first for each element of the input.
    """

    idx_out_type: DType = DType.INT32

    def infer(self, *inputs: Tensor | None) -> tuple[TensorType, ...]:
        (x,) = operands(self, inputs, 1)
        require(len(x.shape) == 1, self, f"{x} is not a vector")
        text = f"idx_out_type is {self.idx_out_type.title}, not int32 or int64"
        require(self.idx_out_type in INDEX_TYPES, self, text)
        places = made(self, self.idx_out_type, x.shape)
        return made(self, x.dtype, (-1,)) + places

    def reference(self, *inputs: Any) -> tuple[Array, ...]:
        x: Array = np.asarray(inputs[0])
        _, first, places = np.unique(x, return_index=True, return_inverse=True)
        order = np.argsort(first)  # of the sorted elements, as they occur
        rank = np.empty_like(order)
        rank[order] = np.arange(order.size)
        places = rank[places.reshape(-1)].astype(self.idx_out_type.numpy)
        return x[first[order]], places
