"""NumericVerify: how far a quantized tensor is from the real one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from gossamer.errors import ExecutionError
from gossamer.ir.custom_options import CustomOperator
from gossamer.ir.custom_registry import custom_operator
from gossamer.ir.op import Op, require
from gossamer.ir.types import DType
from gossamer.ops.shapes import made, operands

if TYPE_CHECKING:
    from gossamer.ir.graph import Node, Tensor
    from gossamer.ir.types import Array, TensorType

_TYPES = (DType.UINT8, DType.INT8, DType.INT16, DType.FLOAT16)
_LEAST_TOLERANCE = 0.1
"""A tolerance below it is not enforced."""


@custom_operator("NumericVerify")
class NumericVerify(CustomOperator):
    """x quantized (or float16), y float32 -> real x - y, float32.

    With `log_if_failed`, a difference of more than `tolerance` steps is an error.
    """

    tolerance: float = 0.0
    log_if_failed: bool = False

    def infer(self, *inputs: Tensor | None) -> tuple[TensorType, ...]:
        x, real = operands(self, inputs, 2)
        fits = x.dtype in _TYPES and (x.is_quantized or x.dtype is DType.FLOAT16)
        text = f"{x} is not quantized uint8, int8 or int16, nor float16"
        require(fits, self, text)
        require(real.dtype is DType.FLOAT32, self, f"{real} is not float32")
        same = x.shape == real.shape or -1 in (*x.shape, *real.shape)
        text = f"the shapes {list(x.shape)} and {list(real.shape)} differ"
        require(same and len(x.shape) == len(real.shape), self, text)
        return made(self, DType.FLOAT32, x.shape)

    def reference(self, *inputs: Any) -> tuple[Array, ...]:
        difference = self._difference(*inputs)
        self._enforce(difference, 0.0)
        return (difference,)

    def integer(self, node: Node, *inputs: Any) -> tuple[Array, ...]:
        (difference,) = Op.integer(_silent(self), node, *inputs)
        quantization = node.input(0).quantization
        is_set = quantization is not None and quantization.is_set
        step = quantization.pair()[0] if quantization is not None and is_set else 0.0
        self._enforce(difference, step)
        return (difference,)

    def _difference(self, x: Any, real: Any) -> Array:
        return np.asarray(x, np.float32) - np.asarray(real, np.float32)

    def _enforce(self, difference: Array, step: float) -> None:
        if not self.log_if_failed or np.float32(self.tolerance) < _LEAST_TOLERANCE:
            return
        most = np.float32(self.tolerance) * np.float32(step)
        wrong = np.abs(difference) > most
        if wrong.any():
            worst = float(np.abs(difference[wrong]).max())
            raise ExecutionError(
                f"{self.name}: Mismatch: {int(wrong.sum())} of {difference.size} are "
                f"off by more than {float(most)}, the worst by {worst}"
            )


def _silent(op: NumericVerify) -> NumericVerify:
    """The same operator, which only measures."""
    return NumericVerify(op.tolerance)
