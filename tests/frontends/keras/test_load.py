"""Model files: `.keras`, `.h5`, those of Keras 2, and what is no model file."""

from __future__ import annotations

import json

import h5py
import keras
import numpy as np
import pytest

from gossamer import api
from gossamer.errors import ConversionError
from gossamer.frontends.keras.load import load_model
from tests.frontends.keras.compare import litert, randomize, sample

layers = keras.layers

# Keras saves its variables in a way that NumPy 2 warns of.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation")


def _model():
    return randomize(
        keras.Sequential(
            [
                keras.Input((5, 5, 2)),
                layers.DepthwiseConv2D(3, name="depthwise"),
                layers.Flatten(),
                layers.Dense(3),
            ]
        )
    )


@pytest.mark.parametrize("suffix", [".keras", ".h5"])
def test_a_file_converts_as_its_model_does(tmp_path, suffix):
    model = _model()
    model.save(tmp_path / f"model{suffix}")
    x = sample((5, 5, 2))
    found = litert(api.convert(tmp_path / f"model{suffix}"), x)["output_0"]
    np.testing.assert_allclose(found, model(x), atol=1e-5)


def test_the_groups_of_a_keras_2_depthwise_convolution(tmp_path):
    model = _model()
    path = tmp_path / "old.h5"
    model.save(path)
    with h5py.File(path, "r+") as file:
        config = json.loads(file.attrs["model_config"])
        for layer in config["config"]["layers"]:
            if layer["class_name"] == "DepthwiseConv2D":
                layer["config"]["groups"] = 1
        file.attrs["model_config"] = json.dumps(config)
    x = sample((5, 5, 2))
    np.testing.assert_allclose(
        litert(api.convert(str(path)), x)["output_0"], model(x), atol=1e-5
    )


def test_a_layer_that_is_not_known(tmp_path):
    class Stranger(layers.Layer):
        def call(self, x):
            return x

    path = tmp_path / "model.keras"
    keras.Sequential([keras.Input((2,)), Stranger()]).save(path)
    with pytest.raises(ConversionError, match="custom_objects") as caught:
        load_model(path)
    assert "Stranger" in str(caught.value)
    assert load_model(path, {"Stranger": Stranger}).built


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("missing.keras", "There is no file"),
        ("model.onnx", "ends in '.onnx'"),
        ("broken.keras", "cannot be loaded as a Keras model"),
        ("broken.h5", "cannot be loaded as a Keras model"),
        ("folder", "is a folder"),
    ],
)
def test_what_is_no_model_file(tmp_path, name, expected):
    path = tmp_path / name
    if name == "folder":
        path.mkdir()
    elif name != "missing.keras":
        path.write_bytes(b"not a model")
    with pytest.raises(ConversionError, match=expected) as caught:
        load_model(path)
    assert str(path) in str(caught.value)
