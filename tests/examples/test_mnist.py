"""`examples/mnist.py` does what it says: same digits, same bits, smaller files."""

from __future__ import annotations

import numpy as np
import pytest
from rich.console import Console
from rich.progress import Progress

pytestmark = pytest.mark.xdist_group("mnist")  # trained in one process only


@pytest.fixture(scope="module")
def example(load_example):
    return load_example("mnist")


@pytest.fixture(scope="module")
def made(example, tmp_path_factory):
    """What the walk gives after one epoch on the bundled digits."""
    folder = tmp_path_factory.mktemp("mnist")
    with Progress(disable=True) as bars:
        return example.walk(folder, example.load_digits(), 1, 0.01, bars)


def test_digits_are_shuffled_and_held_out(example):
    digits = example.load_digits()
    assert digits.train_x.shape == (8000, 28, 28)
    assert digits.test_x.shape == (2000, 28, 28)
    assert digits.test_x.dtype == np.float32
    assert (digits.test_x.min(), digits.test_x.max()) == (0, 1)
    assert np.bincount(digits.test_y, minlength=10).min() > 100


def test_float_reads_as_keras_and_litert_do(made):
    result = made.results[0]
    np.testing.assert_allclose(result.scores, made.keras_scores, atol=1e-4)
    read = result.scores.argmax(1)
    assert np.array_equal(read, result.theirs.argmax(1))
    by_keras = np.mean(made.keras_scores.argmax(1) == made.digits.test_y)
    assert abs(result.accuracy(made.digits.test_y) - 100 * by_keras) <= 0.1
    assert by_keras > 0.8


def test_dynamic_range_reads_nearly_as_litert_does(made):
    result = made.results[1]
    assert np.mean(result.scores.argmax(1) == result.theirs.argmax(1)) >= 0.998


def test_int8_is_equal_to_the_bit(made):
    result = made.results[2]
    assert result.scores.dtype == np.int8
    np.testing.assert_array_equal(result.scores, result.reference)


def test_quantized_files_are_small_and_accurate(made):
    plain, *quantized = made.results
    y, size = made.digits.test_y, plain.file.stat().st_size
    for result in quantized:
        assert result.file.stat().st_size <= 0.27 * size
        assert abs(result.accuracy(y) - plain.accuracy(y)) <= 0.5


def test_report_and_pictures(example, made, tmp_path):
    y, read = made.digits.test_y, made.results[-1].scores.argmax(1)
    console = Console(width=120)
    with console.capture() as capture:
        console.print(example.table_of(made.results, y))
    for name in ("mnist_model.tflite", "mnist_model_quant.tflite"):
        assert name in capture.get()
    *_, last = example.facts(made.results, made.keras_scores, y)
    assert last.endswith("are equal to the bit.")
    example.draw_digits(tmp_path / "digits.png", made.digits.test_x, y, read)
    example.draw_confusion(tmp_path / "confusion.png", y, read)
    assert {path.name for path in tmp_path.iterdir()} == {"digits.png", "confusion.png"}
