"""How often which values occur, counted while they come and in little memory."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    from gossamer.ir.types import Array

BINS = 64
"""Bins of a distribution: an even number, as they are joined in pairs."""

_NARROWEST = 1e-12
"""A range is at least this part of its ends: bins keep a width in float64."""


class Distribution:
    """Counts in bins of one width, over a range that doubles when a value is outside.

    Attributes:
        counts: values in each bin, int64 [BINS].
        low: where the first bin begins.
        width: of a bin; 0 before the first value.
        minimum: the least value so far.
        maximum: the greatest value so far.
    """

    __slots__ = ("counts", "low", "maximum", "minimum", "width")

    def __init__(self) -> None:
        self.counts: npt.NDArray[np.int64] = np.zeros(BINS, np.int64)
        self.low = self.width = 0.0
        self.minimum, self.maximum = np.inf, -np.inf

    @property
    def high(self) -> float:
        """Where the last bin ends."""
        return self.low + BINS * self.width

    @property
    def total(self) -> int:
        """How many values were counted."""
        return int(self.counts.sum())

    def add(self, values: Array) -> None:
        """Count values of any shape; what is not finite is left out."""
        if not values.size:
            return
        least, most = float(values.min()), float(values.max())
        if not math.isfinite(least) or not math.isfinite(most):
            self.add(values[np.isfinite(values)])
            return
        self.minimum, self.maximum = min(self.minimum, least), max(self.maximum, most)
        if not self.width:
            self._begin(least, most)
        self._reach(least, most)
        places = values.reshape(-1).astype(np.float64)
        places -= self.low
        places *= 1 / self.width
        inside = np.clip(places, 0, BINS - 1).astype(np.intp)
        self.counts += np.bincount(inside, minlength=BINS)

    def _begin(self, least: float, most: float) -> None:
        span = max(most - least, _NARROWEST * max(abs(least), abs(most), 1.0))
        self.low, self.width = least, span / BINS

    def _reach(self, least: float, most: float) -> None:
        """Double the range, upwards or downwards, until it holds both."""
        slack = self.width  # what rounding may put a hair beyond the last bin
        while most > self.high + slack:
            self._double(slice(None, BINS // 2))
        while least < self.low - slack:
            self.low -= BINS * self.width
            self._double(slice(BINS // 2, None))

    def _double(self, half: slice) -> None:
        """Make bins twice as wide; what was counted goes to one half of them."""
        pairs = self.counts.reshape(-1, 2).sum(1)
        self.counts[:] = 0
        self.counts[half] = pairs
        self.width *= 2
