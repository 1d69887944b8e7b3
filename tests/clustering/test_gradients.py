"""What clusters learn, by JAX's gradients."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from gossamer import clustering
from gossamer.training.state import array_of

jax = pytest.importorskip("jax")


@pytest.mark.parametrize("aggregation", ["sum", "avg"])
def test_values_learn_from_the_weights_that_share_them(aggregation):
    """Of a loss with gradient g at each weight: the sum or mean of g by value."""
    dense = keras.layers.Dense(4)
    dense.build((None, 64))
    layer = clustering.cluster_weights(dense, 3, gradient_aggregation=aggregation)
    kernel = array_of(layer.layer.kernel)
    slope = np.random.default_rng(0).normal(size=kernel.shape).astype(np.float32)
    values = np.sort(array_of(layer.centroids[0])[0])
    index = np.abs(kernel[..., None] - values).argmin(-1)

    def loss(centroids):
        shared = layer._nearest(layer.layer.kernel.value, centroids)
        return (shared * slope).sum()

    found = np.asarray(jax.grad(loss)(values[np.newaxis]))[0]
    reduce = np.sum if aggregation == "sum" else np.mean
    expected = [reduce(slope[index == cluster]) for cluster in range(3)]
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-6)
