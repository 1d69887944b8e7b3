"""`gossamer convert` makes files that compute what Keras computes."""

from __future__ import annotations

import os

import numpy as np
import pytest

os.environ.setdefault("KERAS_BACKEND", "jax")

import keras

from gossamer import quantization_aware
from gossamer.cli.convert import write_whole
from gossamer.runtime.interpreter import Interpreter

# Keras's own arrays, on saving: NumPy 2 asks for a keyword that JAX's lack.
pytestmark = pytest.mark.filterwarnings(
    "ignore:__array__ implementation:DeprecationWarning"
)


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    """A Keras file, and the model in it: [?, 8] -> relu 256 -> [?, 3]."""
    keras.utils.set_random_seed(1)
    made = keras.Sequential(
        [
            keras.Input((8,), name="features"),
            keras.layers.Dense(256, activation="relu"),
            keras.layers.Dense(3),
        ]
    )
    path = tmp_path_factory.mktemp("keras") / "small.keras"
    made.save(path)
    return path, made


@pytest.fixture
def samples(tmp_path):
    path = tmp_path / "samples.npy"
    np.save(path, np.random.default_rng(0).random((40, 8), np.float32))
    return path


def answers(path, x):
    runner = Interpreter(path).get_signature_runner()
    return next(iter(runner(**{next(iter(runner.get_input_details())): x}).values()))


def test_float_model_computes_what_keras_does(gossamer, model, samples, tmp_path):
    path, made = model
    out = tmp_path / "out.tflite"
    text = gossamer("convert", path, "-o", out)
    x = np.load(samples)
    np.testing.assert_allclose(answers(out, x), made.predict(x, verbose=0), atol=1e-5)
    assert str(out) in text
    assert "of small.keras" in text


def test_output_stands_beside_the_model_by_default(gossamer, model, tmp_path):
    path = tmp_path / "mine.keras"
    path.write_bytes(model[0].read_bytes())
    gossamer("convert", path)
    assert (tmp_path / "mine.tflite").exists()


@pytest.mark.parametrize("mode", ["dynamic", "float16"])
def test_smaller_models_stay_close(gossamer, model, samples, tmp_path, mode):
    path, made = model
    plain, small = tmp_path / "plain.tflite", tmp_path / "small.tflite"
    gossamer("convert", path, "-o", plain)
    gossamer("convert", path, "-o", small, "--quantize", mode)
    assert small.stat().st_size < plain.stat().st_size
    x = np.load(samples)
    np.testing.assert_allclose(answers(small, x), made.predict(x, verbose=0), atol=0.05)


def test_int8_with_integer_ends(gossamer, model, samples, tmp_path):
    path, _ = model
    out = tmp_path / "int8.tflite"
    options = (
        "--calibration",
        samples,
        "--input-type",
        "int8",
        "--output-type",
        "int8",
    )
    gossamer("convert", path, "-o", out, "-q", "int8", *options)
    with Interpreter(out) as interpreter:
        assert interpreter.get_input_details()[0]["dtype"] is np.int8
        assert interpreter.get_output_details()[0]["dtype"] is np.int8


def test_int8_by_other_methods(gossamer, model, samples, tmp_path):
    path, _ = model
    files = [tmp_path / name for name in ("plain.tflite", "better.tflite")]
    options = ("-q", "int8", "--calibration", samples)
    gossamer("convert", path, "-o", files[0], *options)
    better = ("--method", "mse", "--improve", "bias", "--improve", "adaround")
    gossamer("convert", path, "-o", files[1], *options, *better)
    assert files[0].stat().st_size == pytest.approx(files[1].stat().st_size, rel=0.02)
    assert files[0].read_bytes() != files[1].read_bytes()


def test_a_model_trained_for_integers_needs_no_calibration(gossamer, tmp_path):
    model = quantization_aware.quantize_model(
        keras.Sequential([keras.Input((8,)), keras.layers.Dense(4)])
    )
    model.compile("sgd", "mse")
    x = np.random.default_rng(0).normal(size=(32, 8)).astype(np.float32)
    model.fit(x, x[:, :4], verbose=0)
    model.save(tmp_path / "trained.keras")
    out = tmp_path / "trained.tflite"
    gossamer("convert", tmp_path / "trained.keras", "-o", out, "-q", "int8")
    off = np.abs(answers(out, x[:1]) - np.asarray(model(x[:1])))
    assert off.max() < 0.05


def test_explain_tells_what_passes_did(gossamer, model, tmp_path):
    out = tmp_path / "out.tflite"
    gossamer("convert", model[0], "-o", out, "--explain")
    (row,) = (row for row in gossamer.rows() if row[0] == "fuse_activation")
    assert row[1] == "1"
    assert row[2].startswith("Make a clamp")
    assert row[3].startswith("RELU '")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["-q", "int8"], "--quantize int8 needs --calibration"),
        (["--calibration", "x.npy"], "for --quantize int8 only"),
        (["--input-type", "int8"], "--quantize int8 only"),
        (["--pixels", "0..1"], "--pixels is for a folder of images"),
        (["--method", "mse"], "method and improve are for int8"),
        (["--improve", "bias"], "method and improve are for int8"),
        (["-q", "int8", "--calibration", "none.npz"], "Could not open 'none.npz'"),
        (["-o", "/nowhere/at/all/x.tflite"], "no folder '/nowhere/at/all'"),
    ],
)
def test_mistakes_are_told_before_the_work(gossamer, model, options, words):
    gossamer("convert", model[0], *options, code=1)
    assert words in gossamer.err


def test_what_is_no_keras_file_is_refused(gossamer, tmp_path):
    path = tmp_path / "weights.txt"
    path.write_text("no model")
    gossamer("convert", path, code=1)
    assert "weights.txt" in gossamer.err


def test_unknown_mode_is_a_wrong_command_line(gossamer, model):
    gossamer("convert", model[0], "-q", "int3", code=2)
    assert "int3" in gossamer.err


def test_file_is_written_whole_or_not_at_all(tmp_path, monkeypatch):
    path = tmp_path / "x.tflite"
    path.write_bytes(b"old")
    with pytest.raises(TypeError):
        write_whole(path, None)
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]
    write_whole(path, b"new")
    assert path.read_bytes() == b"new"
