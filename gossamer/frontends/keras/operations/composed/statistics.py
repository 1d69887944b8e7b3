"""Means, spreads and sums of products."""

from __future__ import annotations

from typing import Any

import numpy as np

from gossamer.frontends.keras.composition import composed
from gossamer.frontends.keras.framework import keras, to_numpy
from gossamer.frontends.keras.operations.composed.pieces import (
    fixed,
    flat,
    in_type,
    part,
    rank,
    sizes,
)


@composed("Var")
def _var(x: Any, *, axis: Any = None, keepdims: bool = False, result: str) -> Any:
    """The mean of squares of what x is away from its mean."""
    ops = keras().ops
    y = ops.cast(x, result)
    away = y - ops.mean(y, axis=axis, keepdims=True)
    return ops.mean(ops.square(away), axis=axis, keepdims=keepdims)


@composed("Std")
def _std(x: Any, *, axis: Any = None, keepdims: bool = False) -> Any:
    ops = keras().ops
    return ops.sqrt(ops.var(x, axis=axis, keepdims=keepdims))


@composed("Ptp")
def _ptp(x: Any, *, axis: Any = None, keepdims: bool = False) -> Any:
    """From the least to the greatest."""
    ops = keras().ops
    top = ops.max(x, axis=axis, keepdims=keepdims)
    return top - ops.min(x, axis=axis, keepdims=keepdims)


@composed("Average")
def _average(x: Any, weights: Any = None, *, axis: Any = None, result: str) -> Any:
    ops = keras().ops
    y = ops.cast(x, result)
    if weights is None:
        return ops.mean(y, axis=axis)
    share = ops.cast(weights, result)
    if axis is not None and rank(share) == 1:
        shape = [1] * rank(y)
        shape[axis] = -1
        share = ops.reshape(share, shape)
    total = ops.sum(y * share, axis=axis)
    return total / ops.sum(share + y * 0 if rank(share) < rank(y) else share, axis=axis)


@composed("Diff")
def _diff(a: Any, *, n: int = 1, axis: int = -1) -> Any:
    ops = keras().ops
    for _ in range(n):
        above, below = part(a, axis, slice(1, None)), part(a, axis, slice(0, -1))
        is_truth = str(a.dtype) == "bool"
        a = ops.not_equal(above, below) if is_truth else above - below
    return a


@composed("Trapezoid")
def _trapezoid(
    y: Any, *, x: Any = None, dx: Any = 1.0, axis: int = -1, result: str
) -> Any:
    """The sum of means of neighbours, times their distance."""
    ops = keras().ops
    values = ops.cast(y, result)
    pairs = part(values, axis, slice(1, None)) + part(values, axis, slice(0, -1))
    if x is None:
        return ops.sum(pairs, axis=axis) * (to_numpy(dx).astype(np.float32) * 0.5)
    places = to_numpy(x).astype(np.float32)
    if places.ndim == 1:
        steps = np.diff(places)
        shape = [1] * rank(values)
        shape[axis] = -1
        steps = steps.reshape(shape)
    else:
        steps = np.diff(places, axis=axis)
    return ops.sum(pairs * (steps * np.float32(0.5)), axis=axis)


@composed("Corrcoef")
def _corrcoef(x: Any, *, result: str) -> Any:
    """Products of rows, each about its mean and of length 1."""
    ops = keras().ops
    rows = ops.cast(x, result)
    if rank(x) == 1:
        rows = ops.expand_dims(rows, 0)
    away = rows - ops.mean(rows, axis=1, keepdims=True)
    length = ops.sqrt(ops.sum(ops.square(away), axis=1, keepdims=True))
    unit = away / length
    found = ops.clip(ops.matmul(unit, ops.transpose(unit, (1, 0))), -1.0, 1.0)
    return ops.reshape(found, ()) if rank(x) == 1 else found


@composed("Correlate")
def _correlate(x1: Any, x2: Any, *, mode: str = "valid", result: str) -> Any:
    """The products of a vector with the stretches of another, longer one."""
    ops = keras().ops
    long, short = in_type(result, x1, x2)
    swapped = fixed(long, 0) < fixed(short, 0)
    if swapped:
        long, short = short, long
    count = fixed(short, 0)
    left = {"valid": 0, "same": count // 2, "full": count - 1}[mode]
    right = {"valid": 0, "same": count - count // 2 - 1, "full": count - 1}[mode]
    padded = ops.pad(long, [[left, right]]) if left or right else long
    first = np.arange(fixed(long, 0) + left + right - count + 1)
    stretches = ops.take(padded, first[:, None] + np.arange(count), axis=0)
    found = ops.sum(stretches * short, axis=1)
    return ops.flip(found, axis=0) if swapped else found


@composed("Histogram")
def _histogram(x: Any, *, bins: int = 10, range: Any = None, result: str) -> Any:  # noqa: A002
    """How many numbers are at or above each edge, less those above the next."""
    ops = keras().ops
    values = flat(ops.cast(x, "float32"))
    edges = _edges(values, bins, range)
    column = ops.expand_dims(values, 1)
    passed = ops.sum(ops.cast(column >= edges, "int32"), axis=0)
    beyond = ops.sum(ops.cast(column > edges, "int32"), axis=0)
    next_ones = part(passed, 0, slice(1, bins)), part(beyond, 0, slice(bins, None))
    rest = ops.concatenate(next_ones[bins == 1 :], axis=0)
    return ops.cast(part(passed, 0, slice(0, bins)) - rest, result), edges


def _edges(values: Any, bins: int, ends: Any) -> Any:
    """The edges of equal bins, from the least to the greatest unless ends are given."""
    ops = keras().ops
    if ends is not None:
        low, high = (float(end) for end in ends)
        widened = (low - 0.5, high + 0.5) if low == high else (low, high)
        return np.linspace(*widened, bins + 1).astype(np.float32)
    low, high = ops.min(values), ops.max(values)
    more = ops.where(ops.equal(low, high), 0.5, 0.0)
    return ops.linspace(low - more, high + more, bins + 1)


@composed("Kron")
def _kron(x1: Any, x2: Any) -> Any:
    """Each element of one times the other: axes in pairs, made one."""
    ops = keras().ops
    count = max(rank(x1), rank(x2))
    first, second = ([1] * (count - rank(x)) + sizes(x) for x in (x1, x2))
    wide = [size for one in first for size in (one, 1)]
    narrow = [size for one in second for size in (1, one)]
    product = ops.reshape(x1, wide) * ops.reshape(x2, narrow)
    shape = [
        -1 if min(pair) < 0 else pair[0] * pair[1]
        for pair in zip(first, second, strict=True)
    ]
    return ops.reshape(product, shape)


@composed("Cross")
def _cross(
    x1: Any, x2: Any, *, axisa: int = -1, axisb: int = -1, axisc: int = -1
) -> Any:
    """The vectors that stand upright on two; of vectors of two, how far they would."""
    ops = keras().ops
    a, b = (
        [part(x, axis, place) for place in range(fixed(x, axis))]
        for x, axis in ((x1, axisa), (x2, axisb))
    )
    upright = a[0] * b[1] - a[1] * b[0]
    if len(a) == len(b) == 2:
        return upright
    a2, b2 = (side[2] if len(side) > 2 else None for side in (a, b))
    zero = upright * 0
    across = [
        (zero if b2 is None else a[1] * b2) - (zero if a2 is None else a2 * b[1]),
        (zero if a2 is None else a2 * b[0]) - (zero if b2 is None else a[0] * b2),
        upright,
    ]
    return ops.stack(across, axis=axisc)


@composed("Vander")
def _vander(x: Any, *, N: int | None = None, increasing: bool = False) -> Any:  # noqa: N803
    """The powers of each element, falling."""
    ops = keras().ops
    powers = np.arange(fixed(x, 0) if N is None else int(N))
    exponents = powers if increasing else powers[::-1]
    column = ops.expand_dims(x, 1)
    return ops.power(column, ops.cast(np.ascontiguousarray(exponents), x.dtype))
