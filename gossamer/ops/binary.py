"""What operators share that are one expression of two numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from gossamer.ir.op import Op, require
from gossamer.ops.shapes import broadcast, made, operands, same_type

if TYPE_CHECKING:
    from gossamer.ir.graph import Tensor
    from gossamer.ir.types import Array, TensorType


class Binary(Op):
    """x, y, stretched to one shape -> one number for each pair; the type stays."""

    __slots__ = ()

    def apply(self, x: Array, y: Array) -> Array:
        """The expression, for arrays of real numbers or plain integers."""
        raise NotImplementedError

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
