"""Bidirectional and TimeDistributed, with any batch and any length."""

from __future__ import annotations

import keras
import pytest

from gossamer import api
from tests.frontends.keras.runs import assert_runs, batches, names_in

layers, ops = keras.layers, keras.ops

BIDIRECTIONAL = {
    "concat": lambda: layers.LSTM(3, return_sequences=True),
    "sum": lambda: layers.GRU(3, return_sequences=True),
    "mul": lambda: layers.SimpleRNN(3),
    "ave": lambda: layers.LSTM(3),
    None: lambda: layers.GRU(3, return_state=True),
}


@pytest.mark.parametrize("mode", BIDIRECTIONAL)
def test_bidirectional(mode):
    x = keras.Input((None, 4))
    y = layers.Bidirectional(BIDIRECTIONAL[mode](), merge_mode=mode)(x)
    model = keras.Model(x, y)
    assert_runs(model, *batches((2, 6, 4), count=2), in_litert=False)
    assert_runs(model, *batches((2, 6, 4), count=2), lstm="while")


def test_bidirectional_with_two_layers_and_states():
    x = keras.Input((6, 4))
    forward = layers.GRU(3, return_state=True)
    backward = layers.GRU(3, return_state=True, go_backwards=True, activation="relu")
    _, *states = layers.Bidirectional(forward, backward_layer=backward)(x)
    y = layers.Bidirectional(layers.GRU(3))(x, initial_state=states)
    assert_runs(keras.Model(x, y), *batches((2, 6, 4), count=2))


def test_bidirectional_is_two_fused_operators():
    x = keras.Input((6, 4))
    layer = layers.Bidirectional(layers.LSTM(3, return_sequences=True))
    (names,) = names_in(api.convert(keras.Model(x, layer(x))))
    assert sorted(names) == [
        "CONCATENATION",
        "REVERSE_V2",
        "REVERSE_V2",
        "UNIDIRECTIONAL_SEQUENCE_LSTM",
        "UNIDIRECTIONAL_SEQUENCE_LSTM",
    ]


class Deviation(layers.Layer):
    """Not alike for the rows of a batch: it takes their mean away."""

    def call(self, x):
        return x - ops.mean(x, axis=0, keepdims=True)

    def compute_output_shape(self, shape):
        return shape


DISTRIBUTED = {
    "dense": (lambda: layers.Dense(3), (6, 4)),
    "dense of any length": (lambda: layers.Dense(3), (None, 4)),
    "convolution": (lambda: layers.Conv2D(3, 2), (3, 5, 5, 2)),
    "convolution of any length": (lambda: layers.Conv2D(3, 2), (None, 5, 5, 2)),
    "pooling": (layers.GlobalMaxPooling1D, (3, 5, 2)),
    "recurrent": (lambda: layers.LSTM(3), (3, 6, 2)),
    "a model": (
        lambda: keras.Sequential([layers.Dense(3), layers.Flatten()]),
        (3, 5, 2),
    ),
    "a layer of one's own": (Deviation, (3, 4)),
}


@pytest.mark.parametrize("name", DISTRIBUTED)
def test_time_distributed(name):
    make, shape = DISTRIBUTED[name]
    known = tuple(4 if size is None else size for size in shape)
    x = keras.Input(shape)
    model = keras.Model(x, layers.TimeDistributed(make())(x))
    assert_runs(model, *batches((2, *known), count=2))


def test_time_distributed_dense_is_one_operator():
    x = keras.Input((None, 4))
    model = keras.Model(x, layers.TimeDistributed(layers.Dense(3))(x))
    assert names_in(api.convert(model)) == [["FULLY_CONNECTED"]]
