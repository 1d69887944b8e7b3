"""REAL, IMAG, COMPLEX_ABS: the parts of complex numbers, and their size."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from gossamer.ir.op import Op, operator, require
from gossamer.ir.types import DType
from gossamer.ops.shapes import made, operands

if TYPE_CHECKING:
    from gossamer.ir.graph import Tensor
    from gossamer.ir.types import Array, TensorType

_PARTS = {DType.COMPLEX64: DType.FLOAT32, DType.COMPLEX128: DType.FLOAT64}
"""The type of the two numbers that make up a complex one."""


class ComplexPart(Op):
    """One real number for each complex one."""

    __slots__ = ()

    def infer(self, *inputs: Tensor | None) -> tuple[TensorType, ...]:
        (x,) = operands(self, inputs, 1)
        require(x.dtype in _PARTS, self, f"{x} holds no complex numbers")
        return made(self, _PARTS[x.dtype], x.shape)


@operator("REAL", code=134)
class Real(ComplexPart):
    """The real part."""

    def reference(self, *inputs: Any) -> tuple[Array, ...]:
        return (np.real(inputs[0]),)


@operator("IMAG", code=133)
class Imag(ComplexPart):
    """The imaginary part."""

    def reference(self, *inputs: Any) -> tuple[Array, ...]:
        return (np.imag(inputs[0]),)


@operator("COMPLEX_ABS", code=135)
class ComplexAbs(ComplexPart):
    """The distance from zero."""

    def reference(self, *inputs: Any) -> tuple[Array, ...]:
        return (np.abs(inputs[0]),)
