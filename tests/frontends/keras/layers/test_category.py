"""Categories and spectra: Keras's own answer against the converted file in LiteRT."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from tests.frontends.keras.compare import assert_same, of_layer, operators, sample

layers = keras.layers
MODES = ("int", "one_hot", "multi_hot", "count")
BOUNDS = [-1.0, 0.5, 0.75, 2.0]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("shape", [(), (1,), (3,), (3, 2)])
def test_discretization(mode, shape):
    model = of_layer(layers.Discretization(BOUNDS, output_mode=mode), shape)
    assert_same(model, sample(shape))


def test_values_on_a_boundary_belong_above_it():
    model = of_layer(layers.Discretization(BOUNDS), (4,))
    assert_same(model, np.array([BOUNDS], np.float32))
    whole = of_layer(layers.Discretization([-1, 2]), (4,), "int32")
    assert_same(whole, np.array([[-2, -1, 2, 3]], np.int32))


@pytest.mark.parametrize("mode", MODES[1:])
@pytest.mark.parametrize("shape", [(), (1,), (3,), (3, 2)])
@pytest.mark.parametrize("dtype", ["int32", "uint8"])
def test_category_encoding(mode, shape, dtype):
    layer = layers.CategoryEncoding(num_tokens=5, output_mode=mode)
    model = of_layer(layer, shape, dtype)
    ids = np.random.default_rng(2).integers(0, 5, (2, *shape)).astype(dtype)
    assert_same(model, ids)


def test_counts_with_weights():
    ids, weights = keras.Input((3,), dtype="int32"), keras.Input((3,))
    layer = layers.CategoryEncoding(num_tokens=5, output_mode="count")
    model = keras.Model([ids, weights], layer(ids, count_weights=weights))
    assert_same(model, np.array([[1, 1, 4], [0, 2, 2]], np.int32), sample((3,)))


def test_one_hot_is_one_operator():
    layer = layers.CategoryEncoding(num_tokens=5, output_mode="one_hot")
    assert operators(of_layer(layer, (3,), "int32")) == ["ONE_HOT"]
