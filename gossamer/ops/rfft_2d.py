"""RFFT2D: the Fourier transform of real numbers over the last two dimensions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from gossamer.ir.op import Op, operator, require
from gossamer.ir.types import DType
from gossamer.ops.shapes import integers, known_vector, made, operands

if TYPE_CHECKING:
    from gossamer.ir.graph import Tensor
    from gossamer.ir.types import Array, TensorType


@operator("RFFT2D", code=131, options="Rfft2dOptions")
class Rfft2D(Op):
    """x (..., H, W) float32, (h, w) int32 -> (..., h, w / 2 + 1) complex64.

    Of x as much is taken as fits h by w, with zeros behind. Both are powers of two.
    """

    def infer(self, *inputs: Tensor | None) -> tuple[TensorType, ...]:
        x, length = operands(self, inputs, 2)
        text = f"the input is {x.type}, not float32 of two dimensions or more"
        require(x.dtype is DType.FLOAT32 and x.type.rank >= 2, self, text)
        text = f"the lengths are {length.type}, not int32[2]"
        require(length.dtype is DType.INT32, self, text)
        sizes = known_vector(self, length, "the lengths", 2)
        before = x.shape[:-2]
        if sizes is None:
            return made(self, DType.COMPLEX64, (*before, -1, -1))
        height, width = self._checked(sizes)
        return made(self, DType.COMPLEX64, (*before, height, width // 2 + 1))

    def reference(self, *inputs: Any) -> tuple[Array, ...]:
        x: Array = np.asarray(inputs[0])
        height, width = self._checked(integers(inputs[1]))
        transformed = np.fft.rfft2(x.astype(np.float64), (height, width))
        return (transformed.astype(np.complex64),)

    def _checked(self, sizes: tuple[int, ...]) -> tuple[int, int]:
        text = f"the lengths are {list(sizes)}, not two powers of two"
        whole = len(sizes) == 2 and all(
            size > 0 and not size & (size - 1) for size in sizes
        )
        require(whole, self, text)
        return sizes[0], sizes[1]
