"""Models whose weights share a few values, which are trained with them."""

from __future__ import annotations

import csv

import jax
import keras
import numpy as np
import pytest

import gossamer
from gossamer import clustering, sparsity
from gossamer.training.state import array_of
from tests.training import nets

FAST = {"batch_size": 8, "verbose": 0, "shuffle": False}


@pytest.fixture(autouse=True)
def _seed():
    keras.utils.set_random_seed(0)


def trained(model, epochs=2, initial=0, callbacks=()):
    x, y = nets.data()
    options = {**FAST, "callbacks": list(callbacks)}
    model.fit(x, y, epochs=epochs, initial_epoch=initial, **options)
    return model


def wrapped(model):
    every = model._flatten_layers()
    return [each for each in every if isinstance(each, clustering.ClusterWeights)]


def kernels(model):
    """The kernels of the layers that are clustered, by the layers inside."""
    places = [place for layer in wrapped(model) for place in layer.held]
    return [place.variable for place in places]


def dense(units=12):
    start = [nets.layers.Input((8, 8, 1)), nets.layers.Flatten()]
    return keras.Sequential([*start, nets.layers.Dense(units)])


@pytest.mark.parametrize("method", ["linear", "kmeans_plus_plus"])
@pytest.mark.parametrize("name", nets.NETS)
def test_every_kernel_has_the_values_asked_for(name, method):
    x, _ = nets.data(3)
    clustered = clustering.cluster_weights(nets.NETS[name](), 8, method)
    held = kernels(clustered)
    expected = {"sequential": 2, "functional": 2 + 4 + 4 + 1, "own": 3}
    assert len(held) == expected[name]
    trained(nets.compiled(clustered))
    before = nets.outputs(clustered, x)
    stripped = clustering.strip_clustering(clustered)
    assert not wrapped(stripped)
    assert all(np.unique(array_of(variable)).size <= 8 for variable in held)
    np.testing.assert_allclose(nets.outputs(stripped, x), before, rtol=1e-5, atol=1e-6)


def test_each_weight_counts_as_the_value_nearest_to_it():
    model = clustering.cluster_weights(dense(), 6)
    (layer,) = wrapped(model)
    kernel, values = array_of(layer.layer.kernel), array_of(layer.centroids[0])[0]
    nearest = values[np.abs(kernel[..., None] - values).argmin(-1)]
    made = layer.effective(0, layer.layer.kernel.value, training=False)
    np.testing.assert_allclose(np.asarray(made), nearest, atol=1e-6)


@pytest.mark.parametrize("aggregation", ["sum", "avg"])
def test_values_learn_from_the_weights_that_share_them(aggregation):
    """Of a loss with gradient g at each weight: the sum or mean of g by value."""
    model = clustering.cluster_weights(dense(4), 3, gradient_aggregation=aggregation)
    (layer,) = wrapped(model)
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


def test_training_moves_values_and_weights():
    model = clustering.cluster_weights(dense(), 6)
    (layer,) = wrapped(model)
    before = [array_of(v).copy() for v in (layer.centroids[0], layer.layer.kernel)]
    trained(nets.compiled(model))
    after = [array_of(v) for v in (layer.centroids[0], layer.layer.kernel)]
    assert all((a != b).any() for a, b in zip(before, after, strict=True))


def test_channels_may_have_values_of_their_own():
    model = clustering.cluster_weights(dense(), 4, cluster_per_channel=True)
    (kernel,) = kernels(model)
    clustering.strip_clustering(trained(nets.compiled(model)))
    counts = [np.unique(column).size for column in array_of(kernel).T]
    assert max(counts) <= 4
    assert np.unique(array_of(kernel)).size > 8


def test_zeros_of_a_pruned_model_stay():
    schedule = sparsity.ConstantSparsity(0.5, 0, frequency=1)
    pruned = nets.compiled(sparsity.prune_low_magnitude(dense(), schedule))
    trained(pruned, callbacks=[sparsity.UpdatePruningStep()])
    model = clustering.cluster_weights(
        sparsity.strip_pruning(pruned), 8, preserve_sparsity=True
    )
    (kernel,) = kernels(model)
    zero = array_of(kernel) == 0
    assert zero.mean() == 0.5
    clustering.strip_clustering(trained(nets.compiled(model)))
    assert (array_of(kernel)[zero] == 0).all()
    assert np.unique(array_of(kernel)).size <= 8


@pytest.mark.parametrize("per_channel", [False, True])
def test_values_on_a_grid_are_multiples_of_a_trained_step(per_channel):
    model = clustering.cluster_weights(
        dense(), 16, cluster_per_channel=per_channel, on_grid=True
    )
    (layer,) = wrapped(model)
    before = array_of(layer.centroids[0]).copy()
    assert before.shape == ((12, 1) if per_channel else (1, 1))
    clustering.strip_clustering(trained(nets.compiled(model)))
    step = np.abs(array_of(layer.centroids[0]))
    assert (step != before).any()
    levels = array_of(layer.layer.kernel) / step.T
    np.testing.assert_allclose(levels, np.rint(levels), atol=1e-4)
    assert np.abs(levels).max() <= 7.001


@pytest.mark.parametrize("name", nets.NETS)
def test_training_that_was_interrupted_ends_as_if_it_had_not_been(name, tmp_path):
    def fresh():
        keras.utils.set_random_seed(3)
        return nets.compiled(clustering.cluster_weights(nets.NETS[name](), 8))

    whole = trained(fresh(), epochs=3)
    trained(fresh(), epochs=1).save(tmp_path / "half.keras")
    loaded = keras.models.load_model(
        tmp_path / "half.keras", custom_objects={"Own": nets.Own}
    )
    resumed = trained(loaded, epochs=3, initial=1)
    for one, other in zip(whole.weights, resumed.weights, strict=True):
        np.testing.assert_allclose(array_of(one), array_of(other), atol=1e-6)


def test_layers_with_fewer_weights_than_values_stay_as_they_are():
    model = clustering.cluster_weights(nets.sequential(), 40)
    assert [each.layer.name[:5] for each in wrapped(model)] == ["dense"]
    convolution = nets.layers.Conv2D(4, 3)
    convolution.build((None, 8, 8, 1))
    with pytest.raises(ValueError, match="40 clusters are more than the 36 weights"):
        clustering.cluster_weights(convolution, 40)


def test_what_cannot_be_clustered_is_refused():
    with pytest.raises(ValueError, match="at least 2; it is 1"):
        clustering.cluster_weights(dense(), 1)
    with pytest.raises(ValueError, match="at least 3, of which one is zero; it is 2"):
        clustering.cluster_weights(dense(), 2, preserve_sparsity=True)
    with pytest.raises(ValueError, match="before it is clustered"):
        clustering.cluster_weights(nets.Own(), 8)
    layer = nets.layers.ReLU()
    layer.build((None, 3))
    with pytest.raises(ValueError, match="has nothing to cluster"):
        clustering.cluster_weights(layer, 8)


def test_a_layer_of_ones_own_names_its_weights():
    class Scale(keras.layers.Layer, clustering.ClusterableLayer):
        def build(self, shape):
            self.factor = self.add_weight(shape=(shape[-1],), name="factor")

        def call(self, x):
            return x * self.factor

        def get_clusterable_weights(self):
            return [self.factor]

    scale = Scale()
    scale.build((None, 10))
    model = keras.Sequential([nets.sequential(), scale])
    model.build((None, 8, 8, 1))
    clustering.strip_clustering(clustering.cluster_weights(model, 3))
    assert np.unique(array_of(scale.factor)).size <= 3


def test_summaries_tell_of_each_weight(tmp_path):
    model = nets.compiled(clustering.cluster_weights(nets.sequential(), 8))
    trained(model, callbacks=[clustering.ClusteringSummaries(tmp_path / "logs")])
    with (tmp_path / "logs" / "clustering.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [row["step"] for row in rows] == ["8", "8", "16", "16"]
    assert {row["values"] for row in rows} == {"8"}
    assert float(rows[-1]["least"]) < 0 < float(rows[-1]["greatest"])


def test_a_clustered_model_converts_to_the_answers_it_gives():
    model = trained(nets.compiled(clustering.cluster_weights(nets.sequential(), 8)))
    x, _ = nets.data(3)
    for each in (model, clustering.strip_clustering(model)):
        run = gossamer.load(gossamer.convert(each))
        found = np.concatenate([run(row[None]) for row in x])
        np.testing.assert_allclose(found, nets.outputs(each, x), atol=1e-5)
