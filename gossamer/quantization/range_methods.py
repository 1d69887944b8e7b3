"""Which range int8 is to reach, given how a tensor's values are distributed.

A narrower range has finer steps, and values outside it become its ends.

* Percentile: what is left when 0.005 % of the values are cut off at either end.
* Mean-square error: the least sum of (x - x')**2, x' being x on the int8 grid.
* Entropy: the least Kullback-Leibler divergence of the distribution on the grid from
  that of the clipped values, as S. Migacz describes it in "8-bit Inference with
  TensorRT" (2017), of those that clip 1 % of the values at most.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np

from gossamer.errors import QuantizationError
from gossamer.quantization.ranges import Range

if TYPE_CHECKING:
    from gossamer.ir.types import Array
    from gossamer.quantization.histogram import Histogram

Method: TypeAlias = Literal["minmax", "percentile", "mse", "entropy"]
"""How a range is chosen; `minmax` is TensorFlow Lite's."""

METHODS: tuple[Method, ...] = ("minmax", "percentile", "mse", "entropy")

Chooser: TypeAlias = Callable[["Histogram", Range], Range]
"""A histogram and the extremes to the range to quantize by."""

KEPT = 0.9999
"""The part of all values that the percentile method keeps."""

LEVELS = 255
"""Steps of int8 over its range."""

_CLIPPED = 0.01
_CANDIDATES = 64
_LEAST = 0.1
_ROUNDS = 3
_FEWEST = 1e-4
"""Stands for an empty bin beside full ones, where a divergence would be infinite."""


def method_of(name: str) -> Method:
    """The method that a user names.

    Raises:
        QuantizationError: there is no such method.
    """
    for method in METHODS:
        if name == method:
            return method
    expected = ", ".join(map(repr, METHODS))
    raise QuantizationError(f"method={name!r} is not known; expected one of {expected}")


def percentile(histogram: Histogram, seen: Range) -> Range:
    """The range without the outermost values, as many at either end."""
    counts, edges = histogram.counts, histogram.edges
    part = np.cumsum(counts) / counts.sum()
    cut = (1 - KEPT) / 2
    low = float(edges[np.searchsorted(part, cut, side="right")])
    high = float(edges[np.searchsorted(part, 1 - cut, side="left") + 1])
    return _within(low, high, seen)


def mean_square_error(histogram: Histogram, seen: Range) -> Range:
    """The range with the least mean-square error, searched for end by end."""
    full = np.array([min(seen.minimum, 0.0), max(seen.maximum, 0.0)])
    parts = np.linspace(_LEAST, 1, _CANDIDATES)
    best = _least(histogram, parts[:, np.newaxis] * full)
    for _ in range(_ROUNDS):
        for end in (0, 1):
            tried = np.repeat(best[np.newaxis], _CANDIDATES, 0)
            tried[:, end] = parts * full[end]
            best = _least(histogram, np.vstack([tried, best]))
    low, high = best.tolist()
    return _within(low, high, seen)


def _least(histogram: Histogram, ranges: Array) -> Array:
    """The one of several ranges, float64 (n, 2), with the least error."""
    centers, counts = histogram.centers, histogram.counts
    filled = np.flatnonzero(counts)
    values = centers[filled].astype(np.float32)
    low, high = ranges[:, :1].astype(np.float32), ranges[:, 1:].astype(np.float32)
    step = np.maximum((high - low) / np.float32(LEVELS), np.float32(1e-30))
    start = np.rint(low / step)
    level = np.clip(np.rint(values / step), start, start + LEVELS)
    errors = (level * step - values) ** 2 @ counts[filled].astype(np.float32)
    return ranges[int(np.argmin(errors))]


def entropy(histogram: Histogram, seen: Range) -> Range:
    """The range that loses the least information, ends cut at one magnitude."""
    edges, counts = histogram.edges, _without_zeros(histogram)
    largest = max(abs(seen.minimum), abs(seen.maximum))
    found: list[tuple[float, int, int]] = []
    for index in range(1, _CANDIDATES + 1):
        threshold = index / _CANDIDATES * largest
        first = max(int(np.searchsorted(edges, -threshold, side="right")) - 1, 0)
        last = min(int(np.searchsorted(edges, threshold)), counts.size)
        kept = counts[first:last].sum() / counts.sum()
        if last - first > LEVELS and kept >= 1 - _CLIPPED:
            found.append((_divergence(counts, first, last), first, last))
    if not found:
        return seen
    _, first, last = min(found, key=lambda each: each[0])
    return _within(float(edges[first]), float(edges[last]), seen)


def _without_zeros(histogram: Histogram) -> Array:
    """The counts with no more around 0 than beside it.

    Every grid has 0 itself, so the many zeros of a RELU lose nothing on any.
    """
    counts = histogram.counts.copy()
    zero = int(np.searchsorted(histogram.edges, 0.0))
    if zero < counts.size:
        beside = counts[max(zero - 1, 0) : zero + 2]
        counts[zero] = min(counts[zero], np.sort(beside)[-2:][0])
    return counts


def _divergence(counts: Array, first: int, last: int) -> float:
    """Of bins `first` to `last` on 255 levels, from the values clipped to them."""
    inside = counts[first:last].astype(np.float64)
    clipped = inside.copy()
    clipped[0] += counts[:first].sum()
    clipped[-1] += counts[last:].sum()
    level = np.arange(inside.size) * LEVELS // inside.size
    sums = np.bincount(level, inside)
    filled = np.bincount(level, inside > 0)
    spread = np.divide(sums, filled, out=np.zeros_like(sums), where=filled > 0)
    given = np.where(inside > 0, spread[level], 0.0)
    return _relative_entropy(clipped, given)


def _relative_entropy(wanted: Array, given: Array) -> float:
    some = wanted > 0
    p = wanted[some] / wanted.sum()
    q = np.maximum(given[some], _FEWEST) / max(given.sum(), _FEWEST)
    return float(np.sum(p * np.log(p / q)))


def _within(low: float, high: float, seen: Range) -> Range:
    """A range that goes nowhere beyond the values seen."""
    return Range(max(low, seen.minimum), min(high, seen.maximum))


CHOOSERS: dict[Method, Chooser] = {
    "percentile": percentile,
    "mse": mean_square_error,
    "entropy": entropy,
}
"""Methods that need to know how values are distributed."""
