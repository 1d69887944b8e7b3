from __future__ import annotations

import numpy as np
import pytest

from gossamer.errors import QuantizationError
from gossamer.quantization import range_methods
from gossamer.quantization.histogram import Histogram
from gossamer.quantization.ranges import (
    Range,
    activation_quantization,
    quantize_constant,
)

RANDOM = np.random.default_rng(0)
VALUES = {
    "normal": RANDOM.normal(0, 1, 300_000),
    "relu": np.maximum(RANDOM.normal(0, 1, 300_000), 0),
    "laplace": RANDOM.laplace(0.3, 2, 300_000),
    "negative": -RANDOM.gamma(2, 1, 300_000),
    "outlier": np.append(RANDOM.normal(0, 1, 300_000), [30, -20]),
}
VALUES = {name: values.astype(np.float32) for name, values in VALUES.items()}


def chosen(method, values):
    seen = Range.of(values)
    histogram = Histogram()
    histogram.add(values, seen.minimum, seen.maximum)
    return range_methods.CHOOSERS[method](histogram, seen)


def error(values, range_):
    """The mean-square error on the int8 grid."""
    quantization = activation_quantization(range_)
    stored = quantize_constant(values, quantization)
    return np.mean((quantization.dequantize(stored) - values.astype(np.float64)) ** 2)


@pytest.mark.parametrize("values", VALUES.values(), ids=VALUES)
def test_the_mse_method_has_the_least_error_of_all(values):
    best = error(values, chosen("mse", values))
    seen = Range.of(values)
    assert best <= error(values, seen)
    for low in (0.4, 0.6, 0.8, 0.9, 1):
        for high in (0.4, 0.6, 0.8, 0.9, 1):
            other = Range(low * min(seen.minimum, 0), high * max(seen.maximum, 0))
            assert best <= 1.02 * error(values, other)


def test_the_mse_method_clips_a_normal_distribution_at_four_sigma():
    # With 8 bits the optimum is at 3.92 (Banner et al. 2019, for a normal density).
    found = chosen("mse", VALUES["normal"])
    assert -found.minimum == pytest.approx(3.92, abs=0.15)
    assert found.maximum == pytest.approx(3.92, abs=0.15)


def test_percentiles_are_those_of_the_values():
    found = chosen("percentile", VALUES["laplace"])
    low, high = np.quantile(VALUES["laplace"], [0.00005, 0.99995])
    assert found.minimum == pytest.approx(low, abs=0.05)
    assert found.maximum == pytest.approx(high, abs=0.05)


@pytest.mark.parametrize("method", range_methods.CHOOSERS)
@pytest.mark.parametrize("values", VALUES.values(), ids=VALUES)
def test_a_range_lies_within_what_was_seen(method, values):
    assert chosen(method, values).within(Range.of(values))


@pytest.mark.parametrize("method", range_methods.CHOOSERS)
def test_evenly_spread_values_are_kept(method):
    values = RANDOM.uniform(-1, 2, 100_000).astype(np.float32)
    found = chosen(method, values)
    assert found.minimum == pytest.approx(-1, abs=0.01)
    assert found.maximum == pytest.approx(2, abs=0.01)


@pytest.mark.parametrize("method", range_methods.CHOOSERS)
@pytest.mark.parametrize("value", [0.0, 1.0, -3.5])
def test_one_value_is_kept(method, value):
    found = chosen(method, np.full(100, value, np.float32))
    assert found == Range(value, value)


@pytest.mark.parametrize("method", ["percentile", "entropy"])
def test_one_outlier_of_many_is_cut_off(method):
    found = chosen(method, VALUES["outlier"])
    assert found.maximum < 10
    assert found.minimum > -10


def test_many_zeros_do_not_draw_the_entropy_method_to_them():
    assert chosen("entropy", VALUES["relu"]).maximum > 3.5


def test_of_few_different_values_the_largest_is_kept():
    values = np.repeat(np.float32([0, 0.01, 0.02, 5, 9]), 20)
    assert chosen("entropy", values).maximum == 9


def test_an_unknown_method_is_refused():
    with pytest.raises(QuantizationError, match=r"method='max' .* 'minmax', 'perc"):
        range_methods.method_of("max")
