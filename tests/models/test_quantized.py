"""Trained networks quantized here, beside the int8 files shipped with them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pytest

import gossamer
from gossamer.frontends.keras.load import load_model
from tests.models import engines, packages, realistic

if TYPE_CHECKING:
    from collections.abc import Callable

CLEAR = 0.3
"""A clear answer: by how much the first class's score exceeds the second's. Where an
answer is less clear, int8 files by the same converter disagree as often."""


def images(count, seed):
    return (realistic.pictures(count, 32, seed) - 128) / 128


def hands(count, seed):
    """Gray and standardized, as this network is trained."""
    gray = realistic.pictures(count, 84, seed) @ np.array([0.299, 0.587, 0.114])
    mean, deviation = gray.mean((1, 2)), gray.std((1, 2))
    made = (gray - mean[:, None, None]) / deviation[:, None, None]
    return made[..., None].astype(np.float32)


def speech(count, seed):
    return realistic.utterances(count, seed)[..., None] - 128


def keywords(count, seed):
    """Four bands as one, and a 50th moment of silence."""
    bands = realistic.utterances(count, seed).reshape(count, 49, 10, 4).mean(-1)
    return np.pad(bands, ((0, 0), (0, 1), (0, 0)))[..., None]


@dataclass(frozen=True)
class Case:
    name: str
    inputs: Callable[[int, int], np.ndarray]


CASES = [
    Case("image_classification", images),
    Case("rock_paper_scissors", hands),
    Case("tflite_micro_speech", speech),
    Case("keyword_spotting", keywords),
]


@pytest.mark.xdist_group(packages.MLTK.name)
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
@pytest.mark.parametrize("method", ["minmax", "percentile"])
def test_clear_answers_are_those_of_the_shipped_file(case, method, tmp_path):
    model = load_model(packages.model_file(f"{case.name}.h5", tmp_path))
    inputs = case.inputs(600, 1)
    real = _scores(gossamer.convert(model), inputs)
    shipped = _scores(packages.model(f"{case.name}.tflite"), inputs).argmax(1)
    file = gossamer.convert(
        model,
        "int8",
        case.inputs(100, 0),
        method=method,
        input_type="int8",
        output_type="int8",
    )
    ours = _scores(file, inputs).argmax(1)
    first, second = np.sort(real)[:, -1], np.sort(real)[:, -2]
    clear = first - second >= CLEAR
    assert clear.sum() >= 400
    assert (ours == shipped)[clear].mean() >= 0.97
    right = real.argmax(1)
    assert (ours == right)[clear].mean() >= 0.99
    assert (ours == right).mean() >= (shipped == right).mean() - 0.01


@pytest.mark.xdist_group(packages.MLTK.name)
def test_two_recordings_are_understood(tmp_path):
    model = load_model(packages.model_file("tflite_micro_speech.h5", tmp_path))
    file = gossamer.convert(
        model, "int8", speech(100, 0), input_type="int8", output_type="int8"
    )
    heard = realistic.words()[..., None] - 128
    expected = _scores(packages.model("tflite_micro_speech.tflite"), heard)
    np.testing.assert_array_equal(
        expected, [[127, -128, -128, -128], [-128, 123, -123, -128]]
    )
    assert np.abs(_scores(file, heard) - expected).max() <= 4


def _scores(file, inputs):
    """The one output for each input, as it is stored: float32 (count, classes)."""
    interpreter = engines.ours(file)
    (detail,) = interpreter.get_input_details()
    if detail["dtype"] is not np.float32:
        inputs = engines.quantized(inputs, detail)
    rows = [engines.infer(interpreter, [each[None]])[0][0] for each in inputs]
    return np.array(rows, np.float32)
