from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gossamer.errors import GraphError, UnsupportedError
from gossamer.ir import arithmetic
from gossamer.ir.graph import Tensor
from gossamer.ir.quantization import Quantization
from gossamer.ir.types import DType, TensorType

WORD = st.integers(-(2**31), 2**31 - 1)


def one(value: int) -> arithmetic.Integers:
    return np.array([value], np.int64)


@given(st.floats(1e-9, 1e9))
def test_a_multiplier_stands_for_its_factor(real: float) -> None:
    multiplier, shift = arithmetic.quantize_multiplier(real)
    assert 2**30 <= multiplier < 2**31
    assert abs(multiplier * 2.0 ** (shift - 31) / real - 1) <= 2**-31


@pytest.mark.parametrize(
    ("real", "pair"),
    [
        (0.0, (0, 0)),
        (1.0, (1 << 30, 1)),
        (0.5, (1 << 30, 0)),
        (1 - 2**-40, (1 << 30, 1)),
        (2.0**-33, (0, 0)),
        (2.0**-32, (1 << 30, -31)),
        (-0.75, (-1610612736, 0)),
    ],
)
def test_multipliers_at_the_edges(real: float, pair: tuple[int, int]) -> None:
    assert arithmetic.quantize_multiplier(real) == pair


@given(WORD, WORD)
def test_the_high_half_is_rounded_half_up_and_saturates(left: int, right: int) -> None:
    exact = Fraction(left * right, 2**31)
    expected = min((exact + Fraction(1, 2)).__floor__(), 2**31 - 1)
    assert arithmetic.doubling_high_multiply(one(left), right)[0] == expected


@given(WORD, st.integers(0, 31))
def test_division_by_a_power_of_two_rounds_half_away(value: int, exponent: int) -> None:
    size = (Fraction(abs(value), 2**exponent) + Fraction(1, 2)).__floor__()
    expected = size if value >= 0 else -size
    assert arithmetic.divide_by_power_of_two(one(value), exponent)[0] == expected


@given(WORD, st.floats(1e-6, 0.9))
def test_two_roundings_are_near(value: int, real: float) -> None:
    multiplier, shift = arithmetic.quantize_multiplier(real)
    exact = Fraction(value * multiplier) * Fraction(2) ** (shift - 31)
    twice = arithmetic.multiply(one(value), multiplier, shift)[0]
    assert abs(twice - exact) < 1


@given(WORD, st.sampled_from([0.5, 0.25, 0.75, 0.1, 0.0625, 1.0, 3.5]))
def test_a_real_factor_rounds_half_away_and_saturates(value: int, real: float) -> None:
    size = (Fraction(abs(value) * real) + Fraction(1, 2)).__floor__()
    expected = max(min(size if value >= 0 else -size, 2**31 - 1), -(2**31))
    assert arithmetic.multiply_real(one(value), real)[0] == expected


@given(st.integers(-(2**40), 2**40), st.floats(1e-9, 1e-4))
def test_wide_products_are_near(value: int, real: float) -> None:
    multiplier, shift = arithmetic.quantize_multiplier(real)
    result = arithmetic.multiply_wide(one(value), multiplier, shift)[0]
    assert abs(result - value * real) <= 1 + abs(value * real) * 2**-14


@pytest.mark.parametrize(
    ("activation", "limits"),
    [
        ("none", (-128, 127)),
        ("relu", (-10, 127)),
        ("relu6", (-10, 50)),
        ("relu_n1_to_1", (-20, 0)),
    ],
)
def test_the_range_of_an_activation(activation: str, limits: tuple[int, int]) -> None:
    quantization = Quantization.per_tensor(0.1, -10)
    found = arithmetic.activation_range(activation, quantization, DType.INT8)
    assert found == limits


def test_an_activation_that_is_no_clamp_is_refused() -> None:
    with pytest.raises(UnsupportedError, match="'sign_bit'"):
        arithmetic.real_range("sign_bit")


def test_halves_round_away_from_zero() -> None:
    values = np.float32([0.5, -0.5, 1.5, -2.5, 0.49999997])
    expected = [1, -1, 2, -3, 0]
    np.testing.assert_array_equal(arithmetic.round_half_away(values), expected)


@pytest.mark.parametrize("scale", [0.0, -0.5, np.inf, np.nan])
def test_scales_that_are_no_positive_number(scale: float) -> None:
    type_ = TensorType(DType.INT8, (1,))
    tensor = Tensor("x", type_, quantization=Quantization.per_tensor(scale))
    with pytest.raises(GraphError, match="'x'"):
        arithmetic.parameters(tensor)


def test_a_tensor_with_a_scale_per_channel_has_no_one_scale() -> None:
    type_ = TensorType(DType.INT8, (2,))
    quantization = Quantization.per_channel(np.float32([1, 2]), 0)
    with pytest.raises(UnsupportedError, match="2 scales"):
        arithmetic.parameters(Tensor("x", type_, quantization=quantization))


@pytest.mark.parametrize("factor", [np.inf, np.nan])
def test_factors_that_are_no_number(factor: float) -> None:
    with pytest.raises(GraphError, match="factor"):
        arithmetic.quantize_multiplier(factor)
