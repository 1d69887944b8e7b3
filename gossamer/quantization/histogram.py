"""A histogram of what streams past, in bounded memory, the same in whatever order.

A bin is [i * width, (i + 1) * width) for a whole i, and a width is a power of two. So
0 is always an edge, and when the values outgrow the bins, pairs of bins become one
without any value changing its place.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from gossamer.ir.types import Array

BINS = 4096
"""The most bins there are; more than half of them span the values seen."""

_CHUNK = 1 << 15
"""Elements that are sorted into bins at a time: their indices fit into a cache."""

_NARROWEST = -100
"""The least exponent of a width: below are only values that are 0 in effect."""

_LARGEST_INDEX = 20
"""Bins lie within 2**20 widths of 0, also where all values are about the same."""


class Histogram:
    """Counts of values by bins; empty at first."""

    __slots__ = ("_exponent", "_first", "counts")

    def __init__(self) -> None:
        self.counts: Array = np.zeros(0, np.int64)
        self._first = 0
        self._exponent = _NARROWEST

    @property
    def width(self) -> float:
        """The width of a bin."""
        return 2.0**self._exponent

    @property
    def edges(self) -> Array:
        """The edges of the bins, float64, one more than there are bins."""
        return (self._first + np.arange(self.counts.size + 1)) * self.width

    @property
    def centers(self) -> Array:
        """The middles of the bins, float64."""
        return self.edges[:-1] + self.width / 2

    def add(self, array: Array, minimum: float, maximum: float) -> None:
        """Count the values of a float32 array, whose extremes are given."""
        self._reach(minimum, maximum)
        flat, factor = array.reshape(-1), np.float32(2.0**-self._exponent)
        for start in range(0, flat.size, _CHUNK):
            index = np.floor(flat[start : start + _CHUNK] * factor).astype(np.int64)
            index -= self._first
            self.counts += np.bincount(index, minlength=self.counts.size)

    def _reach(self, minimum: float, maximum: float) -> None:
        """Have bins from `minimum` to `maximum`, as narrow as their number allows."""
        if self.counts.size:
            minimum = min(minimum, self._first * self.width)
            maximum = max(maximum, (self._first + self.counts.size - 1) * self.width)
        exponent = max(self._exponent, _exponent(minimum, maximum))
        self._merge(exponent - self._exponent)
        first, last = (math.floor(x / self.width) for x in (minimum, maximum))
        before = self._first - first if self.counts.size else 0
        counts = np.zeros(last - first + 1, np.int64)
        counts[before : before + self.counts.size] = self.counts
        self.counts, self._first = counts, first

    def _merge(self, doublings: int) -> None:
        """Make every bin 2**`doublings` times as wide."""
        self._exponent += doublings
        if not doublings or not self.counts.size:
            return
        old = self._first + np.arange(self.counts.size)
        new = old >> min(doublings, 63)
        self._first = int(new[0])
        self.counts = np.bincount(new - new[0], self.counts).astype(np.int64)


def _exponent(minimum: float, maximum: float) -> int:
    """The least exponent of a width by which values need no more than `BINS` bins."""
    exponent = _NARROWEST
    largest = max(abs(minimum), abs(maximum))
    if largest:
        exponent = max(exponent, math.frexp(largest)[1] - _LARGEST_INDEX)
    if maximum > minimum:
        exponent = max(exponent, math.frexp((maximum - minimum) / BINS)[1] - 1)
    while _bins(minimum, maximum, exponent) > BINS:
        exponent += 1
    return exponent


def _bins(minimum: float, maximum: float, exponent: int) -> int:
    width = 2.0**exponent
    return math.floor(maximum / width) - math.floor(minimum / width) + 1
