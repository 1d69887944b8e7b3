"""Numbers at even distances."""

from __future__ import annotations

from typing import Any

import numpy as np

from gossamer.frontends.keras.composition import composed
from gossamer.frontends.keras.framework import keras
from gossamer.frontends.keras.operations.composed.pieces import in_type
from gossamer.frontends.report import Unsupported


@composed("Linspace")
def _linspace(
    start: Any,
    stop: Any,
    *,
    num: int = 50,
    endpoint: bool = True,
    retstep: bool = False,
    axis: int = 0,
    result: str,
) -> Any:
    """As start * (1 - t) + stop * t, for even t."""
    if retstep:
        raise Unsupported("it returns its step too", "Leave `retstep` out.")
    return _between(start, stop, num, axis, result, endpoint=endpoint)


def _between(
    start: Any, stop: Any, num: int, axis: int, dtype: str, *, endpoint: bool
) -> Any:
    ops = keras().ops
    first, last = (ops.expand_dims(end, 0) for end in in_type(dtype, start, stop))
    rank = max(len(first.shape), len(last.shape))
    share = np.arange(num) / max(num - 1 if endpoint else num, 1)
    t = share.astype(np.float32).reshape(-1, *(1,) * (rank - 1))
    return ops.moveaxis(first * (1 - t) + last * t, 0, axis)


@composed("Logspace")
def _logspace(
    start: Any,
    stop: Any,
    *,
    num: int = 50,
    endpoint: bool = True,
    base: Any = 10,
    axis: int = 0,
    result: str,
) -> Any:
    """Powers of the base."""
    powers = _between(start, stop, num, axis, result, endpoint=endpoint)
    return keras().ops.power(keras().ops.cast(base, result), powers)


@composed("Geomspace")
def _geomspace(
    start: Any,
    stop: Any,
    *,
    num: int = 50,
    endpoint: bool = True,
    axis: int = 0,
    result: str,
) -> Any:
    """As start * (stop / start)**t, for even t."""
    ops = keras().ops
    first, last = in_type(result, start, stop)
    share = _between(first * 0, first * 0 + 1, num, axis, result, endpoint=endpoint)
    place = axis if axis >= 0 else axis + len(share.shape)
    ratio = ops.expand_dims(last / first, place)
    return ops.expand_dims(first, place) * ops.power(ratio, share)
