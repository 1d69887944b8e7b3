from __future__ import annotations

import numpy as np

from gossamer.ir import fixed_point


def test_exp_of_negative_numbers() -> None:
    x = np.linspace(-31.9, 0, 5000)
    raw = np.round(x * 2**26).astype(np.int64)
    error = fixed_point.exp_of_negative(raw) / 2**31 - np.exp(raw / 2**26)
    assert np.abs(error).max() < 1e-6
    assert fixed_point.exp_of_negative(np.array([0]))[0] == 2**31 - 1


def test_reciprocal() -> None:
    x = np.geomspace(0.01, 4000, 3000)
    raw = np.round(x * 2**19).astype(np.int64)
    mantissa, shift = fixed_point.reciprocal(raw, 12)
    found = mantissa / 2.0**31 / 2.0**shift
    assert np.abs(found * raw / 2**19 - 1).max() < 1e-5


def test_logarithm() -> None:
    x = np.geomspace(1, 4000, 3000)
    raw = np.round(x * 2**19).astype(np.int64)
    error = fixed_point.logarithm(raw) / 2**26 - np.log(raw / 2**19)
    assert np.abs(error).max() < 1e-5


def test_inverse_square_root() -> None:
    for value in (2, 3, 10, 255, 65025, 10**6, 2**29, 2**31 - 1):
        multiplier, shift = fixed_point.inverse_square_root(value)
        found = multiplier * 2.0 ** (shift - 31)
        assert abs(found * value**0.5 - 1) < 1e-3, value
    assert fixed_point.inverse_square_root(0) == (2**31 - 1, 0)


def test_leading_zeros() -> None:
    values = np.array([0, 1, 2, 3, 2**30, 2**31 - 1])
    np.testing.assert_array_equal(
        fixed_point.leading_zeros(values), [32, 31, 30, 30, 1, 1]
    )
