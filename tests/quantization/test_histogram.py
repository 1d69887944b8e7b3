from __future__ import annotations

import numpy as np
import pytest

from gossamer.quantization.histogram import BINS, Histogram


def histogram(*arrays):
    made = Histogram()
    for array in arrays:
        values = np.float32(array)
        made.add(values, float(values.min()), float(values.max()))
    return made


def expected(values, made):
    return np.histogram(np.float64(np.concatenate(values)), made.edges)[0]


STREAMS = {
    "grows": [np.linspace(0, 10.0**i, 999) for i in range(6)],
    "shrinks": [np.linspace(-(10.0**-i), 10.0**i, 999) for i in range(4, -4, -1)],
    "both signs": [-np.geomspace(1e-3, 7, 500), np.geomspace(1e-5, 1e3, 500)],
    "first all zero": [np.zeros(10), np.linspace(-3, 5, 100)],
    "constant": [np.full(10, 1e30), np.full(3, 1.0000001e30)],
    "tiny": [np.float32([1e-44, -1e-40]), np.float32([1e-39])],
    "huge": [np.float32([-3.4e38, 3.4e38]), np.float32([0, 1])],
}


@pytest.mark.parametrize("arrays", STREAMS.values(), ids=STREAMS)
def test_every_value_is_in_its_bin(arrays):
    arrays = [np.float32(each) for each in arrays]
    made = histogram(*arrays)
    assert made.counts.sum() == sum(each.size for each in arrays)
    # The last edge belongs to NumPy's last bin, and no value lies on ours.
    np.testing.assert_array_equal(made.counts, expected(arrays, made))


@pytest.mark.parametrize("arrays", STREAMS.values(), ids=STREAMS)
def test_the_order_does_not_matter(arrays):
    one, other = histogram(*arrays), histogram(*arrays[::-1])
    np.testing.assert_array_equal(one.counts, other.counts)
    np.testing.assert_array_equal(one.edges, other.edges)


@pytest.mark.parametrize("spread", [1e-25, 1e-3, 0.7, 1.0, 3e5])
def test_bins_are_few_and_narrow(spread):
    values = np.random.default_rng(0).normal(0, spread, 10_000)
    made = histogram(*np.split(values, 10))
    assert BINS / 2 - 2 <= made.counts.size <= BINS


def test_zero_is_an_edge():
    assert 0 in histogram(np.linspace(-0.37, 2.11, 1000)).edges


def test_a_long_array_is_counted_whole():
    values = np.random.default_rng(0).uniform(-1, 1, 200_001)
    assert histogram(values).counts.sum() == 200_001
