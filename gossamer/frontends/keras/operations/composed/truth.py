"""Questions about numbers."""

from __future__ import annotations

import math
from typing import Any

from gossamer.frontends.keras.composition import composed
from gossamer.frontends.keras.framework import keras, to_numpy
from gossamer.frontends.keras.operations.composed.pieces import flat, is_float
from gossamer.frontends.keras.trace import is_symbolic


@composed("Isnan")
def _isnan(x: Any) -> Any:
    """Whether x differs from itself."""
    return keras().ops.not_equal(x, x)


@composed("Isinf")
def _isinf(x: Any) -> Any:
    return keras().ops.equal(keras().ops.abs(_real(x)), math.inf)


@composed("Isfinite")
def _isfinite(x: Any) -> Any:
    """|x| < infinity, which does not hold of what is no number either."""
    return keras().ops.abs(_real(x)) < math.inf


@composed("Isposinf")
def _isposinf(x: Any) -> Any:
    return keras().ops.equal(_real(x), math.inf)


@composed("Isneginf")
def _isneginf(x: Any) -> Any:
    return keras().ops.equal(_real(x), -math.inf)


def _real(x: Any) -> Any:
    return x if is_float(x) else keras().ops.cast(x, "float32")


@composed("Isreal")
def _isreal(x: Any) -> Any:
    """True everywhere, as there are no complex numbers."""
    return keras().ops.ones_like(x, dtype="bool")


@composed("Isclose")
def _isclose(
    x1: Any,
    x2: Any,
    rtol: Any = 1e-5,
    atol: Any = 1e-8,
    *,
    equal_nan: bool = False,
) -> Any:
    """|x1 - x2| <= atol + rtol * |x2|, and x1 == x2 for infinities."""
    ops = keras().ops
    x, y = (ops.cast(side, "float32") for side in (x1, x2))
    size = ops.abs(y)
    is_near = ops.abs(x - y) <= atol + rtol * size
    close = ops.logical_or(ops.equal(x, y), ops.logical_and(is_near, size < math.inf))
    if not equal_nan:
        return close
    return ops.logical_or(close, ops.logical_and(ops.isnan(x), ops.isnan(y)))


@composed("AllClose")
def _allclose(
    x1: Any,
    x2: Any,
    *,
    rtol: float = 1e-5,
    atol: float = 1e-8,
    equal_nan: bool = False,
) -> Any:
    ops = keras().ops
    return ops.all(ops.isclose(x1, x2, rtol=rtol, atol=atol, equal_nan=equal_nan))


@composed("IsIn", known=("x2",))
def _isin(x1: Any, x2: Any, *, invert: bool = False) -> Any:
    """Compare each element with each of a list."""
    ops = keras().ops
    values = flat(x2) if is_symbolic(x2) else to_numpy(x2).reshape(-1)
    found = ops.any(ops.equal(ops.expand_dims(x1, -1), values), axis=-1)
    return ops.logical_not(found) if invert else found


@composed("CountNonzero")
def _count_nonzero(x: Any, *, axis: Any = None) -> Any:
    ops = keras().ops
    is_there = x if str(x.dtype) == "bool" else ops.not_equal(x, 0)
    return ops.sum(ops.cast(is_there, "int32"), axis=axis)


@composed("Select")
def _select(condlist: Any, choicelist: Any, default: Any = 0) -> Any:
    """Where nested in where: the first condition that holds decides."""
    chosen = default
    for condition, choice in reversed(list(zip(condlist, choicelist, strict=True))):
        chosen = keras().ops.where(condition, choice, chosen)
    return chosen
