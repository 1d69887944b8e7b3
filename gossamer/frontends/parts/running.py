"""What all elements up to each come to: running sums, products and extremes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np

from gossamer.frontends.emitter import axis_of, dims
from gossamer.frontends.parts.arithmetic import computed_in
from gossamer.frontends.report import Unsupported
from gossamer.ops.cumsum import Cumsum
from gossamer.ops.pad import PadV2
from gossamer.ops.reduce_window import ReduceWindow
from gossamer.ops.reverse import ReverseV2

if TYPE_CHECKING:
    from gossamer.frontends.emitter import Emitter
    from gossamer.ir.graph import Tensor
    from gossamer.ir.types import Array, DType

How: TypeAlias = Literal["mul", "maximum", "minimum"]

_START = {"mul": 1.0, "maximum": -np.inf, "minimum": np.inf}


def total(emitter: Emitter, x: Tensor, axis: int, *, reverse: bool = False) -> Tensor:
    """The running sum along an axis, from its end if `reverse`."""
    given = emitter.cast(x, computed_in(x.dtype))
    place = emitter.indices("axis", axis_of(axis, x.type.rank))
    return emitter.cast(emitter.emit(Cumsum(reverse=reverse), given, place), x.dtype)


def window(
    emitter: Emitter, x: Tensor, axis: int, how: How, *, reverse: bool = False
) -> Tensor:
    """A running product or extreme: a window that reaches back over a padded axis.

    Raises:
        Unsupported: the axis has no known size.
    """
    front = axis_of(axis, x.type.rank)
    if dims(x)[front] < 0:
        raise Unsupported(
            f"it runs along axis {front}, whose size is free", "Fix that size."
        )
    axes = emitter.indices("axes", [front])
    y = emitter.cast(x, computed_in(x.dtype))
    y = emitter.emit(ReverseV2(), y, axes) if reverse else y
    y = _window_to_start(emitter, y, front, how)
    y = emitter.emit(ReverseV2(), y, axes) if reverse else y
    return emitter.cast(y, x.dtype)


def _window_to_start(emitter: Emitter, x: Tensor, axis: int, how: How) -> Tensor:
    size, rank = dims(x)[axis], x.type.rank
    start = emitter.constant("start", _start(how, x.dtype))
    paddings = np.zeros((rank, 2), np.int32)
    paddings[axis, 0] = size - 1
    padded = emitter.emit(PadV2(), x, emitter.constant("paddings", paddings), start)
    sizes = np.ones(rank, np.int64)
    ones = emitter.constant("ones", sizes)
    sizes = sizes.copy()
    sizes[axis] = size
    reached = emitter.constant("window", sizes)
    return emitter.emit(ReduceWindow(how), padded, start, reached, ones, ones)


def _start(how: How, dtype: DType) -> Array:
    value = _START[how]
    if dtype.is_float or np.isfinite(value):
        return np.array(value, dtype.numpy)
    limits = np.iinfo(dtype.numpy)
    return np.array(limits.max if value > 0 else limits.min, dtype.numpy)
