"""Models that prune themselves while they train."""

from __future__ import annotations

import csv

import keras
import numpy as np
import pytest

import gossamer
from gossamer import sparsity
from gossamer.training.state import array_of, synced
from tests.training import nets

FAST = {"batch_size": 8, "verbose": 0, "shuffle": False}


@pytest.fixture(autouse=True)
def _seed():
    keras.utils.set_random_seed(0)


def schedule(final=0.8, end=10):
    return sparsity.PolynomialDecay(0.0, final, 0, end, frequency=2)


def trained(model, epochs=2, initial=0, callbacks=()):
    x, y = nets.data()
    every = [sparsity.UpdatePruningStep(), *callbacks]
    model.fit(x, y, epochs=epochs, initial_epoch=initial, callbacks=every, **FAST)
    return model


def wrapped(model):
    every = model._flatten_layers()
    return [each for each in every if isinstance(each, sparsity.PruneLowMagnitude)]


def zeros(layer):
    return [float((array_of(x.variable) == 0).mean()) for x in layer.held]


@pytest.mark.parametrize("name", nets.NETS)
def test_every_kernel_reaches_the_sparsity_asked_for(name):
    model, (x, _) = nets.NETS[name](), nets.data(3)
    before = nets.outputs(model, x)
    pruned = sparsity.prune_low_magnitude(model, schedule())
    np.testing.assert_allclose(nets.outputs(pruned, x), before, rtol=1e-5, atol=1e-6)
    trained(nets.compiled(pruned))
    found = [part for layer in wrapped(pruned) for part in zeros(layer)]
    expected = {"sequential": 2, "functional": 2 + 4 + 4 + 1, "own": 3}
    assert len(found) == expected[name]
    assert all(part == pytest.approx(0.8, abs=0.04) for part in found)
    after = nets.outputs(pruned, x)
    stripped = sparsity.strip_pruning(pruned)
    assert not wrapped(stripped)
    np.testing.assert_allclose(nets.outputs(stripped, x), after, rtol=1e-5, atol=1e-6)


def test_masks_are_those_of_the_schedule_at_every_step():
    """Step t prunes the weights as they are before the batch, by the formula."""
    seen = []

    class Watch(sparsity.UpdatePruningStep):
        def on_train_batch_end(self, batch, logs=None):
            with synced(self.model):
                (layer,) = wrapped(self.model)
                seen.append(array_of(layer.masks[0]))

    model = keras.Sequential([nets.layers.Input((8, 8, 1)), nets.layers.Flatten()])
    model.add(nets.layers.Dense(10))
    plan = sparsity.PolynomialDecay(0.1, 0.9, 1, 7, frequency=3)
    pruned = nets.compiled(sparsity.prune_low_magnitude(model, plan))
    x, y = nets.data()
    pruned.fit(x, y, epochs=1, callbacks=[Watch()], **FAST)
    kept = [int(mask.sum()) for mask in seen]
    steps = {0: 640}
    for step in (1, 4, 7):
        part = 0.9 + (0.1 - 0.9) * (1 - (step - 1) / 6) ** 3
        steps[step] = round(640 * (1 - part))
    expected = [steps[max(s for s in steps if s <= step)] for step in range(8)]
    assert kept == expected


@pytest.mark.parametrize("name", ["sequential", "functional"])
def test_training_that_was_interrupted_ends_as_if_it_had_not_been(name, tmp_path):
    keras.utils.set_random_seed(3)
    start = nets.NETS[name]()
    weights = [array_of(w).copy() for w in start.weights]

    def fresh():
        start.set_weights(weights)
        made = sparsity.prune_low_magnitude(keras.models.clone_model(start), schedule())
        made.set_weights([*_filled(made, weights)])
        return nets.compiled(made)

    whole = trained(fresh(), epochs=3)
    part = trained(fresh(), epochs=1)
    part.save(tmp_path / "half.keras")
    loaded = keras.models.load_model(tmp_path / "half.keras")
    resumed = trained(loaded, epochs=3, initial=1)
    for one, other in zip(whole.weights, resumed.weights, strict=True):
        np.testing.assert_allclose(array_of(one), array_of(other), atol=1e-6)
    (first, *_), (same, *_) = wrapped(whole), wrapped(resumed)
    assert int(array_of(first.pruning_step)) == int(array_of(same.pruning_step)) == 24


def _filled(model, weights):
    """A pruned model's weights: those given, and masks of ones between them."""
    given = iter(weights)
    for variable in model.weights:
        own = "mask" in variable.name or variable.name == "step"
        yield array_of(variable) if own else next(given)


def test_layers_are_pruned_one_by_one_too():
    layers = nets.layers
    (first, second) = sparsity.prune_low_magnitude(
        [layers.Conv2D(4, 3), layers.Dense(10)], schedule(0.5)
    )
    model = keras.Sequential([layers.Input((8, 8, 1)), first, layers.Flatten(), second])
    trained(nets.compiled(model))
    assert zeros(first) == [pytest.approx(0.5, abs=0.02)]
    assert zeros(second) == [pytest.approx(0.5, abs=0.02)]
    assert type(sparsity.strip_pruning(first)) is layers.Conv2D


def test_blocks_and_patterns():
    layers = nets.layers

    def dense(**options):
        model = keras.Sequential([layers.Input((8, 8, 1)), layers.Flatten()])
        model.add(
            sparsity.prune_low_magnitude(layers.Dense(12), schedule(0.5), **options)
        )
        return array_of(trained(nets.compiled(model)).layers[-1].layer.kernel)

    blocks = dense(block_size=(1, 4)).reshape(64, 3, 4) == 0
    assert (blocks.all(-1) | ~blocks.any(-1)).all()
    pattern = dense(sparsity_m_by_n=(2, 4)).T.reshape(12, 16, 4)
    assert ((pattern == 0).sum(-1) == 2).all()


def test_in_a_model_a_pattern_skips_the_layers_it_does_not_fit():
    model = sparsity.prune_low_magnitude(
        nets.sequential(), schedule(), sparsity_m_by_n=(2, 4)
    )
    assert [each.layer.name[:5] for each in wrapped(model)] == ["dense"]


def test_a_layer_of_ones_own_names_its_weights():
    class Scale(keras.layers.Layer, sparsity.PrunableLayer):
        def build(self, shape):
            self.factor = self.add_weight(shape=(shape[-1],), name="factor")

        def call(self, x):
            return x * self.factor

        def get_prunable_weights(self):
            return [self.factor]

    scale = Scale()
    scale.build((None, 10))
    model = keras.Sequential([nets.sequential(), scale])
    model.build((None, 8, 8, 1))
    pruned = nets.compiled(sparsity.prune_low_magnitude(model, schedule(0.5)))
    trained(pruned)
    assert (array_of(scale.factor) == 0).sum() == 5


def test_a_policy_chooses_layers():
    policy = sparsity.PruneForLatencyOnXNNPack()
    model = sparsity.prune_low_magnitude(
        nets.functional(), schedule(), pruning_policy=policy
    )
    assert [tuple(each.layer.kernel_size) for each in wrapped(model)] == [(1, 1)]
    with pytest.raises(ValueError, match="neither dense layers nor 1x1"):
        sparsity.prune_low_magnitude(
            nets.sequential(), schedule(), pruning_policy=policy
        )


def test_summaries_tell_of_each_weight(tmp_path):
    model = sparsity.prune_low_magnitude(nets.sequential(), schedule())
    report = sparsity.PruningSummaries(tmp_path / "logs")
    trained(nets.compiled(model), callbacks=[report])
    with (tmp_path / "logs" / "pruning.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [row["step"] for row in rows] == ["8", "8", "16", "16"]
    assert float(rows[-1]["sparsity"]) == pytest.approx(0.8, abs=0.02)
    assert float(rows[-1]["threshold"]) > 0


def test_what_cannot_be_pruned_is_refused():
    with pytest.raises(ValueError, match="has no layer to prune"):
        trained(nets.compiled(nets.sequential()))
    with pytest.raises(ValueError, match="has no weights yet"):
        sparsity.prune_low_magnitude(nets.Own())
    layer = nets.layers.ReLU()
    layer.build((None, 3))
    with pytest.raises(ValueError, match="has nothing to prune"):
        sparsity.prune_low_magnitude(layer)
    dense = nets.layers.Dense(3)
    with pytest.raises(ValueError, match="Should be 'AVG' or 'MAX'"):
        sparsity.prune_low_magnitude(dense, block_pooling_type="SUM")


def test_a_pruned_model_converts_to_the_answers_it_gives():
    model = trained(
        nets.compiled(sparsity.prune_low_magnitude(nets.sequential(), schedule()))
    )
    x, _ = nets.data(3)
    for each in (model, sparsity.strip_pruning(model)):
        run = gossamer.load(gossamer.convert(each))
        found = np.concatenate([run(row[None]) for row in x])
        np.testing.assert_allclose(found, nets.outputs(each, x), atol=1e-5)
