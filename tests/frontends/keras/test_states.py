"""Variables that a model assigns when it is called keep their values for the next."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from ai_edge_litert.interpreter import Interpreter as LiteRT

from gossamer import Interpreter, api
from gossamer.flatbuffer.read import read
from tests.frontends.keras.compare import randomize, sample

layers, ops = keras.layers, keras.ops


def assert_runs(model, *runs):
    """Run after run alike in Keras, here and in LiteRT; returns the file's bytes."""
    randomize(model)
    before = [np.asarray(x) for x in model.weights]
    data = api.convert(model)
    for weight, value in zip(model.weights, before, strict=True):
        np.testing.assert_array_equal(np.asarray(weight), value)
    runners = [kind(model_content=data) for kind in (Interpreter, LiteRT)]
    names = list(read(data).signatures[0].inputs)
    for inputs in runs:
        given = list(inputs) if len(inputs) > 1 else inputs[0]
        expected = keras.tree.flatten(model(given, training=False))
        feeds = dict(zip(names, inputs, strict=True))
        for interpreter in runners:
            found = list(interpreter.get_signature_runner()(**feeds).values())
            for one, other in zip(found, expected, strict=True):
                array = np.asarray(other)
                limit = 1e-5 * max(1.0, float(np.ptp(array.astype(np.float64))))
                np.testing.assert_allclose(one, array, rtol=0, atol=limit)
    return data


def _layer(function, *shapes, dtype="float32"):
    """A layer with variables of these shapes, zero at first."""

    class Stateful(layers.Layer):
        def build(self, shape):
            self.held = [
                self.add_weight(shape=x, dtype=dtype, trainable=False, name=f"held{i}")
                for i, x in enumerate(shapes)
            ]

        def call(self, x):
            return function(self.held, x)

    return Stateful()


def _sum(held, x):
    held[0].assign(held[0] + ops.sum(x, axis=0))
    return x * held[0]


def _sum_in_place(held, x):
    before = held[0].value + 0 * x
    held[0].assign_add(ops.sum(x, axis=0))
    return before - held[0]


def _alone(held, x):
    """Nothing else reads the variable, and no operation of Keras's is symbolic."""
    held[0].assign(ops.add(held[0], 1))
    return x


def _two(held, x):
    first, second = held
    second.assign(first.value)
    first.assign(ops.sum(x, axis=0))
    rows = ops.reshape(second.value, (1, 3))
    return [ops.concatenate([x, rows], axis=0), second.value]


FUNCTIONS = {"sum": _sum, "in place": _sum_in_place, "alone": _alone, "two": _two}


@pytest.mark.parametrize("function", FUNCTIONS.values(), ids=FUNCTIONS.keys())
def test_state(function):
    x = keras.Input((3,), batch_size=2)
    model = keras.Model(x, _layer(function, (3,), (3,))(x))
    assert_runs(model, *([sample((3,), seed=i)] for i in range(3)))


def test_whole_numbers():
    def count(held, x):
        held[0].assign_add(1)
        return x * ops.cast(held[0], "float32")

    x = keras.Input((3,), batch_size=2)
    model = keras.Model(x, _layer(count, (), dtype="int32")(x))
    assert_runs(model, *([sample((3,))] for _ in range(3)))


def test_a_subclassed_model_and_a_layer_within_a_layer():
    class Model(keras.Model):
        def __init__(self):
            super().__init__()
            self.inner = _layer(_sum, (3,))
            self.total = self.add_weight(shape=(3,), initializer="ones", name="total")

        def call(self, x):
            y = self.inner(x) * self.total
            self.total.assign(self.total + y[0])
            return y + self.inner(x)

    model = Model()
    model(np.zeros((2, 3), np.float32))
    assert_runs(model, *([0.2 * sample((3,), seed=i)] for i in range(3)))


class Attention(layers.Layer):
    """Attention of one step to those before it, which it keeps."""

    def __init__(self, heads, depth, length, **kwargs):
        super().__init__(**kwargs)
        self.sizes = heads, depth, length
        names = ("query", "key", "value")
        self.projections = [
            layers.EinsumDense(
                "btd,dnh->btnh", (None, heads, depth), bias_axes="nh", name=name
            )
            for name in names
        ]
        self.output_dense = layers.EinsumDense("btnh,nhd->btd", (None, heads * depth))

    def build(self, shape):
        heads, depth, length = self.sizes
        self.keys, self.values = (
            self.add_weight(
                shape=(1, length, heads, depth), initializer="zeros", trainable=False
            )
            for _ in range(2)
        )

    def call(self, x, place):
        query, key, value = (project(x) for project in self.projections)
        start = place * np.array([0, 1, 0, 0], np.int32)
        self.keys.assign(ops.slice_update(self.keys.value, start, key))
        self.values.assign(ops.slice_update(self.values.value, start, value))
        seen = ops.less_equal(ops.arange(self.sizes[2]), place)
        kept = self.keys.value, self.values.value
        mask = ops.reshape(seen, (1, 1, 1, -1))
        y = ops.dot_product_attention(query, *kept, mask=mask)
        return self.output_dense(y)


def decoder(vocabulary=11, heads=2, depth=4, length=6, blocks=2):
    """A small language model that reads one token at a time."""
    token = keras.Input((1,), batch_size=1, dtype="int32", name="token")
    place = keras.Input((), batch_size=1, dtype="int32", name="place")
    width = heads * depth
    words = layers.ReversibleEmbedding(vocabulary, width)
    x = words(token) + layers.Embedding(length, width)(place)
    at = ops.squeeze(place, 0)
    for _ in range(blocks):
        x = x + Attention(heads, depth, length)(layers.LayerNormalization()(x), at)
        y = layers.Dense(4 * width, activation="gelu")(layers.LayerNormalization()(x))
        x = x + layers.Dense(width)(y)
    logits = words(layers.LayerNormalization()(x), reverse=True)
    return keras.Model([token, place], logits)


def test_a_decoder_with_a_cache():
    tokens = [3, 1, 4, 1, 5, 9]
    runs = [
        [np.array([[token]], np.int32), np.array([place], np.int32)]
        for place, token in enumerate(tokens)
    ]
    data = assert_runs(decoder(), *runs)
    names = [node.op.name for node in read(data).main.nodes]
    assert names.count("ASSIGN_VARIABLE") == names.count("READ_VARIABLE") == 4
    assert names[0] == "CALL_ONCE"
