"""Medians, quantiles and percentiles: places in a sorted axis."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from gossamer.frontends.keras.composition import composed
from gossamer.frontends.keras.framework import keras, to_numpy
from gossamer.frontends.keras.operations.composed.pieces import all_axes, rank, sizes
from gossamer.frontends.keras.trace import is_symbolic
from gossamer.frontends.report import Unsupported


@composed("Median")
def _median(x: Any, *, axis: Any = None, keepdims: bool = False, result: str) -> Any:
    return _quantile(keras().ops.cast(x, result), 0.5, axis, keepdims)


@composed("Nanmedian")
def _nanmedian(x: Any, *, axis: Any = None, keepdims: bool = False, result: str) -> Any:
    return _quantile(keras().ops.cast(x, result), 0.5, axis, keepdims, skips=True)


@composed("Quantile", known=("q",))
def _plain(
    x: Any,
    q: Any,
    *,
    axis: Any = None,
    method: str = "linear",
    keepdims: bool = False,
    result: str,
) -> Any:
    y = keras().ops.cast(x, result)
    return _quantile(y, _known(q), axis, keepdims, method)


@composed("Nanquantile", known=("q",))
def _skipping(
    x: Any,
    q: Any,
    *,
    axis: Any = None,
    method: str = "linear",
    keepdims: bool = False,
    result: str,
) -> Any:
    y = keras().ops.cast(x, result)
    return _quantile(y, _known(q), axis, keepdims, method, skips=True)


@composed("Percentile", known=("q",))
def _percentile(
    x: Any,
    q: Any,
    *,
    axis: Any = None,
    method: str = "linear",
    keepdims: bool = False,
    result: str,
) -> Any:
    y = keras().ops.cast(x, result)
    return _quantile(y, _known(q) / 100, axis, keepdims, method)


@composed("Nanpercentile", known=("q",))
def _nanpercentile(
    x: Any,
    q: Any,
    *,
    axis: Any = None,
    method: str = "linear",
    keepdims: bool = False,
    result: str,
) -> Any:
    y = keras().ops.cast(x, result)
    return _quantile(y, _known(q) / 100, axis, keepdims, method, skips=True)


def _known(q: Any) -> Any:
    if is_symbolic(q):
        raise Unsupported(
            "the share that it asks for is computed while the model runs",
            "Make `q` a number or a list of numbers.",
        )
    return to_numpy(q).astype(np.float64)


def _quantile(
    x: Any,
    q: Any,
    axis: Any,
    keepdims: bool,  # noqa: FBT001
    method: str = "linear",
    *,
    skips: bool = False,
) -> Any:
    """Sort the axes, made one, and mix the two elements about each place.

    The places are known where the size is, unless what is no number is skipped.
    """
    ops = keras().ops
    axes = all_axes(axis, x)
    rows = _rows(x, axes)
    missing = ops.isnan(rows)
    ordered = ops.sort(ops.where(missing, math.inf, rows) if skips else rows, axis=-1)
    shares = np.atleast_1d(q).astype(np.float32)
    size = rows.shape[-1]
    if skips or size is None:
        found = _at_computed(ordered, shares, missing, method, skips=skips)
    else:
        found = _at_known(ordered, shares * np.float32(size - 1), method)
    if not skips:
        is_unknown = ops.any(missing, axis=-1, keepdims=True)
        found = ops.where(is_unknown, math.nan, found)
    return _shaped(found, axes, keepdims, is_list=np.ndim(q) > 0)


def _rows(x: Any, axes: list[int]) -> Any:
    """`x` with the axes joined and at the end."""
    ops = keras().ops
    kept = [axis for axis in range(rank(x)) if axis not in axes]
    if kept + axes != list(range(rank(x))):
        x = ops.transpose(x, kept + axes)
    shape = sizes(x)
    joined = shape[len(kept) :]
    size = -1 if -1 in joined else math.prod(joined)
    return ops.reshape(x, (*shape[: len(kept)], size)) if len(axes) != 1 else x


def _at_known(ordered: Any, places: Any, method: str) -> Any:
    ops = keras().ops
    low, high = np.floor(places), np.ceil(places)
    below = ops.take(ordered, low.astype(np.int32), axis=-1)
    if np.array_equal(low, high):
        return below
    above = ops.take(ordered, high.astype(np.int32), axis=-1)
    return _mixed(below, above, places - low, method)


def _at_computed(
    ordered: Any, shares: Any, missing: Any, method: str, *, skips: bool
) -> Any:
    """Places that rest on how many numbers there are in each row."""
    ops = keras().ops
    counted = ops.logical_not(missing) if skips else ops.ones_like(missing)
    count = ops.sum(ops.cast(counted, "float32"), axis=-1, keepdims=True)
    places = ops.maximum(count - 1, 0.0) * shares
    low, high = ops.floor(places), ops.ceil(places)
    below, above = (
        ops.take_along_axis(ordered, ops.cast(each, "int32"), axis=-1)
        for each in (low, high)
    )
    found = _mixed(below, above, places - low, method)
    return ops.where(ops.equal(count, 0), math.nan, found)


def _mixed(below: Any, above: Any, share: Any, method: str) -> Any:
    ops = keras().ops
    if method == "linear":
        return below * (1 - share) + above * share
    if method == "lower":
        return below
    if method == "higher":
        return above
    if method == "midpoint":
        return (below + above) * 0.5
    if method == "nearest":
        return ops.where(share <= 0.5, below, above)
    raise Unsupported(
        f"it has method='{method}'",
        "Use 'linear', 'lower', 'higher', 'midpoint' or 'nearest'.",
    )


def _shaped(
    found: Any,
    axes: list[int],
    keepdims: bool,  # noqa: FBT001
    *,
    is_list: bool,
) -> Any:
    """The shares' axis in front, or gone where one number was asked for."""
    ops = keras().ops
    found = ops.moveaxis(found, -1, 0)
    if keepdims:
        for axis in axes:
            found = ops.expand_dims(found, axis + 1)
    return found if is_list else found[0]
