"""Functions of numbers, and questions about them."""

from __future__ import annotations

import keras
import numpy as np

from tests.frontends.keras.operations.many import assert_each

ops = keras.ops
RANDOM = np.random.default_rng(2)
X = np.concatenate([RANDOM.normal(0, 3, (4, 6)), np.zeros((1, 6))]).astype(np.float32)
Y = np.concatenate([RANDOM.normal(0, 3, (4, 6)), np.eye(1, 6)]).astype(np.float32)
WHOLE = np.array([[7, -7, 12, 0, 36, -5], [1, 2, 3, 4, 5, 6]], np.int32)
OTHER = np.array([[3, 3, -8, 5, 27, -5], [-2, 7, 3, 1, 4, -6]], np.int32)
ODD = np.array([[np.nan, np.inf, -np.inf, 0.0, -0.0, 1.5, -2.5, 3.0]], np.float32)
SECOND = np.array([[1.0, np.inf, np.inf, 0.0, 2.0, np.nan, -2.5, 0.0]], np.float32)

ONE = {
    "fabs": ops.fabs,
    "deg2rad": ops.deg2rad,
    "rad2deg": ops.rad2deg,
    "trunc": ops.trunc,
    "sinc": ops.sinc,
    "nan_to_num": ops.nan_to_num,
    "nan_to_num, given": lambda x: ops.nan_to_num(x, nan=1.0, posinf=2.0, neginf=-3.0),
    "isnan": ops.isnan,
    "isinf": ops.isinf,
    "isfinite": ops.isfinite,
    "isposinf": ops.isposinf,
    "isneginf": ops.isneginf,
    "isreal": ops.isreal,
    "real": ops.real,
    "imag": ops.imag,
    "conj": ops.conj,
    "conjugate": ops.conjugate,
    "angle": ops.angle,
    "round": ops.round,
    "round to tenths": lambda x: ops.round(x, 1),
    "round to tens": lambda x: ops.round(x * 10, -1),
    "sign": ops.sign,
    "square": ops.square,
    "absolute": ops.absolute,
    "negative": ops.negative,
    "clip": lambda x: ops.clip(x, -1, 1),
    "clip below": lambda x: ops.clip(x, -1, None),
}
_OF_NUMBERS = ("clip", "clip below", "sign")
BOTH = {
    "hypot": ops.hypot,
    "heaviside": ops.heaviside,
    "logaddexp": ops.logaddexp,
    "logaddexp2": ops.logaddexp2,
    "fmax": ops.fmax,
    "fmin": ops.fmin,
    "isclose": ops.isclose,
    "isclose with nan": lambda x, y: ops.isclose(x, y, equal_nan=True),
    "isclose, widely": lambda x, y: ops.isclose(x, y, rtol=0.5, atol=1.0),
    "allclose": ops.allclose,
    "allclose, widely": lambda x, y: ops.allclose(x, y, rtol=1.0, atol=50.0),
    "divide_no_nan": ops.divide_no_nan,
    "logical_xor": lambda x, y: ops.logical_xor(x > 0, y > 0),
    "isin": ops.isin,
    "isin, turned over": lambda x, y: ops.isin(x, y, invert=True),
    "select": lambda x, y: ops.select([x > 1, y > 1], [x, y], 5),
}
DIVISIONS = {
    "mod": ops.mod,
    "fmod": ops.fmod,
    "floor_divide": ops.floor_divide,
    "mod by a number": lambda x, _: ops.mod(x, 3),
    "fmod by a number": lambda x, _: ops.fmod(x, 3),
}


def test_numbers():
    assert_each(ONE, X)
    assert_each(BOTH, X, Y)


def test_what_is_not_finite():
    """Not in LiteRT, whose sums and products are the greatest number, not infinite.

    MAXIMUM and MINIMUM give the bound for what is no number, so that `clip` does.
    """
    ones = {name: f for name, f in ONE.items() if name not in _OF_NUMBERS}
    assert_each(ones, ODD, in_litert=False)
    assert_each(BOTH, ODD, SECOND, in_litert=False)


def test_large_numbers_do_not_overflow():
    x = np.array([[1e20, -3e38, 1e-30, 88.0, -500.0, 1e4]], np.float32)
    y = np.array([[1e20, 1.0, 1e-30, 89.0, 500.0, 1e4]], np.float32)
    names = ("hypot", "logaddexp", "logaddexp2")
    assert_each({name: BOTH[name] for name in names}, x, y)


def test_whole_numbers():
    """ATAN2 alone has a kernel for the angle, so that it is computed in float32."""
    assert_each(ONE, WHOLE)
    assert_each(BOTH, WHOLE, OTHER)


def test_divisions():
    away = np.where(Y == 0, np.float32(1), Y)
    assert_each(DIVISIONS, X, away)
    assert_each(DIVISIONS, WHOLE, OTHER)


def test_numbers_and_arrays_beside_tensors():
    row = np.array([[1.0, -2.0, 0.0, 3.0, 2.0, 1.0]], np.float32)
    names = ("hypot", "logaddexp", "fmax", "heaviside", "isclose", "divide_no_nan")
    left = {f"{name}, left": lambda x, f=BOTH[name]: f(row, x) for name in names}
    right = {f"{name}, right": lambda x, f=BOTH[name]: f(x, row) for name in names}
    assert_each(left | right | {"mod": lambda x: ops.mod(x, 2.5)}, X)
    whole = {"ldexp": lambda x: ops.ldexp(x, 3), "fmin": lambda x: ops.fmin(2.0, x)}
    assert_each(whole, X)


def test_common_divisors():
    functions = {"gcd": ops.gcd, "lcm": ops.lcm}
    assert_each(functions, WHOLE, OTHER)
    assert_each({"gcd": lambda x: ops.gcd(x, np.int32(6))}, WHOLE)


def test_powers_of_two():
    x = np.array([[0.75, -1.5, 3.0, 0.25, 1e-30]], np.float32)
    power = np.array([[3, -4, 0, 129, 150]], np.int32)
    assert_each({"ldexp": ops.ldexp}, x, power)


def test_bessel():
    x = np.array([[0.0, 1e-4, -0.5, 2, 3.7, 3.8, -9, 40, 88.5]], np.float32)
    assert_each({"i0": ops.i0}, x)
    assert_each({"i0": ops.i0}, WHOLE)


def test_small_whole_numbers_and_truth():
    """LiteRT takes the small ones for quantized ones where they are compared."""
    names = ("isclose", "logical_xor", "isin", "divide_no_nan", "fmax")
    both = {name: BOTH[name] for name in names}
    both |= {"less": ops.less, "equal": ops.equal, "inner": ops.inner}
    both |= {"maximum": ops.maximum, "add": ops.add, "multiply": ops.multiply}
    one = {
        "abs": lambda x, _: ops.abs(x),
        "isnan": lambda x, _: ops.isnan(x),
        "signbit": lambda x, _: ops.signbit(x),
        "diagflat": lambda x, _: ops.diagflat(x),
        "sign of a sum": lambda x, _: ops.sign(ops.sum(x, axis=1)),
    }
    for dtype in ("int8", "uint8", "bool"):
        x, y = (np.abs(side).astype(dtype) for side in (WHOLE, OTHER))
        assert_each(both | one, x, y, free=False)
