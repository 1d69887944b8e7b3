"""Masks of Embedding and Masking, and those given to a call, on their way."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from tests.frontends.keras.runs import assert_runs

layers, ops = keras.layers, keras.ops

TOKENS = np.array(
    [[3, 1, 4, 1, 5, 0, 0], [2, 7, 0, 1, 8, 2, 8], [0, 0, 1, 6, 1, 8, 0]], np.int32
)
OTHERS = np.array([[1, 0, 0, 0, 0, 0, 0], [9, 9, 9, 9, 9, 9, 9]], np.int32)


class Reader(layers.Layer):
    """A layer of one's own that hands its input, and so the mask, to another."""

    def __init__(self):
        super().__init__()
        self.supports_masking = True
        self.inner = layers.GRU(3, return_sequences=True)

    def build(self, shape):
        self.inner.build(shape)

    def call(self, x):
        return self.inner(x)


class Counter(layers.Layer):
    """A layer of one's own that reads its mask."""

    def call(self, x, mask=None):
        return x * 0.5 if mask is None else x * ops.cast(mask, x.dtype)[:, :, None]


CHAINS = {
    "lstm": lambda: [layers.LSTM(4)],
    "gru": lambda: [layers.GRU(4, return_sequences=True)],
    "two": lambda: [layers.GRU(4, return_sequences=True), layers.LSTM(3)],
    "with states": lambda: [layers.LSTM(4, return_state=True)],
    "backwards": lambda: [layers.SimpleRNN(4, go_backwards=True)],
    "zero where masked": lambda: [
        layers.RNN(layers.GRUCell(4), zero_output_for_mask=True, return_sequences=True)
    ],
    "stacked": lambda: [layers.RNN([layers.GRUCell(3), layers.LSTMCell(4)])],
    "both ways": lambda: [
        layers.Bidirectional(layers.LSTM(3, return_sequences=True)),
        layers.Bidirectional(layers.GRU(3)),
    ],
    "along time": lambda: [layers.TimeDistributed(layers.Dense(3)), layers.GRU(2)],
    "through others": lambda: [
        layers.Dense(4, activation="relu"),
        layers.Dropout(0.2),
        layers.BatchNormalization(),
        layers.LSTM(3),
    ],
    "a layer of one's own": lambda: [Reader(), layers.GRU(2)],
    "a layer that reads its mask": lambda: [Counter()],
    "mean": lambda: [layers.GlobalAveragePooling1D()],
}


@pytest.mark.filterwarnings("ignore:Layer .* does not support masking")
@pytest.mark.parametrize("name", CHAINS)
def test_mask_of_an_embedding(name):
    x = keras.Input((None,), dtype="int32")
    y = layers.Embedding(10, 5, mask_zero=True)(x)
    for layer in CHAINS[name]():
        y = layer(y)
    assert_runs(keras.Model(x, y), (TOKENS,), (OTHERS,))


def test_unrolled():
    x = keras.Input((7,), dtype="int32")
    y = layers.Embedding(10, 5, mask_zero=True)(x)
    y = layers.GRU(4, unroll=True, return_sequences=True)(y)
    assert_runs(keras.Model(x, y), (TOKENS,), (OTHERS,))


def test_mask_that_is_given():
    x, mask = keras.Input((7, 3)), keras.Input((7,), dtype="bool")
    y = layers.LSTM(4)(x, mask=mask)
    random = np.random.default_rng(2)
    given = random.normal(size=(3, 7, 3)).astype(np.float32)
    assert_runs(keras.Model([x, mask], y), (given, TOKENS > 0))


@pytest.mark.filterwarnings("ignore:Layer .* does not support masking")
def test_mask_through_a_model():
    """A model within a model sees the mask of what it is given."""
    inner_x = keras.Input((None, 5))
    inner = keras.Model(inner_x, layers.GRU(3)(layers.Dense(4)(inner_x)))
    x = keras.Input((None,), dtype="int32")
    y = inner(layers.Embedding(10, 5, mask_zero=True)(x))
    assert_runs(keras.Model(x, y), (TOKENS,), (OTHERS,))


def test_softmax():
    x, mask = keras.Input((4, 7)), keras.Input((4, 7), dtype="bool")
    random = np.random.default_rng(2)
    given = random.normal(size=(2, 4, 7)).astype(np.float32)
    flags = random.random((2, 4, 7)) > 0.5
    flags[0, 0] = False
    model = keras.Model([x, mask], layers.Softmax()(x, mask=mask))
    assert_runs(model, (given, flags))


ATTENTIONS = {
    "several heads": lambda x: layers.MultiHeadAttention(2, 3)(x, x),
    "causal": lambda x: layers.MultiHeadAttention(2, 3)(x, x, use_causal_mask=True),
    "one head": lambda x: layers.Attention()([x, x]),
    "additive": lambda x: layers.AdditiveAttention()([x, x]),
}


@pytest.mark.parametrize("name", ATTENTIONS)
def test_attention(name):
    """Attention leaves masked moments out, and hands the mask on."""
    x = keras.Input((7,), dtype="int32")
    y = layers.Embedding(10, 6, mask_zero=True)(x)
    model = keras.Model(x, layers.GRU(3)(ATTENTIONS[name](y)))
    assert_runs(model, (TOKENS,), (OTHERS,))


def test_two_embeddings_merged():
    x = keras.Input((7,), dtype="int32")
    one = layers.Embedding(10, 5, mask_zero=True)(x)
    two = layers.Embedding(10, 5, mask_zero=True)(x)
    assert_runs(keras.Model(x, layers.LSTM(3)(layers.Add()([one, two]))), (TOKENS,))
