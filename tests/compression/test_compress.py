"""From a trained model to a small file in one call."""

from __future__ import annotations

import keras
import numpy as np
import pytest

import gossamer
from gossamer import Recipe
from gossamer.errors import InputError, QuantizationError
from tests.training import nets

QUICK = {"epochs": 1, "batch_size": 16, "quiet": True}


@pytest.fixture(autouse=True)
def _seed():
    keras.utils.set_random_seed(0)


def blobs(count=256):
    """Inputs of four classes that are easily told apart."""
    random = np.random.default_rng(0)
    labels = np.arange(count) % 4
    centers = random.normal(size=(4, 8, 8, 1))
    noise = random.normal(scale=0.3, size=(count, 8, 8, 1))
    return (centers[labels] + noise).astype(np.float32), labels.astype(np.int32)


def trained(model, learning_rate=1e-2):
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(learning_rate), loss)
    x, y = blobs()
    model.fit(x, y, epochs=3, batch_size=16, verbose=0)
    return model


def dense():
    layers = nets.layers
    start = [layers.Input((8, 8, 1)), layers.Flatten()]
    return keras.Sequential([*start, layers.Dense(32, "relu"), layers.Dense(4)])


def answers(content, x):
    run = gossamer.load(content)
    return np.concatenate([run(row[None]) for row in x])


def test_the_first_recipe_that_reaches_the_target_is_taken():
    model = trained(dense())
    before = model.get_weights()
    found = gossamer.compress(model, blobs(), target_size="50 %", **QUICK)
    assert found.reached
    assert found.chosen.recipe == Recipe("dynamic")
    assert [each.recipe.mode for each in found.attempts] == ["float16", "dynamic"]
    assert len(found.content) == found.chosen.size
    assert found.chosen.packed == gossamer.file_sizes(found.content).gzip
    assert found.chosen.metric >= found.reference.metric - 0.01
    for one, other in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


def test_weights_are_pruned_and_clustered_as_the_recipe_says():
    model = trained(dense())
    recipe = Recipe("int8", sparsity=0.5, clusters=8)
    found = gossamer.compress(
        model, blobs(), packed=True, max_drop=0.5, recipes=[recipe], **QUICK
    )
    assert found.chosen.recipe == recipe
    kernels = [weights for weights in found.weights if weights.ndim == 2]
    assert all(np.unique(kernel).size <= 8 for kernel in kernels)
    assert all(
        (kernel == 0).mean() == pytest.approx(0.5, abs=0.03) for kernel in kernels
    )
    model.set_weights(found.weights)
    x, y = blobs()
    right = (answers(found.content, x).argmax(1) == y).mean()
    assert right == pytest.approx(
        (nets.outputs(model, x).argmax(1) == y).mean(), abs=0.02
    )


def test_a_pattern_is_kept():
    recipe = Recipe("dynamic", pattern=(2, 4))
    found = gossamer.compress(
        trained(dense()), blobs(), max_drop=1, recipes=[recipe], **QUICK
    )
    kernel = found.weights[0].T.reshape(32, 16, 4)
    assert ((kernel == 0).sum(-1) == 2).all()
    assert recipe.name == "2:4 pruned, dynamic"


def test_what_asks_for_more_than_what_broke_is_left_out():
    recipes = [
        Recipe("int8", sparsity=0.98),
        Recipe("int8", sparsity=0.99),
        Recipe("int8", sparsity=0.98, clusters=3),
        Recipe("int8", clusters=8),
    ]
    found = gossamer.compress(
        trained(dense()), blobs(), max_drop=0.0, recipes=recipes, **QUICK
    )
    assert not found.attempts[0].holds
    assert [each.recipe for each in found.attempts] == [recipes[0], recipes[3]]


def test_the_model_itself_is_given_where_nothing_holds():
    recipe = Recipe("int8", sparsity=0.98)
    found = gossamer.compress(
        trained(dense()),
        blobs(),
        target_size=10,
        max_drop=0.0,
        recipes=[recipe],
        **QUICK,
    )
    assert not found.reached
    assert found.chosen is found.reference


def test_int8_is_trained_where_it_drops_too_much_untrained():
    twins = [Recipe("int8"), Recipe("int8", aware=True)]
    found = gossamer.compress(
        trained(dense()), blobs(), max_drop=1, recipes=twins, **QUICK
    )
    assert [each.recipe for each in found.attempts] == twins[:1]
    found = gossamer.compress(
        trained(dense()), blobs(), max_drop=1, recipes=twins[1:], **QUICK
    )
    assert found.chosen.recipe == twins[1]
    assert found.chosen.metric > 0.9
    assert twins[1].name == "int8 trained"


def test_latency_may_be_the_target():
    found = gossamer.compress(
        trained(dense()), blobs(), target_latency="1 s", max_drop=1, **QUICK
    )
    assert found.reached
    assert len(found.attempts) == 1


def test_a_subclassed_model_is_itself_again():
    layers = nets.layers

    class Two(keras.Model):
        def __init__(self):
            super().__init__()
            self.flatten, self.first = layers.Flatten(), layers.Dense(16, "relu")
            self.second = layers.Dense(4)

        def call(self, x):
            return self.second(self.first(self.flatten(x)))

    model = trained(Two())
    before, optimizer = model.get_weights(), model.optimizer
    recipe = Recipe("int8", sparsity=0.5)
    gossamer.compress(model, blobs(), recipes=[recipe], **QUICK)
    assert type(model) is Two
    assert type(model.optimizer) is type(optimizer)
    assert float(model.optimizer.learning_rate) == pytest.approx(1e-2)
    for one, other in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_table_and_a_chart_tell_of_all(tmp_path, capsys):
    options = {**QUICK, "quiet": False, "recipes": [Recipe("dynamic"), Recipe("int8")]}
    found = gossamer.compress(trained(dense()), blobs(), max_drop=1, **options)
    shown = capsys.readouterr().out
    assert "dynamic" in shown
    assert "chosen" in shown
    assert "after gzip" in shown
    assert found.table().row_count == 3
    found.draw(tmp_path / "tried.png")
    assert (tmp_path / "tried.png").stat().st_size > 5000
    costs = [each.size for each in found.frontier()]
    assert costs == sorted(costs)


def test_what_cannot_be_done_is_refused():
    model = dense()
    with pytest.raises(InputError, match="is not compiled"):
        gossamer.compress(model, blobs(), quiet=True)
    trained(model)
    with pytest.raises(InputError, match="not both"):
        gossamer.compress(model, blobs(), target_size=1, target_latency=1)
    with pytest.raises(InputError, match="a pair"):
        gossamer.compress(model, blobs()[0], quiet=True)
    with pytest.raises(InputError, match=r"max_drop=-1"):
        gossamer.compress(model, blobs(), max_drop=-1)
    with pytest.raises(InputError, match="target_size='small'"):
        gossamer.compress(model, blobs(), target_size="small", quiet=True)


def test_recipes_are_checked():
    with pytest.raises(QuantizationError, match="'int3'"):
        Recipe("int3")
    with pytest.raises(InputError, match=r"sparsity=1\.5"):
        Recipe(sparsity=1.5)
    with pytest.raises(InputError, match="clusters=2"):
        Recipe(clusters=2)
    with pytest.raises(InputError, match="goes with the mode 'int8'"):
        Recipe("dynamic", aware=True)
    with pytest.raises(InputError, match="not both"):
        Recipe(sparsity=0.5, pattern=(2, 4))
