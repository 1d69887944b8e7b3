"""How often which values occur, with their ends, counted while they come."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from gossamer.quantization.histogram import Histogram

if TYPE_CHECKING:
    import numpy.typing as npt

    from gossamer.ir.types import Array


class Distribution:
    """A histogram of what is finite among the values that it is given.

    Attributes:
        minimum: the least value so far.
        maximum: the greatest value so far.
    """

    __slots__ = ("_histogram", "maximum", "minimum")

    def __init__(self) -> None:
        self.minimum, self.maximum = math.inf, -math.inf
        self._histogram = Histogram()

    @property
    def total(self) -> int:
        """How many values were counted."""
        return int(self._histogram.counts.sum())

    def add(self, values: Array) -> None:
        """Count values of any shape; what is not finite is left out."""
        values = values.astype(np.float32, copy=False)
        if not values.size:
            return
        least, most = float(values.min()), float(values.max())
        if not math.isfinite(least) or not math.isfinite(most):
            self.add(values[np.isfinite(values)])
            return
        self.minimum, self.maximum = min(self.minimum, least), max(self.maximum, most)
        self._histogram.add(values, least, most)

    def bars(self, low: float, high: float, count: int) -> npt.NDArray[np.int64]:
        """How many values fall into each of `count` bars from `low` to `high`.

        A value counts as the middle of its bin; those outside go to the bars at the
        ends.
        """
        step = (high - low) / count or 1.0
        places = np.floor((self._histogram.centers - low) / step)
        inside = np.clip(places, 0, count - 1).astype(np.int64)
        found = np.bincount(inside, self._histogram.counts, count)
        return found.astype(np.int64)
