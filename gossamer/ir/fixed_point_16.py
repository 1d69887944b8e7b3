"""The logistic function and tanh on 16-bit fixed-point numbers.

A number with m integer bits has 15 - m fractional bits beside the sign. The
approximations (and their constants) are those that TensorFlow Lite's reference kernels
take from gemmlowp, so results are bit-equal. A function of 16 bits is a table of 65536
entries, so that no more than a table is ever computed.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from gossamer.ir.arithmetic import (
    Integers,
    choose,
    divide_by_power_of_two,
    doubling_high_multiply,
)

if TYPE_CHECKING:
    from gossamer.ir.types import Array

_MOST = (1 << 15) - 1
_LEAST = -(1 << 15)

_EXP_MINUS_EIGHTH = 28918
"""exp(-1/8) with 0 integer bits."""
_THIRD = 10923
_EXP_POWERS = (25520, 19875, 12055, 4435, 600, 11, 0)
"""exp(-2**e) with 0 integer bits, for e from -2 to 4."""
_48_OVER_17 = 23130
_MINUS_32_OVER_17 = -15420

LARGEST_INTEGER_BITS = 6
"""The most integer bits that `tanh_table` has an approximation for."""


def _multiply(left: Integers, right: Integers | int) -> Integers:
    return doubling_high_multiply(left, right, bits=16)


def _shift_left(values: Integers, bits: int) -> Integers:
    return np.clip(values << bits, _LEAST, _MOST)


def _exp_of_negative(values: Integers, integer_bits: int) -> Integers:
    """exp(x) with 0 integer bits for x <= 0 with `integer_bits`."""
    fraction = 15 - integer_bits
    quarter = 1 << (fraction - 2)
    part = (values & (quarter - 1)) - quarter
    result = _exp_of_small(_shift_left(part, integer_bits))
    remainder = part - values
    for exponent, power in zip(range(-2, integer_bits), _EXP_POWERS, strict=False):
        is_set = (remainder >> (fraction + exponent)) & 1
        result = choose(is_set != 0, _multiply(result, power), result)
    if integer_bits > 5:
        result = choose(values < -(1 << (20 - integer_bits)), np.array(0), result)
    return choose(values == 0, np.array(_MOST), result)


def _exp_of_small(values: Integers) -> Integers:
    """exp(x) for x in [-1/4, 0): Taylor's series around -1/8."""
    x = values + (1 << 12)
    x2 = _multiply(x, x)
    x3 = _multiply(x2, x)
    x4 = _multiply(x2, x2)
    cubic = _multiply(divide_by_power_of_two(x4, 2) + x3, _THIRD) + x2
    series = x + divide_by_power_of_two(cubic, 1)
    return np.minimum(_EXP_MINUS_EIGHTH + _multiply(series, _EXP_MINUS_EIGHTH), _MOST)


def _two_over_one_plus(values: Integers) -> Integers:
    """2 / (1 + x) with 2 integer bits for x in [0, 1): Newton's division."""
    half = (values + _MOST + 1) >> 1
    x = _48_OVER_17 + _multiply(half, _MINUS_32_OVER_17)
    for _ in range(3):
        error = (1 << 13) - _multiply(half, x)
        x = x + _shift_left(_multiply(x, error), 2)
    return x


def logistic_16(values: Integers) -> Integers:
    """1 / (1 + exp(-x)) with 0 integer bits for x with 3."""
    share = _two_over_one_plus(_exp_of_negative(-np.abs(values), 3))
    positive = _shift_left(share, 1)
    result = choose(values > 0, positive, _MOST - positive)
    return choose(values == 0, np.array(1 << 14), result)


def tanh_16(values: Integers, integer_bits: int) -> Integers:
    """tanh(x) with 0 integer bits for x with `integer_bits`, at most 6."""
    # exp(-2x) is exp(-x) of the same integer read with one integer bit more.
    power = _exp_of_negative(-np.abs(values), integer_bits + 1)
    size = _shift_left(_two_over_one_plus(power) - (1 << 13), 2)
    return choose(values == 0, np.array(0), choose(values < 0, -size, size))


def _every_number() -> Integers:
    return np.arange(_LEAST, _MOST + 1, dtype=np.int64)


@cache
def logistic_table() -> npt.NDArray[np.int16]:
    """`logistic_16` of every number, that of -32768 first."""
    return logistic_16(_every_number()).astype(np.int16)


@cache
def tanh_table(integer_bits: int) -> npt.NDArray[np.int16]:
    """`tanh_16` of every number, that of -32768 first."""
    return tanh_16(_every_number(), integer_bits).astype(np.int16)


def look_up_16(table: npt.NDArray[np.int16], values: Array) -> Integers:
    """The entries of such a table for 16-bit numbers."""
    return table[np.asarray(values, np.int64) - _LEAST].astype(np.int64)
