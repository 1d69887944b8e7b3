"""SavedModels, concrete functions, GraphDef files, loops and branches, errors."""

from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf
from tensorflow.python.framework.convert_to_constants import (
    convert_variables_to_constants_v2,
)

from gossamer import TFLiteConverter
from gossamer.errors import ConversionError
from gossamer.flatbuffer.read import read
from tests.frontends.tensorflow.compare import assert_same, operators

SHAPE = (32, 32, 3)


def network():
    x = keras.Input(SHAPE)
    y = keras.layers.Conv2D(8, 3, 2, "same", use_bias=False)(x)
    y = keras.layers.BatchNormalization()(y)
    y = keras.layers.ReLU(6.0)(y)
    y = keras.layers.DepthwiseConv2D(3, padding="same", activation="silu")(y)
    y = keras.layers.GlobalAveragePooling2D()(y)
    return keras.Model(x, keras.layers.Dense(5, "softmax")(y))


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    keras.utils.set_random_seed(3)
    model = network()
    for variable in model.weights:
        if variable.name in ("moving_mean", "beta"):
            variable.assign(np.random.default_rng(1).normal(size=variable.shape))
    folder = tmp_path_factory.mktemp("saved")
    model.export(str(folder), verbose=False)
    return model, folder


def image(batch=2):
    return np.random.default_rng(4).normal(size=(batch, *SHAPE)).astype(np.float32)


def test_a_saved_model_of_keras(saved):
    model, folder = saved
    data = TFLiteConverter.from_saved_model(folder).convert()
    assert [s.key for s in read(data).signatures] == ["serving_default"]
    name = next(iter(read(data).signatures[0].inputs))
    assert_same(data, {name: image()}, model(image(), training=False))
    assert operators(data) == [
        "CONV_2D", "DEPTHWISE_CONV_2D", "LOGISTIC", "MUL", "MEAN", "FULLY_CONNECTED",
        "SOFTMAX",
    ]  # fmt: skip


def test_signatures_are_chosen_by_key(saved):
    _, folder = saved
    data = TFLiteConverter.from_saved_model(folder, ["serve"]).convert()
    assert [s.key for s in read(data).signatures] == ["serve"]
    with pytest.raises(ConversionError, match="Invalid signature key 'nope' found"):
        TFLiteConverter.from_saved_model(folder, ["nope"])


def test_attention_is_read_from_einsums(tmp_path):
    x = keras.Input((6, 8))
    y = keras.layers.MultiHeadAttention(2, 4)(x, x)
    y = keras.layers.LayerNormalization()(x + y)
    model = keras.Model(x, keras.layers.Dense(5, "gelu")(y))
    model.export(str(tmp_path), verbose=False)
    data = TFLiteConverter.from_saved_model(tmp_path).convert()
    name = next(iter(read(data).signatures[0].inputs))
    given = np.random.default_rng(8).normal(size=(3, 6, 8)).astype(np.float32)
    assert_same(data, {name: given}, model(given))


def test_a_list_of_unknown_shape_tells_what_to_do(tmp_path):
    x = keras.Input((6, 8))
    model = keras.Model(x, keras.layers.GRU(4)(x))
    model.export(str(tmp_path), verbose=False)
    with pytest.raises(ConversionError, match="from_keras_model") as caught:
        TFLiteConverter.from_saved_model(tmp_path).convert()
    assert "1 part of it" in str(caught.value)


class Module(tf.Module):
    def __init__(self):
        super().__init__()
        values = np.random.default_rng(2).normal(0, 0.4, (4, 4)).astype(np.float32)
        self.weight = tf.Variable(values)

    @tf.function(input_signature=[tf.TensorSpec([None, 4], name="x")])
    def branch(self, x):
        return tf.cond(
            tf.reduce_sum(x) > 0, lambda: tf.matmul(x, self.weight), lambda: x - 1
        )

    @tf.function(input_signature=[tf.TensorSpec([1, 4], name="x")])
    def loop(self, x):
        step = lambda i, y: (i + 1, tf.tanh(tf.matmul(y, self.weight)))  # noqa: E731
        _, y = tf.while_loop(lambda i, _: i < 5, step, [tf.constant(0), x])
        return {"y": y}

    @tf.function(input_signature=[tf.TensorSpec([2, 6, 4], name="x")])
    def along_time(self, x):
        steps = tf.transpose(x, [1, 0, 2])
        follow = lambda state, now: tf.tanh(tf.matmul(state, self.weight) + now)  # noqa: E731
        return tf.scan(follow, steps, tf.zeros([2, 4]))


def test_branches_and_loops_by_signature():
    module = Module()
    functions = {
        name: getattr(module, name).get_concrete_function()
        for name in ("branch", "loop", "along_time")
    }
    converter = TFLiteConverter.from_concrete_functions(
        list(functions.values()), module
    )
    data = converter.convert()
    random = np.random.default_rng(6)
    for name, shape in (
        ("branch", (1, 4)),
        ("loop", (1, 4)),
        ("along_time", (2, 6, 4)),
    ):
        for sign in (1, -1):
            x = sign * np.abs(random.normal(size=shape)).astype(np.float32)
            assert_same(data, {"x": x}, getattr(module, name)(x), name)


def test_a_frozen_graph_file(saved, tmp_path):
    model, _ = saved
    traced = tf.function(lambda x: model(x, training=False)).get_concrete_function(
        tf.TensorSpec([None, *SHAPE], name="image")
    )
    frozen = convert_variables_to_constants_v2(traced)
    path = tmp_path / "frozen.pb"
    path.write_bytes(frozen.graph.as_graph_def().SerializeToString())
    output = frozen.outputs[0].name
    converter = TFLiteConverter.from_frozen_graph(path, ["image"], [output])
    assert_same(converter.convert(), {"image": image()}, model(image()))
    with pytest.raises(ConversionError, match="has no tensor 'nothing:0'"):
        TFLiteConverter.from_frozen_graph(path, ["nothing"], [output])


def test_a_session_of_tensorflow_1():
    legacy = tf.compat.v1
    with legacy.Graph().as_default(), legacy.Session() as session:
        x = legacy.placeholder(tf.float32, (None, 4), name="x")
        weight = legacy.get_variable("weight", (4, 3), use_resource=True)
        y = tf.nn.relu(tf.matmul(x, weight), name="y")
        session.run(legacy.global_variables_initializer())
        given = np.random.default_rng(3).normal(size=(2, 4)).astype(np.float32)
        expected = session.run(y, {x: given})
        data = TFLiteConverter.from_session(session, [x], [y]).convert()
    assert operators(data) == ["FULLY_CONNECTED"]
    assert_same(data, {"x": given}, expected)


def test_what_is_no_session_is_refused():
    with pytest.raises(ConversionError, match="was given a str; expected"):
        TFLiteConverter.from_session("session", [], [])


def test_every_part_without_conversion_is_named_at_once():
    @tf.function(input_signature=[tf.TensorSpec([3, 3], name="x")])
    def function(x):
        return tf.linalg.svd(x)[0] + tf.linalg.det(x)

    traced = function.get_concrete_function()
    with pytest.raises(ConversionError) as caught:
        TFLiteConverter.from_concrete_functions([traced]).convert()
    text = str(caught.value)
    assert "2 parts" in text
    assert "Svd" in text
    assert "MatrixDeterminant" in text


def test_a_function_that_is_not_traced():
    with pytest.raises(ConversionError, match="call get_concrete_function"):
        TFLiteConverter.from_concrete_functions([tf.function(lambda x: x)])
