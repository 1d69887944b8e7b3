"""Operations on the bits of whole numbers and of truth values."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gossamer.frontends.emitter import dims
from gossamer.frontends.parts.sizes import spread_together
from gossamer.ir.types import DType, TensorType
from gossamer.ops.bitcast import Bitcast
from gossamer.ops.bitwise import BitwiseXor, RightShift
from gossamer.ops.compare import NotEqual
from gossamer.ops.logical import LogicalAnd, LogicalNot, LogicalOr
from gossamer.ops.stablehlo_binary import StablehloAnd, StablehloShiftLeft

if TYPE_CHECKING:
    from gossamer.frontends.emitter import Emitter
    from gossamer.ir.graph import Tensor
    from gossamer.ir.op import Op

_SHIFTED = (DType.INT8, DType.INT16, DType.INT32)


def both(emitter: Emitter, x: Tensor, y: Tensor) -> Tensor:
    """The bits that are set in x and in y."""
    if x.dtype is DType.BOOL:
        return emitter.emit(LogicalAnd(), x, y)
    return _signed(emitter, StablehloAnd(), x, y)


def either(emitter: Emitter, x: Tensor, y: Tensor) -> Tensor:
    """The bits that are set in x or in y: those in one of them, and those in both."""
    if x.dtype is DType.BOOL:
        return emitter.emit(LogicalOr(), x, y)
    return differing(emitter, differing(emitter, x, y), both(emitter, x, y))


def differing(emitter: Emitter, x: Tensor, y: Tensor) -> Tensor:
    """The bits in which x and y differ."""
    if x.dtype is DType.BOOL:
        return emitter.emit(NotEqual(), x, y)
    return emitter.emit(BitwiseXor(), x, y)


def inverted(emitter: Emitter, x: Tensor) -> Tensor:
    """All bits turned over."""
    if x.dtype is DType.BOOL:
        return emitter.emit(LogicalNot(), x)
    ones = emitter.constant("ones", np.invert(np.zeros((), x.dtype.numpy)))
    return emitter.emit(BitwiseXor(), x, ones)


def shifted_left(emitter: Emitter, x: Tensor, places: Tensor) -> Tensor:
    """The bits of x moved up, zeros behind them."""
    return _signed(emitter, StablehloShiftLeft(), x, places)


def shifted_right(emitter: Emitter, x: Tensor, places: Tensor) -> Tensor:
    """The bits of x moved down, the sign of a signed number kept."""
    return emitter.emit(RightShift(), *spread_together(emitter, x, places))


def _signed(emitter: Emitter, op: Op, x: Tensor, y: Tensor) -> Tensor:
    """An operator that has kernels for signed numbers of up to 32 bits only."""
    inside = x.dtype if x.dtype in _SHIFTED else DType.INT32
    pair = [emitter.cast(side, inside) for side in (x, y)]
    made = emitter.emit(op, *spread_together(emitter, *pair))
    return emitter.cast(made, x.dtype)


def same_bits(emitter: Emitter, x: Tensor, dtype: DType) -> Tensor:
    """The bits of each element as one of another type, with as many bits."""
    return emitter.builder.nodes(
        Bitcast(),
        x,
        names=(f"{emitter.path}/bitcast",),
        types=(TensorType(dtype, dims(x)),),
    )[0]
