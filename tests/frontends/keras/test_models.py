"""Whole models: nested, shared, of several ends, subclassed, and of custom layers."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from gossamer import api
from gossamer.flatbuffer.read import read
from gossamer.frontends.keras.convert import from_keras
from tests.frontends.keras.compare import assert_same, litert, operators, sample

layers = keras.layers
ops = keras.ops


def _mlp():
    return keras.Sequential(
        [
            keras.Input((6, 6)),
            layers.Flatten(),
            layers.Dense(8, activation="relu"),
            layers.Dropout(0.2),
            layers.Dense(3),
        ]
    )


class Gate(layers.Layer):
    """A custom layer with a weight, a nested layer and `keras.ops`."""

    def __init__(self, units, **kwargs):
        super().__init__(**kwargs)
        self.inner = layers.Dense(units, name="inner")
        self.units = units

    def build(self, shape):
        self.inner.build(shape)
        self.bias = self.add_weight(shape=(self.units,), name="shift")

    def call(self, x, training=None):
        y = self.inner(x) + self.bias
        if training:
            y = keras.random.dropout(y, 0.5)
        return ops.sigmoid(y) * ops.tanh(y)


class Twin(keras.Model):
    """A subclassed model of two arguments' worth of inputs in one dict."""

    def __init__(self):
        super().__init__()
        self.dense = layers.Dense(4)
        self.gate = Gate(4)

    def call(self, inputs, training=None):
        left = self.dense(inputs["left"])
        right = self.gate(inputs["right"], training=training)
        return {"sum": left + right, "product": left * right}


class Plain(keras.Model):
    def __init__(self):
        super().__init__()
        self.first = layers.Dense(5, activation="relu")
        self.second = layers.Dense(2)

    def call(self, x):
        batch = ops.shape(x)[0]
        return self.second(self.first(ops.reshape(x, (batch, -1))))


def test_mlp_has_three_operators():
    model = _mlp()
    assert_same(model, sample((6, 6), batch=5))
    assert operators(model) == ["RESHAPE", "FULLY_CONNECTED", "FULLY_CONNECTED"]


def test_residual_network():
    x = start = keras.Input((8, 8, 3))
    x = layers.Conv2D(4, 3, padding="same", use_bias=False)(x)
    x = layers.BatchNormalization()(x)
    x = trunk = layers.Activation("relu")(x)
    x = layers.Conv2D(4, 3, padding="same")(x)
    x = layers.BatchNormalization()(x)
    x = layers.Activation("relu")(layers.Add()([x, trunk]))
    x = layers.Flatten()(layers.AveragePooling2D(8)(x))
    model = keras.Model(start, layers.Dense(3, activation="softmax")(x))
    assert_same(model, sample((8, 8, 3)))
    assert operators(model) == [
        "CONV_2D",
        "CONV_2D",
        "ADD",
        "AVERAGE_POOL_2D",
        "RESHAPE",
        "FULLY_CONNECTED",
        "SOFTMAX",
    ]


@pytest.mark.parametrize("name", ["MobileNet", "MobileNetV2"])
def test_mobilenet(name):
    build = getattr(keras.applications, name)
    alpha = {"MobileNet": 0.25, "MobileNetV2": 0.35}[name]
    model = build((32, 32, 3), alpha, weights=None, classes=10)
    for variable in model.weights:
        if variable.name == "moving_variance":
            variable.assign(np.full(variable.shape, 0.1, np.float32))
    x = sample((32, 32, 3), batch=1)
    found = litert(api.convert(model), x)["output_0"]
    np.testing.assert_allclose(found, model.predict(x, verbose=0), atol=1e-5)
    assert len(operators(model)) == {"MobileNet": 30, "MobileNetV2": 65}[name]


def test_nested_models_and_paths():
    inner = keras.Sequential(
        [keras.Input((4,)), layers.Dense(3, name="deep")], name="block"
    )
    model = keras.Sequential([keras.Input((4,)), inner, layers.ReLU()], name="whole")
    assert_same(model, sample((4,)))
    (node, _) = from_keras(model).main.nodes
    assert node.output.name == "block/deep/fully_connected"
    assert node.input(1).name == "block/deep/kernel"


def test_a_nested_model_that_is_used_twice_on_other_shapes():
    x = keras.Input((None, None, 3))
    inner = keras.Model(x, layers.Conv2D(2, 3, padding="same")(x))
    a, b = keras.Input((6, 5, 3)), keras.Input((4, 4, 3))
    pooled = [layers.GlobalMaxPooling2D()(inner(x)) for x in (a, b)]
    model = keras.Model([a, b], layers.Concatenate()(pooled))
    assert_same(model, sample((6, 5, 3)), sample((4, 4, 3)))


def test_a_shared_layer_stores_its_weights_once():
    dense = layers.Dense(40, use_bias=False)
    a, b = keras.Input((40,)), keras.Input((40,))
    model = keras.Model([a, b], dense(a) + dense(dense(b)))
    data = assert_same(model, sample((40,)), sample((40,), seed=4))
    weights = [x for x in read(data).main.constants() if x.shape == (40, 40)]
    assert len(weights) == 1


def test_several_inputs_and_outputs_keep_their_order_and_names():
    a, b = keras.Input((3,), name="b_first"), keras.Input((3,), name="a_second")
    model = keras.Model([a, b], [a - b, a + b, layers.Dense(2)(a)])
    data = assert_same(model, sample((3,)), sample((3,), seed=5))
    (signature,) = read(data).signatures
    assert signature.key == "serving_default"
    assert list(signature.inputs) == ["b_first", "a_second"]
    assert list(signature.outputs) == ["output_0", "output_1", "output_2"]


def test_dicts_of_inputs_and_outputs_name_the_signature():
    inputs = {"x": keras.Input((3,), name="x"), "y": keras.Input((3,), name="y")}
    model = keras.Model(
        inputs, {"total": inputs["x"] + inputs["y"], "gap": inputs["x"] - inputs["y"]}
    )
    x, y = sample((3,)), sample((3,), seed=5)
    found = litert(api.convert(model), x, y)
    np.testing.assert_allclose(found["total"], x + y, atol=1e-6)
    np.testing.assert_allclose(found["gap"], x - y, atol=1e-6)


def test_a_subclassed_model_that_was_called_has_a_free_batch():
    model = Plain()
    model(np.zeros((2, 2, 3), np.float32))
    data = assert_same(model, sample((2, 3), batch=4))
    (start,) = read(data).main.inputs
    assert (start.shape, start.signature) == ((1, 2, 3), (-1, 2, 3))


def test_a_subclassed_model_with_dicts_and_custom_layers():
    model = Twin()
    inputs = {"left": sample((3,)), "right": sample((5,), seed=6)}
    expected = model(inputs)
    found = litert(api.convert(model), inputs["left"], inputs["right"])
    for key in ("sum", "product"):
        np.testing.assert_allclose(found[key], expected[key], atol=1e-5)


def test_an_unbuilt_model_takes_a_signature():
    model = Plain()
    data = api.convert(model, input_signature=(None, 2, 3))
    assert read(data).main.inputs[0].signature == (-1, 2, 3)
    x = sample((2, 3))
    np.testing.assert_allclose(litert(data, x)["output_0"], model(x), atol=1e-5)


def test_a_custom_layer_of_keras_ops_is_entered():
    model = keras.Sequential([keras.Input((5,)), Gate(4, name="gate")])
    assert_same(model, sample((5,)))
    names = [node.output.name for node in from_keras(model).main.nodes]
    assert names[0] == "gate/inner/fully_connected"


def test_a_subclass_that_changes_nothing_has_the_rule_of_its_base():
    class Named(layers.Dense):
        def get_config(self):
            return super().get_config()

    model = keras.Sequential([keras.Input((5,)), Named(3)])
    assert_same(model, sample((5,)))
    assert operators(model) == ["FULLY_CONNECTED"]


def test_a_subclass_that_overrides_a_part_is_entered():
    class Doubled(layers.Conv2D):
        def convolution_op(self, inputs, kernel):
            return super().convolution_op(inputs, kernel * 2)

    model = keras.Sequential([keras.Input((5, 5, 2)), Doubled(3, 3)])
    assert_same(model, sample((5, 5, 2)))


def test_a_deferred_sequential_has_a_free_batch():
    model = keras.Sequential([layers.Dense(3)])
    model(np.zeros((4, 2), np.float32))
    assert from_keras(model).main.inputs[0].signature == (-1, 2)


def test_a_fixed_batch_stays_fixed():
    model = keras.Sequential([keras.Input(batch_shape=(2, 3, 4)), layers.Flatten()])
    data = assert_same(model, sample((3, 4)))
    main = read(data).main
    assert (main.inputs[0].shape, main.inputs[0].signature) == ((2, 3, 4), None)
    assert main.outputs[0].shape == (2, 12)


def test_free_height_and_width():
    model = keras.Sequential(
        [
            keras.Input((None, None, 3)),
            layers.Conv2D(4, 3, activation="relu"),
            layers.GlobalAveragePooling2D(),
        ]
    )
    assert_same(model, sample((9, 7, 3)))


def test_half_precision_policies_are_computed_in_float32():
    model = keras.Sequential(
        [
            keras.Input((5,)),
            layers.Dense(4, activation="relu", dtype="mixed_float16"),
            layers.Dense(3, dtype="bfloat16"),
        ]
    )
    data = assert_same(model, sample((5,)), tolerance=2e-2)
    types = {tensor.dtype.title for tensor in read(data).main.tensors}
    assert types == {"float32"}


def test_the_model_is_left_as_it_was():
    model = keras.Sequential([keras.Input((5,)), Gate(4, name="gate")])
    inner = model.layers[0].inner
    before = len(inner._inbound_nodes)
    api.convert(model)
    assert len(inner._inbound_nodes) == before


def test_the_same_model_gives_the_same_bytes():
    model = keras.Sequential(
        [keras.Input((6, 6, 2)), layers.Conv2D(3, 3, activation="relu"), Gate(4)]
    )
    assert api.convert(model) == api.convert(model)


def test_an_input_that_is_an_output():
    x = keras.Input((3,))
    assert_same(keras.Model(x, [x, x * 2]), sample((3,)))
