"""What cannot be converted is told: which layer, what was found, what to do."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from gossamer import api
from gossamer.errors import ConversionError
from gossamer.frontends.keras.convert import from_keras

layers = keras.layers
ops = keras.ops


def _message(model, **arguments):
    with pytest.raises(ConversionError) as caught:
        from_keras(model, **arguments)
    return str(caught.value)


def test_every_unsupported_part_is_listed_at_once():
    x = keras.Input((4, 4))
    y = layers.Dense(4, name="fine")(ops.linalg.pinv(x))
    y = layers.Lambda(np.asarray, output_shape=(4, 4), name="host")(y)
    text = _message(keras.Model(x, ops.matrix_rank(y), name="odd"))
    assert "'odd' cannot be converted: 3 parts" in text
    assert "1. 'pinv' (Pinv on float32[?x4x4])" in text
    assert "2. 'host' (Lambda on float32[?x4x4])" in text
    assert "3. 'matrix_rank' (MatrixRank on" in text
    assert "singular values" in text


def test_a_part_inside_of_a_custom_layer_has_its_path():
    class Inverse(layers.Layer):
        def call(self, x):
            return ops.pinv(x)

    model = keras.Sequential([keras.Input((4, 4)), Inverse(name="outer")])
    assert "'outer/pinv' (Pinv on float32[?x4x4])" in _message(model)


def test_a_layer_that_cannot_be_traced():
    class Host(layers.Layer):
        def call(self, x):
            return ops.convert_to_tensor(np.asarray(x) + 1)

        def compute_output_shape(self, shape):
            return shape

        def compute_output_spec(self, x):
            return keras.KerasTensor(x.shape, x.dtype)

    text = _message(keras.Sequential([keras.Input((4,)), Host(name="host")]))
    assert "'host' (Host on float32[?x4])" in text
    assert "cannot be traced" in text
    assert "keras.ops" in text


def test_a_call_with_training_true():
    x = keras.Input((4,))
    model = keras.Model(x, layers.Dropout(0.5, name="noisy")(x, training=True))
    text = _message(model)
    assert "'noisy'" in text
    assert "training=True" in text


def test_volumes_of_free_size():
    x = keras.Input((None, 4, 4, 1))
    text = _message(keras.Model(x, layers.MaxPooling3D(2, name="solid")(x)))
    assert "'solid'" in text
    assert "sizes are not known" in text
    assert "keras.Input" in text


def test_adaptive_pooling_of_free_size():
    x = keras.Input((None, 4, 1))
    text = _message(keras.Model(x, layers.AdaptiveMaxPooling2D(2, name="fitted")(x)))
    assert "'fitted'" in text
    assert "sizes that are not known" in text


def test_an_interpolation_by_matrices_of_free_size():
    x = keras.Input((None, None, 1))
    layer = layers.UpSampling2D(2, interpolation="bicubic", name="larger")
    text = _message(keras.Model(x, layer(x)))
    assert "'larger'" in text
    assert "bicubic" in text
    assert "'bilinear'" in text


def test_a_flattened_image_of_free_size():
    x = keras.Input((None, None, 3))
    text = _message(keras.Model(x, layers.Flatten(name="flat")(x)))
    assert "'flat'" in text
    assert "more than one size that is not known" in text


@pytest.mark.filterwarnings("ignore:__array__ implementation")
def test_a_reversed_embedding_that_keras_has_quantized():
    x = keras.Input((8,))
    layer = layers.ReversibleEmbedding(5, 8, name="small")
    model = keras.Model(x, layer(x, reverse=True))
    layer.quantize("int8")
    text = _message(model)
    assert "'small'" in text
    assert "mode 'int8'" in text


@pytest.mark.parametrize(
    "model", [keras.Sequential([layers.Dense(2)]), keras.Model()], ids=["seq", "sub"]
)
def test_a_model_that_was_never_built(model):
    text = _message(model)
    assert "never built or called" in text
    assert "input_signature" in text


def test_a_model_whose_call_takes_several_arguments():
    class Two(keras.Model):
        def call(self, x, y):
            return x + y

    model = Two()
    model(np.zeros((1, 3), np.float32), np.zeros((1, 3), np.float32))
    assert "input_signature" in _message(model)
    converted = from_keras(model, {"x": (None, 3), "y": (None, 3)})
    assert list(converted.signatures[0].inputs) == ["x", "y"]


def test_no_model_at_all():
    assert "A Keras model is expected, and int was given" in _message(5)


def test_a_signature_of_another_kind():
    model = keras.Sequential([layers.Dense(2)])
    assert "holds 'x', of type str" in _message(model, input_signature="x")


def test_the_error_is_raised_by_the_short_road_too():
    with pytest.raises(ConversionError, match="never built"):
        api.convert(keras.Sequential([layers.Dense(2)]))
