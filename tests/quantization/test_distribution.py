from __future__ import annotations

import numpy as np
import pytest

from gossamer.quantization.distribution import Distribution
from gossamer.quantization.noise import Noise


def test_bars_are_those_of_numpy():
    values = np.random.default_rng(1).normal(0, 3, 20000).astype(np.float32)
    found = Distribution()
    for part in np.split(values, 10):
        found.add(part)
    assert (found.minimum, found.maximum) == (values.min(), values.max())
    expected, _ = np.histogram(values, 32, (-16, 16))
    assert found.total == found.bars(-16, 16, 32).sum() == 20000
    # A bin of the histogram is far narrower than a bar: few are on the other side.
    assert np.abs(found.bars(-16, 16, 32) - expected).max() < 30


def test_what_is_not_finite_and_what_is_outside():
    found = Distribution()
    found.add(np.array([[np.nan, 1.0], [np.inf, -5.0]]))
    found.add(np.array([]))
    assert (found.minimum, found.maximum, found.total) == (-5, 1, 2)
    assert found.bars(0, 0.5, 2).tolist() == [1, 1]


def test_one_value_and_none():
    found = Distribution()
    assert found.bars(0, 1, 4).tolist() == [0, 0, 0, 0]
    found.add(np.full(3, 0.25))
    assert found.bars(0.25, 0.25, 4).sum() == 3


def test_noise_of_parts_is_that_of_the_whole():
    random = np.random.default_rng(2)
    wanted, found = random.normal(1, 2, (2, 1000))
    noise = Noise()
    for part in (slice(0, 300), slice(300, 1000)):
        noise.add(wanted[part], found[part])
    difference = found - wanted
    assert noise.mean == pytest.approx(difference.mean())
    assert noise.stddev == pytest.approx(difference.std())
    assert noise.mean_squared == pytest.approx(np.mean(difference**2))
    assert noise.largest == np.abs(difference).max()
    expected = 10 * np.log10(np.sum(wanted**2) / np.sum(difference**2))
    assert noise.decibels == pytest.approx(expected)


def test_noise_where_there_is_no_signal_or_no_difference():
    zeros, ones = np.zeros(3), np.ones(3)
    noise = Noise()
    assert noise.decibels == np.inf
    noise.add(zeros, ones)
    assert noise.decibels == -np.inf
    noise.add(np.array([np.nan, 1.0]), np.array([0.0, np.inf]))
    assert noise.count == 3
