"""Where the values that weights share begin, and which of them is nearest.

Weights come as NumPy arrays (rows, weights of a row): one row for a whole kernel, or
one for each output channel. Centroids are (rows, clusters), in order.
"""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Array = NDArray[Any]
    Choose = Callable[[Array, int, np.random.Generator], Array]

_ROUNDS = 20
"""Rounds of Lloyd's algorithm after k-means++ has drawn where to begin."""

_MOST = 1 << 16
"""Weights that k-means looks at; more say no more of where the centroids are."""


class CentroidInitialization(enum.Enum):
    """How the first values of the clusters are chosen.

    `LINEAR`: evenly from the least to the greatest weight. `RANDOM`: drawn evenly
    between these. `DENSITY_BASED`: where weights are dense, so that each value serves
    about as many. `KMEANS_PLUS_PLUS`: for the least square error.
    """

    LINEAR = "linear"
    RANDOM = "random"
    DENSITY_BASED = "density_based"
    KMEANS_PLUS_PLUS = "kmeans_plus_plus"


def first_centroids(
    weights: Array, clusters: int, method: CentroidInitialization, seed: int = 0
) -> Array:
    """The first values of the clusters: float32 (rows, clusters), ascending.

    Args:
        weights: (rows, weights of a row).
        clusters: how many values a row may have.
        method: how they are chosen.
        seed: of what is drawn; the same seed gives the same values.
    """
    random = np.random.default_rng(seed)
    choose = _METHODS[method]
    rows = [
        choose(np.sort(row.astype(np.float64)), clusters, random) for row in weights
    ]
    return np.sort(np.stack(rows), axis=1).astype(np.float32)


def first_step(weights: Array, levels: int) -> Array:
    """The step of an even grid around zero with the least square error: (rows, 1).

    Args:
        weights: (rows, weights of a row).
        levels: the greatest multiple of the step.
    """
    most = np.maximum(np.abs(weights).max(1, keepdims=True), 1e-7)
    tried = [most * part / levels for part in np.linspace(0.3, 1, 29)]

    def error(step: Array) -> Array:
        rounded = np.clip(np.rint(weights / step), -levels, levels)
        return ((rounded * step - weights) ** 2).sum(1, keepdims=True)

    best = np.argmin([error(step) for step in tried], axis=0)
    chosen: Array = np.take_along_axis(np.stack(tried), best[np.newaxis], 0)
    return chosen[0].astype(np.float32)


def _linear(row: Array, clusters: int, _random: np.random.Generator) -> Array:
    return np.linspace(float(row[0]), float(row[-1]), clusters)


def _random(row: Array, clusters: int, random: np.random.Generator) -> Array:
    drawn: Array = random.uniform(row[0], row[-1], clusters)
    return drawn


def _density_based(row: Array, clusters: int, _random: np.random.Generator) -> Array:
    """The inverse of the distribution at even probabilities from 0.01 to 1."""
    place = np.linspace(0.01, 1, clusters) * row.size
    return row[np.clip(np.ceil(place).astype(int) - 1, 0, row.size - 1)]


def _kmeans_plus_plus(row: Array, clusters: int, random: np.random.Generator) -> Array:
    """Arthur and Vassilvitskii, "k-means++" (2007), then Lloyd's algorithm."""
    if row.size > _MOST:
        row = row[:: -(-row.size // _MOST)]
    found = [row[random.integers(row.size)]]
    distance = (row - found[0]) ** 2
    while len(found) < clusters:
        total = distance.sum()
        part = distance / total if total > 0 else None
        found.append(random.choice(row, p=part))
        distance = np.minimum(distance, (row - found[-1]) ** 2)
    return _settled(row, np.sort(found))


def _settled(row: Array, centroids: Array) -> Array:
    """Each centroid at the mean of the weights nearest to it, again and again."""
    sums = np.concatenate([[0.0], np.cumsum(row)])
    for _ in range(_ROUNDS):
        borders = np.searchsorted(row, (centroids[1:] + centroids[:-1]) / 2)
        ends = np.concatenate([[0], borders, [row.size]])
        count = np.diff(ends)
        mean = np.diff(sums[ends]) / np.maximum(count, 1)
        moved = np.where(count > 0, mean, centroids)
        if np.array_equal(moved, centroids):
            break
        centroids = np.sort(moved)
    return centroids


_METHODS: dict[CentroidInitialization, Choose] = {
    CentroidInitialization.LINEAR: _linear,
    CentroidInitialization.RANDOM: _random,
    CentroidInitialization.DENSITY_BASED: _density_based,
    CentroidInitialization.KMEANS_PLUS_PLUS: _kmeans_plus_plus,
}
