from __future__ import annotations

import numpy as np
import pytest

from gossamer.ir.build import Builder
from gossamer.ops import FullyConnected
from gossamer.quantization import adaround as module
from gossamer.quantization.adaround import adaround
from gossamer.quantization.calibrate import feed, reference_runner
from gossamer.quantization.products import products
from gossamer.quantization.ranges import quantize_weights, weight_quantization
from tests.quantization import graphs, improving, judge


def correlated(count=64, seed=0):
    """Inputs that lie near a plane of few dimensions, with a mean."""
    random = np.random.default_rng(seed)
    base = np.random.default_rng(5).normal(0, 1, (6, 48))
    rows = random.normal(0.5, 1, (count, 6)) @ base + random.normal(0, 0.1, (count, 48))
    return [{"x": row[None].astype(np.float32)} for row in rows]


def layer():
    build = Builder()
    x = build.input("x", graphs.floats(1, 48))
    return graphs.model_of(build, [x], [graphs.dense(build, x, 12, seed=1, name="y")])


def learned(model, samples, limit=127):
    return adaround(
        model,
        improving.every,
        lambda see: feed(model, samples, reference_runner, see),
        limit,
    )


def nearest(model, limit):
    """The model with the same steps and plain rounding."""
    (product,) = products(model)
    gram = np.zeros((1, product.depth, product.depth), np.float32)
    changed = product.stored(module._rounded(product, gram, limit))
    return module.changes({product.node: changed}).apply(model)


def noise(model, made, samples):
    wanted = np.array([judge.ours(model, s)[0] for s in samples])
    found = np.array([judge.ours(made, s)[0] for s in samples])
    return judge.signal_to_noise(wanted, found)


@pytest.mark.parametrize("limit", [7, 127])
def test_outputs_on_other_data_gain_five_decibels(limit):
    model, other = layer(), correlated(seed=1)
    plain = noise(model, nearest(model, limit), other)
    assert noise(model, learned(model, correlated(), limit), other) > plain + 5


def test_weights_lie_on_the_grid_that_will_be_found():
    model = graphs.network()
    made = adaround(model, improving.every, improving.feeder(model))
    for before, product in zip(products(model), products(made), strict=True):
        weights, axis = product.weights.data, product.node.op.weights.axis
        quantization = weight_quantization(weights, axis)
        stored = quantize_weights(weights, quantization)
        np.testing.assert_allclose(
            quantization.dequantize(stored), weights, rtol=1e-5, atol=1e-7
        )
        assert not np.array_equal(weights, before.weights.data)


def test_each_weight_is_one_of_its_two_neighbours():
    model = layer()
    made = learned(model, correlated())
    old, new = (each.main.nodes[0].input(1).data for each in (model, made))
    step = np.abs(new).max(1, keepdims=True) / 127
    inside = np.abs(old) <= np.abs(new).max(1, keepdims=True)
    assert (np.abs(new - old)[inside] < (1.001 * step + 0 * old)[inside]).all()


def test_it_is_the_same_each_time():
    model = layer()
    first, second = (learned(model, correlated()).main.nodes[0] for _ in range(2))
    np.testing.assert_array_equal(first.input(1).data, second.input(1).data)


def test_no_channel_is_worse_than_nearest_on_the_data_it_was_learned_from():
    model = layer()
    samples = correlated(8)
    made, plain = learned(model, samples), nearest(model, 127)
    wanted, found, other = (
        np.array([judge.ours(m, s)[0][0] for s in samples])
        for m in (model, made, plain)
    )
    error = np.square(found - wanted).sum(0)
    assert (error <= 1.001 * np.square(other - wanted).sum(0) + 1e-12).all()


def test_a_layer_too_large_for_enough_steps_keeps_its_weights(monkeypatch):
    monkeypatch.setattr(module, "_MULTIPLICATIONS", 29 * 2 * 12 * 48**2)
    model = layer()
    assert learned(model, correlated()).main.nodes == model.main.nodes


def test_sums_are_held_for_few_layers_at_a_time(monkeypatch):
    monkeypatch.setattr(module, "_MEMORY", 3 * 4 * 16**2)
    build = Builder()
    x = build.input("x", graphs.floats(1, 16))
    y = x
    for index in range(5):
        weights = build.constant(f"w{index}", graphs.normal(index, 16, 16))
        y = build.node(FullyConnected(), y, weights, None)
    model = graphs.model_of(build, [x], [y])
    passes = []

    def run(see):
        passes.append(see)
        improving.feeder(model)(see)

    made = adaround(model, improving.every, run)
    assert len(passes) == 2
    for old, new in zip(model.main.nodes, made.main.nodes, strict=True):
        assert not np.array_equal(old.input(1).data, new.input(1).data)
