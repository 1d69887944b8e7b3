"""The usual tutorial, with `tf.lite` read as `gossamer` and `tf.keras` as `keras`."""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np
import pytest

import gossamer

DIGITS = Path(__file__).parents[2] / "examples" / "data" / "mnist10k.npz"


@pytest.fixture(autouse=True)
def _in_an_empty_folder(tmp_path, monkeypatch):
    """The tutorial writes into the current folder, with seeds that it leaves open."""
    monkeypatch.chdir(tmp_path)
    keras.utils.set_random_seed(0)


def _load_data():
    """As `keras.datasets.mnist.load_data`, with the digits that need no network."""
    with np.load(DIGITS) as file:
        order = np.random.default_rng(0).permutation(len(file["y"]))
        x, y = file["x"][order], file["y"][order]
    return (x[:8000], y[:8000]), (x[8000:], y[8000:])


def _outputs(path, x):
    with gossamer.Interpreter(model_path=path) as interpreter:
        interpreter.allocate_tensors()
        where = interpreter.get_input_details()[0]["index"]
        result = interpreter.get_output_details()[0]["index"]
        rows = []
        for row in x:
            interpreter.set_tensor(where, row[None])
            interpreter.invoke()
            rows.append(interpreter.get_tensor(result)[0])
    return np.array(rows)


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
def test_conversion_and_quantization():
    x = np.random.default_rng(0).random((5, 12), np.float32)
    trained = keras.Sequential(
        [
            keras.layers.Input((12,)),
            keras.layers.Dense(64, activation="relu"),
            keras.layers.Dense(3, activation="softmax"),
        ]
    )
    keras.saving.save_model(trained, "model.h5")

    model = keras.models.load_model("model.h5")
    converter = gossamer.TFLiteConverter.from_keras_model(model)
    tflite_model = converter.convert()
    with open("model.tflite", "wb") as f:
        f.write(tflite_model)

    converter.optimizations = [gossamer.Optimize.DEFAULT]
    tflite_quant_model = converter.convert()
    with open("model_quant.tflite", "wb") as f:
        f.write(tflite_quant_model)

    expected = trained.predict(x, verbose=0)
    np.testing.assert_allclose(_outputs("model.tflite", x), expected, atol=1e-6)
    np.testing.assert_allclose(_outputs("model_quant.tflite", x), expected, atol=0.02)


def test_digit_classifier(monkeypatch):
    monkeypatch.setattr(keras.datasets.mnist, "load_data", _load_data)

    mnist = keras.datasets.mnist
    (x_train, y_train), (x_test, y_test) = mnist.load_data()
    x_train, x_test = x_train / 255.0, x_test / 255.0

    with pytest.warns(UserWarning, match="input_shape"):
        flatten = keras.layers.Flatten(input_shape=(28, 28))
    model = keras.models.Sequential(
        [
            flatten,
            keras.layers.Dense(128, activation="relu"),
            keras.layers.Dropout(0.2),
            keras.layers.Dense(10),
        ]
    )
    model.compile(
        optimizer="adam",
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
    )
    model.fit(x_train, y_train, epochs=1, verbose=0)

    converter = gossamer.TFLiteConverter.from_keras_model(model)
    tflite_model = converter.convert()
    with open("mnist_model.tflite", "wb") as f:
        f.write(tflite_model)

    images = x_test[:500].astype(np.float32)
    scores = _outputs("mnist_model.tflite", images)
    expected = model.predict(images, verbose=0)
    np.testing.assert_allclose(scores, expected, atol=1e-4)
    assert np.mean(scores.argmax(1) == y_test[:500]) > 0.8
