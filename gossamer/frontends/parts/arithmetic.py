"""Arithmetic with constants."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from gossamer.ir.graph import Tensor
from gossamer.ir.types import DType
from gossamer.ops.arithmetic import Add, Div, Mul, Sub
from gossamer.ops.floor_div import FloorMod
from gossamer.ops.unary import Abs, Sign

if TYPE_CHECKING:
    from gossamer.frontends.emitter import Emitter
    from gossamer.ir.types import Array


_WIDER = {
    DType.INT8: DType.INT32,
    DType.INT16: DType.INT32,
    DType.UINT8: DType.INT32,
    DType.UINT16: DType.INT32,
    DType.UINT32: DType.INT64,
}


def computed_in(dtype: DType) -> DType:
    """The type in which numbers are computed, as operators have none for all types."""
    return _WIDER.get(dtype, dtype)


def number_in(dtype: DType) -> DType:
    """The same, with truth values as the numbers 0 and 1."""
    return DType.INT32 if dtype is DType.BOOL else computed_in(dtype)


def affine(emitter: Emitter, x: Tensor, scale: Array, offset: Array) -> Tensor:
    """As x * scale + offset, without the steps that change nothing."""
    y = x
    if np.any(scale != 1):
        y = emitter.emit(Mul(), y, emitter.constant("scale", scale))
    if np.any(offset != 0):
        y = emitter.emit(Add(), y, emitter.constant("offset", offset))
    return y


def multiplied(emitter: Emitter, x: Any, y: Any) -> Tensor:
    """MUL of tensors or constants of one type."""
    return emitter.emit(Mul(), _tensor(emitter, x), _tensor(emitter, y))


def added(emitter: Emitter, x: Any, y: Any) -> Tensor:
    """ADD of tensors or constants of one type."""
    return emitter.emit(Add(), _tensor(emitter, x), _tensor(emitter, y))


def _tensor(emitter: Emitter, value: Any) -> Tensor:
    return value if isinstance(value, Tensor) else emitter.weight("operand", value)


def remainder(emitter: Emitter, x: Tensor, y: Tensor) -> Tensor:
    """What is left of x by y, with the sign of x."""
    if x.dtype.is_float:
        sizes = (emitter.emit(Abs(), side) for side in (x, y))
        left = emitter.emit(FloorMod(), *sizes)
        return emitter.emit(Mul(), emitter.emit(Sign(), x), left)
    whole = emitter.emit(Mul(), emitter.emit(Div(), x, y), y)
    return emitter.emit(Sub(), x, whole)
