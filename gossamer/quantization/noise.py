"""How far values are from those that were wanted, summed up sample by sample."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from gossamer.ir.types import Array


@dataclass(slots=True)
class Noise:
    """Sums over all differences, in float64.

    Attributes:
        count: values that were compared.
        power: the sum of squares of what was wanted.
        error: the sum of the differences, found - wanted.
        squared: the sum of their squares.
        largest: the greatest magnitude among them.
    """

    count: int = 0
    power: float = 0.0
    error: float = 0.0
    squared: float = 0.0
    largest: float = 0.0

    def add(self, wanted: Array, found: Array) -> Array:
        """Compare two arrays of one shape; gives the differences, float64, flat.

        Places where either is not finite are left out.
        """
        real = wanted.reshape(-1).astype(np.float64)
        difference = found.reshape(-1).astype(np.float64) - real
        squared = _power(difference)
        if not math.isfinite(squared):
            finite = np.isfinite(difference)
            real, difference = real[finite], difference[finite]
            squared = _power(difference)
        if difference.size:
            least, most = float(difference.min()), float(difference.max())
            self.count += difference.size
            self.power += _power(real)
            self.error += float(difference.sum())
            self.squared += squared
            self.largest = max(self.largest, -least, most)
        return difference

    @property
    def mean(self) -> float:
        """The mean difference; 0 before the first."""
        return self.error / self.count if self.count else 0.0

    @property
    def mean_squared(self) -> float:
        """The mean of the squared differences."""
        return self.squared / self.count if self.count else 0.0

    @property
    def root_mean_squared(self) -> float:
        return math.sqrt(self.mean_squared)

    @property
    def stddev(self) -> float:
        """The standard deviation of the differences."""
        return math.sqrt(max(self.mean_squared - self.mean**2, 0.0))

    @property
    def decibels(self) -> float:
        """Signal to noise: 10 log10 of the power wanted over that of the differences.

        Infinite where there is no difference.
        """
        if not self.squared:
            return math.inf
        if not self.power:
            return -math.inf
        return 10 * math.log10(self.power / self.squared)


def _power(values: Array) -> float:
    """The sum of squares; a dot product would be given to several threads."""
    return float(np.square(values).sum())
