"""Where the values of clusters begin, by the formulas."""

from __future__ import annotations

import numpy as np
import pytest

from gossamer.clustering.centroids import (
    CentroidInitialization,
    first_centroids,
    first_step,
)

WEIGHTS = np.random.default_rng(0).normal(size=(1, 1000)).astype(np.float32)


@pytest.mark.parametrize("method", CentroidInitialization)
@pytest.mark.parametrize("clusters", [2, 5, 16])
def test_centroids_are_in_order_and_within_the_weights(method, clusters):
    made = first_centroids(WEIGHTS, clusters, method)
    assert made.shape == (1, clusters)
    assert made.dtype == np.float32
    assert (np.diff(made) >= 0).all()
    assert WEIGHTS.min() <= made.min() <= made.max() <= WEIGHTS.max()


def test_linear_ones_are_even():
    made = first_centroids(WEIGHTS, 5, CentroidInitialization.LINEAR)
    even = np.linspace(WEIGHTS.min(), WEIGHTS.max(), 5)
    np.testing.assert_allclose(made[0], even, rtol=1e-6)


def test_density_based_ones_are_where_the_distribution_is_even():
    made = first_centroids(WEIGHTS, 5, CentroidInitialization.DENSITY_BASED)
    below = [(value >= WEIGHTS).mean() for value in made[0]]
    np.testing.assert_allclose(below, np.linspace(0.01, 1, 5), atol=1e-3)


def test_k_means_finds_the_groups_there_are():
    random = np.random.default_rng(1)
    groups = np.array([-3, -1, 0, 2.0])
    row = np.concatenate([random.normal(g, 0.05, 50) for g in groups])[np.newaxis]
    made = first_centroids(row, 4, CentroidInitialization.KMEANS_PLUS_PLUS)
    np.testing.assert_allclose(made[0], groups, atol=0.05)


def test_k_means_errs_least():
    def error(method):
        made = first_centroids(WEIGHTS, 8, method)[0]
        return (np.abs(WEIGHTS[0][:, None] - made).min(1) ** 2).mean()

    errors = {method: error(method) for method in CentroidInitialization}
    assert min(errors, key=errors.__getitem__).name == "KMEANS_PLUS_PLUS"


def test_rows_have_values_of_their_own():
    rows = np.stack([WEIGHTS[0, :50], 10 * WEIGHTS[0, 50:100]])
    made = first_centroids(rows, 4, CentroidInitialization.LINEAR)
    np.testing.assert_allclose(made[:, 0], rows.min(1), rtol=1e-6)
    np.testing.assert_allclose(made[:, -1], rows.max(1), rtol=1e-6)


def test_a_step_is_found_that_the_weights_already_have():
    levels = np.random.default_rng(2).integers(-7, 8, (3, 40))
    levels[:, 0] = 7
    steps = np.array([[0.5], [0.01], [3.0]])
    np.testing.assert_allclose(first_step(levels * steps, 7), steps, rtol=1e-6)


def test_weights_that_are_all_zero_have_a_step():
    assert (first_step(np.zeros((2, 5)), 7) > 0).all()
