from __future__ import annotations

import numpy as np
import pytest

from gossamer.quantization.weight_ranges import best_magnitudes, clip_weights
from tests.quantization import graphs, improving

MATRIX = graphs.normal(0, 3, 5, 400)


def error(matrix, magnitude, limit):
    step = magnitude[..., None] / limit
    rounded = np.clip(np.rint(matrix / step), -limit, limit) * step
    return np.square(rounded - matrix.astype(np.float64)).sum(-1)


@pytest.mark.parametrize("limit", [7, 127])
def test_no_magnitude_has_less_error(limit):
    best = error(MATRIX, best_magnitudes(MATRIX, limit), limit)
    largest = np.abs(MATRIX).max(-1)
    for part in np.linspace(0.5, 1, 11):
        assert (best <= 1.05 * error(MATRIX, part * largest, limit)).all()


def test_four_bits_gain_more_than_a_decibel():
    best = error(MATRIX, best_magnitudes(MATRIX, 7), 7)
    plain = error(MATRIX, np.abs(MATRIX).max(-1), 7)
    assert 10 * np.log10(plain.sum() / best.sum()) > 1.3


def test_rows_of_zeros_and_of_one_size_stay():
    matrix = np.float32([[0, 0, 0], [0.5, -0.5, 0.5]])
    found = best_magnitudes(matrix)
    assert found[0] > 0
    assert found[1] == 0.5


def test_layers_are_clipped_channel_by_channel():
    model = graphs.classifier()
    made = clip_weights(model, improving.every, limit=7)
    old, new = model.main.nodes[1].input(1).data, made.main.nodes[1].input(1).data
    magnitude = best_magnitudes(old[None], 7)[0][:, None]
    np.testing.assert_array_equal(new, np.clip(old, -magnitude, magnitude))
    assert (np.abs(new).max(1) < np.abs(old).max(1)).any()


def test_layers_that_stay_in_float_are_not_clipped():
    model = graphs.classifier()
    assert clip_weights(model, lambda node: False).main.nodes == model.main.nodes
