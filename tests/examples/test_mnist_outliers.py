"""`examples/mnist_outliers.py`: training for int8 mends what outliers break."""

from __future__ import annotations

import numpy as np
import pytest


@pytest.fixture(scope="module")
def example(load_example):
    return load_example("mnist_outliers")


def test_outliers_leave_the_answers_and_spread_the_channels(example):
    example.keras.utils.set_random_seed(1)
    model = example.network()
    x = np.random.default_rng(2).random((3, 14, 14, 1), np.float32)
    answers = example.keras.ops.convert_to_numpy(model(x))
    example.make_outliers(model)
    same = example.keras.ops.convert_to_numpy(model(x))
    np.testing.assert_allclose(same, answers, rtol=1e-3, atol=1e-5)
    gains = [
        example.keras.ops.convert_to_numpy(layer.gamma)
        for layer in model.layers
        if isinstance(layer, example.keras.layers.BatchNormalization)
    ]
    assert max(gain.max() for gain in gains) == example.LARGER


@pytest.mark.slow
def test_training_for_int8_beats_int8_afterwards(example):
    rows = {row.name: row for row in example.compare(example.mnist.load_digits(), 10)}
    assert rows["float"].accuracy > 97
    broken, mended = rows["int8, outliers"], rows["QAT, outliers"]
    assert mended.accuracy >= broken.accuracy + 10
    assert mended.accuracy >= rows["float"].accuracy - 1.5
    assert broken.same_bits
    assert mended.same_bits
    assert mended.as_model >= 99
