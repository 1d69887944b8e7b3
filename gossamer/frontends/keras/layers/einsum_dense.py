"""Rules of EinsumDense, of which the attention layers are made too."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from gossamer.frontends.keras.activate import activate
from gossamer.frontends.keras.framework import to_numpy
from gossamer.frontends.keras.quantized import weight_of
from gossamer.frontends.keras.registry import RuleResult, layer
from gossamer.frontends.parts.einsum import Operand, einsum
from gossamer.frontends.parts.equation import parsed

if TYPE_CHECKING:
    from gossamer.frontends.keras.call import Call
    from gossamer.ir.graph import Tensor


@layer("EinsumDense")
def _einsum_dense(call: Call) -> RuleResult:
    return project(call, call.operation, call.real(call.x))


def project(call: Call, used: Any, x: Tensor, scale: float = 1.0) -> Tensor:
    """An EinsumDense `used` on `x`, times `scale` by its weights."""
    kernel = weight_of(used)
    equation = parsed(used.equation, (x.type.rank, len(kernel.shape)))
    if scale != 1:
        kernel = to_numpy(kernel) * np.float32(scale)
    sides = [
        Operand(value, letters)
        for value, letters in zip((x, kernel), equation.operands, strict=True)
    ]
    bias = None if used.bias is None else _bias(used, equation.result, scale)
    return activate(call, used.activation, einsum(call, sides, equation.result, bias))


def _bias(used: Any, result: str, scale: float) -> Operand:
    """The bias without its axes of size one that only bring it in line."""
    array = to_numpy(used.bias) * np.float32(scale)
    kept = [
        (letter, size)
        for letter, size in zip(result[-array.ndim :], array.shape, strict=True)
        if letter in used.bias_axes
    ]
    letters = "".join(letter for letter, _ in kept)
    return Operand(array.reshape([size for _, size in kept]), letters)
