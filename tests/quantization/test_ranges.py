from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gossamer.ir.quantization import Quantization
from gossamer.quantization import ranges
from gossamer.quantization.ranges import Range, activation_quantization

finite = st.floats(-1e6, 1e6, width=32)


@pytest.mark.parametrize(
    ("low", "high", "scale", "zero_point"),
    [
        (0.0, 255.0, 1.0, -128),  # what RELU leaves
        (0.0, 6.0, 6 / 255, -128),
        (-255.0, 0.0, 1.0, 127),
        (-1.0, 1.0, 2 / 255, -1),  # -128 + 127.5, halves away from zero
        (-64.0, 191.0, 1.0, -64),
        (2.0, 10.0, 10 / 255, -128),  # widened down to 0
        (-10.0, -2.0, 10 / 255, 127),  # widened up to 0
    ],
)
def test_activation_scale_and_zero_point(low, high, scale, zero_point):
    found = activation_quantization(Range(low, high))
    assert found.scale == np.float32(scale)
    assert found.pair()[1] == zero_point


@pytest.mark.parametrize("value", [0.0, 1e-9, -1e-8])
def test_degenerate_range_is_widened_by_a_millionth_each_way(value):
    scale, zero_point = activation_quantization(Range(value, value)).pair()
    assert scale == pytest.approx(2e-6 / 255, rel=0.01)
    assert -2 <= zero_point <= 0


@given(finite, finite)
def test_activation_quantization_reaches_the_range_and_holds_zero(one, other):
    seen = Range(min(one, other), max(one, other))
    quantization = activation_quantization(seen)
    scale, zero_point = quantization.pair()
    assert -128 <= zero_point <= 127
    ends = np.array([-128, 127, zero_point], np.int8)
    low, high, zero = quantization.dequantize(ends)
    assert zero == 0.0
    # Nudging the zero point to a whole number moves the ends by half a step at most.
    assert low <= seen.minimum + 0.51 * scale
    assert high >= seen.maximum - 0.51 * scale


def test_weight_scales_are_the_greatest_magnitude_of_each_channel_over_127():
    weights = np.array([[1.0, -127.0], [0.5, 0.25], [0.0, 0.0]], np.float32)
    found = ranges.weight_quantization(weights, 0)
    assert found.axis == 0
    np.testing.assert_array_equal(found.zero_point, [0, 0, 0])
    np.testing.assert_array_equal(found.scale[:2], np.float32([1, 0.5 / 127]))
    assert 0 < found.scale[2] < 1e-8
    stored = ranges.quantize_weights(weights, found)
    np.testing.assert_array_equal(stored, [[1, -127], [127, 64], [0, 0]])


def test_weight_scales_follow_the_axis_of_channels():
    weights = np.zeros((1, 1, 2, 3), np.float32)
    weights[0, 0, :, :] = [[1, 20, 3], [-10, 2, 0]]
    found = ranges.weight_quantization(weights, 3)
    assert found.axis == 3
    np.testing.assert_array_equal(
        found.scale, np.float32([10, 20, 3]) / np.float32(127)
    )


def test_one_scale_for_all_weights_without_an_axis():
    weights = np.array([[1.0, -2.0]], np.float32)
    found = ranges.weight_quantization(weights, None)
    assert not found.is_per_channel
    assert found.pair() == (np.float32(2.0) / np.float32(127), 0)


@given(st.lists(finite, min_size=1, max_size=20))
def test_weights_never_use_the_least_int8(values):
    weights = np.array(values, np.float32)
    found = ranges.weight_quantization(weights, None)
    stored = ranges.quantize_weights(weights, found).astype(int)
    assert stored.min() >= -127
    error = np.abs(stored * found.scale.astype(np.float64) - weights)
    assert error.max() <= 0.5001 * found.scale[0]


def test_bias_scale_is_the_product_of_input_and_weight_scales():
    weights = Quantization.per_channel(np.float32([0.5, 0.25]), 0)
    np.testing.assert_array_equal(ranges.bias_scale(0.125, weights), [0.0625, 0.03125])


def test_a_bias_that_fits_leaves_the_weight_scales_alone():
    weights = Quantization.per_channel(np.float32([0.01, 0.02]), 0)
    found = ranges.widen_for_bias(weights, np.float32([1.0, -3.0]), 0.1)
    assert found.same(weights)


def test_a_bias_beyond_half_of_int32_widens_its_own_channel_only():
    weights = Quantization.per_channel(np.float32([1e-9, 0.02]), 0)
    bias = np.float32([-50.0, 1.0])
    found = ranges.widen_for_bias(weights, bias, 0.001)
    assert found.scale[1] == weights.scale[1]
    scale = ranges.bias_scale(0.001, found)
    stored = ranges.quantize_bias(bias, Quantization(scale, found.zero_point))
    assert stored[0] == pytest.approx(-ranges.LARGEST_BIAS, rel=1e-6)
    assert stored[0] * scale[0] == pytest.approx(-50.0, rel=1e-6)


def test_bias_saturates_instead_of_wrapping():
    one = Quantization.per_tensor(1e-9)
    stored = ranges.quantize_bias(np.float32([100.0, -100.0]), one)
    limits = np.iinfo(np.int32)
    np.testing.assert_array_equal(stored, [limits.max, limits.min])


def test_a_scalar_constant_takes_its_own_range():
    found = ranges.constant_quantization(np.float32(0.125))
    assert found.pair() == (np.float32(0.125) / np.float32(255), -128)
    assert ranges.quantize_constant(np.float32([0.125]), found)[0] == 127


def test_rounding_takes_halves_away_from_zero():
    values = np.array([0.5, 1.5, -0.5, -2.5, 0.49], np.float32)
    np.testing.assert_array_equal(ranges.round_half_away(values), [1, 2, -1, -3, 0])


def test_rounding_is_exact_where_float32_holds_no_halves():
    values = np.array([0.49999997, 8388609.0, -16777215.0], np.float32)
    found = ranges.round_half_away(values)
    np.testing.assert_array_equal(found, [0, 8388609, -16777215])
