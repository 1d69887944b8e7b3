"""Reductions that leave out what is no number."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from gossamer.frontends.keras.composition import composed
from gossamer.frontends.keras.framework import keras
from gossamer.frontends.keras.operations.composed.pieces import is_float

if TYPE_CHECKING:
    from collections.abc import Callable


def _with(x: Any, value: float) -> Any:
    """`x` with a number for what is none."""
    if not is_float(x):
        return x
    return keras().ops.where(keras().ops.isnan(x), value, x)


@composed("Nansum")
def _nansum(x: Any, *, axis: Any = None, keepdims: bool = False) -> Any:
    return keras().ops.sum(_with(x, 0.0), axis=axis, keepdims=keepdims)


@composed("Nanprod")
def _nanprod(x: Any, *, axis: Any = None, keepdims: bool = False) -> Any:
    return keras().ops.prod(_with(x, 1.0), axis=axis, keepdims=keepdims)


@composed("Nancumsum")
def _nancumsum(x: Any, *, axis: Any = None, dtype: Any = None) -> Any:
    return keras().ops.cumsum(_with(x, 0.0), axis=axis, dtype=dtype)


@composed("Nancumprod")
def _nancumprod(x: Any, *, axis: Any = None, dtype: Any = None) -> Any:
    return keras().ops.cumprod(_with(x, 1.0), axis=axis, dtype=dtype)


@composed("Nanmax")
def _nanmax(x: Any, *, axis: Any = None, keepdims: bool = False) -> Any:
    return _extreme(keras().ops.max, x, -math.inf, axis, keepdims)


@composed("Nanmin")
def _nanmin(x: Any, *, axis: Any = None, keepdims: bool = False) -> Any:
    return _extreme(keras().ops.min, x, math.inf, axis, keepdims)


def _extreme(
    reduce: Callable[..., Any],
    x: Any,
    last: float,
    axis: Any,
    keepdims: bool,  # noqa: FBT001
) -> Any:
    """The extreme of all numbers; no number where there are none."""
    ops = keras().ops
    best = reduce(_with(x, last), axis=axis, keepdims=keepdims)
    if not is_float(x):
        return best
    is_empty = ops.all(ops.isnan(x), axis=axis, keepdims=keepdims)
    return ops.where(is_empty, math.nan, best)


@composed("Nanargmax")
def _nanargmax(x: Any, *, axis: Any = None, keepdims: bool = False) -> Any:
    return _place(keras().ops.argmax, x, -math.inf, axis, keepdims)


@composed("Nanargmin")
def _nanargmin(x: Any, *, axis: Any = None, keepdims: bool = False) -> Any:
    return _place(keras().ops.argmin, x, math.inf, axis, keepdims)


def _place(
    search: Callable[..., Any],
    x: Any,
    last: float,
    axis: Any,
    keepdims: bool,  # noqa: FBT001
) -> Any:
    """Where the extreme is; -1 where there are no numbers."""
    ops = keras().ops
    found = search(_with(x, last), axis=axis, keepdims=keepdims)
    if not is_float(x):
        return found
    is_empty = ops.all(ops.isnan(x), axis=axis, keepdims=keepdims)
    return ops.where(is_empty, np.int32(-1), found)


@composed("Nanmean")
def _nanmean(x: Any, *, axis: Any = None, keepdims: bool = False, result: str) -> Any:
    return _mean(keras().ops.cast(x, result), axis, keepdims)


def _mean(x: Any, axis: Any, keepdims: bool) -> Any:  # noqa: FBT001
    """The sum of the numbers over how many there are."""
    ops = keras().ops
    is_there = ops.cast(ops.equal(x, x), x.dtype)
    count = ops.sum(is_there, axis=axis, keepdims=keepdims)
    return ops.sum(_with(x, 0.0), axis=axis, keepdims=keepdims) / count


@composed("Nanvar")
def _nanvar(x: Any, *, axis: Any = None, keepdims: bool = False, result: str) -> Any:
    ops = keras().ops
    y = ops.cast(x, result)
    away = y - _mean(y, axis, keepdims=True)
    return _mean(ops.square(away), axis, keepdims)


@composed("Nanstd")
def _nanstd(x: Any, *, axis: Any = None, keepdims: bool = False) -> Any:
    return keras().ops.sqrt(keras().ops.nanvar(x, axis=axis, keepdims=keepdims))
