"""exp, reciprocal and square root on 32-bit fixed-point numbers.

Qm.n: m integer bits and n = 31 - m fractional bits beside the sign; the raw integer
stands for raw * 2**-n. The approximations (and their constants) are those that
TensorFlow Lite's reference kernels take from gemmlowp, so results are bit-equal.
"""

from __future__ import annotations

import numpy as np

from gossamer.ir.arithmetic import (
    Integers,
    divide_by_power_of_two,
    doubling_high_multiply,
)

_MOST = (1 << 31) - 1
_LEAST = -(1 << 31)

_EXP_MINUS_EIGHTH = 1895147668
"""exp(-1/8) in Q0.31."""
_THIRD = 715827883
_EXP_POWERS = (1672461947, 1302514674, 790015084, 290630308, 39332535, 720401, 242)
"""exp(-2**e) in Q0.31, for e from -2 to 4."""
_48_OVER_17 = 1515870810
_MINUS_32_OVER_17 = -1010580540
_LOG_2 = 1488522236
_FOURTH_ROOT_HALF = 1805811301
_SQRT_HALF = 1518500250
_ALPHA = (117049297, 127690142, 1057819769, 638450708)
"""Padé coefficients n, d, i, f of the logarithm around 1, in Q0.31."""


def shift_left(values: Integers, bits: int) -> Integers:
    """`values * 2**bits`, saturating at 32 bits."""
    return np.clip(values << bits, _LEAST, _MOST)


def exp_of_negative(values: Integers) -> Integers:
    """exp(x) in Q0.31 for x <= 0 in Q5.26."""
    quarter = 1 << 24
    part = (values & (quarter - 1)) - quarter
    result = _exp_of_small(shift_left(part, 5))
    remainder = part - values
    for index, power in enumerate(_EXP_POWERS):
        is_set = (remainder >> (24 + index)) & 1
        result = np.where(is_set, doubling_high_multiply(result, power), result)
    return np.where(values == 0, _MOST, result)


def _exp_of_small(values: Integers) -> Integers:
    """exp(x) in Q0.31 for x in [-1/4, 0): Taylor's series around -1/8."""
    x = values + (1 << 28)
    x2 = doubling_high_multiply(x, x)
    x3 = doubling_high_multiply(x2, x)
    x4 = doubling_high_multiply(x2, x2)
    cubic = doubling_high_multiply(divide_by_power_of_two(x4, 2) + x3, _THIRD) + x2
    series = x + divide_by_power_of_two(cubic, 1)
    return _EXP_MINUS_EIGHTH + doubling_high_multiply(series, _EXP_MINUS_EIGHTH)


def leading_zeros(values: Integers) -> Integers:
    """Leading zero bits of positive 32-bit values; 32 for zero."""
    return 32 - np.frexp(values.astype(np.float64))[1].astype(np.int64)


def reciprocal(values: Integers, integer_bits: int) -> tuple[Integers, Integers]:
    """1 / x for x > 0 with `integer_bits` integer bits.

    Returns:
        The mantissa in Q0.31, and the number of bits by which to shift it right.
    """
    headroom = leading_zeros(values)
    fraction = (values << headroom) - (1 << 31)
    return _one_over_one_plus(fraction), integer_bits - headroom


def _one_over_one_plus(values: Integers) -> Integers:
    """1 / (1 + x) in Q0.31 for x in [0, 1) in Q0.31: Newton's division."""
    half = (values + _MOST + 1) >> 1
    x = _48_OVER_17 + doubling_high_multiply(half, _MINUS_32_OVER_17)
    for _ in range(3):
        error = (1 << 29) - doubling_high_multiply(half, x)
        x = x + shift_left(doubling_high_multiply(x, error), 2)
    return shift_left(x, 1)


def inverse_square_root(value: int) -> tuple[int, int]:
    """1 / sqrt(value) as (multiplier, shift), with 5 steps of Newton's iteration."""
    if value <= 1:
        return _MOST, 0
    shift = 11
    while value >= 1 << 29:
        value //= 4
        shift += 1
    pairs = (32 - value.bit_length() - 1) // 2 - 1
    shift -= pairs
    value <<= 2 * pairs
    raw = np.array([value >> 1], np.int64)
    half = divide_by_power_of_two(raw, 1)
    x = np.array([1 << 28], np.int64)
    for _ in range(5):
        cube = doubling_high_multiply(doubling_high_multiply(x, x), x)
        cube = shift_left(cube, 6)
        grown = doubling_high_multiply(x, (1 << 28) + (1 << 27))
        x = shift_left(grown - doubling_high_multiply(half, cube), 3)
    root = int(doubling_high_multiply(x, _SQRT_HALF)[0])
    return (root << -shift, 0) if shift < 0 else (root, -shift)


def logarithm(values: Integers) -> Integers:
    """log(x) in Q5.26 for x >= 1 in Q12.19."""
    # x = r * 2**z with r around 1; of two candidates for z the one that fits is kept.
    headroom = leading_zeros(values)
    quarter = 1 << 23
    r_a = doubling_high_multiply(_shift_by(values, headroom - 1), _SQRT_HALF)
    z_a = np.clip(_shift_by(12 - headroom, 25) + quarter, _LEAST, _MOST)
    b_headroom = leading_zeros(doubling_high_multiply(values, _SQRT_HALF)) - 1
    z_b = np.clip(_shift_by(12 - b_headroom, 25) - quarter, _LEAST, _MOST)
    r = np.minimum(shift_left(r_a, 1), _shift_by(values, b_headroom))
    z = np.maximum(z_a, z_b)
    return _log_from_parts(r, z)


def _shift_by(values: Integers, bits: Integers | int) -> Integers:
    return np.clip(values << bits, _LEAST, _MOST)


def _log_from_parts(r: Integers, z: Integers) -> Integers:
    """log(r * 2**z) in Q5.26 for r in Q0.31 and z in Q6.25."""
    multiply = doubling_high_multiply
    n, d, i, f = _ALPHA
    p = (r + _FOURTH_ROOT_HALF + 1) >> 1
    q = (r - _FOURTH_ROOT_HALF) * 2
    square = multiply(q, q)
    numerator = multiply(q, r) + multiply(multiply(q, square), n)
    denominator = multiply(p, i + q + multiply(square, d)) + multiply(q, f)
    quotient = multiply(
        divide_by_power_of_two(numerator, 6), _one_over_one_plus(denominator)
    )
    return shift_left(multiply(z, _LOG_2) + quotient, 1)
