"""Exponentials, logarithms, roots and angles of `keras.ops`."""

from __future__ import annotations

import keras
import numpy as np

from tests.frontends.keras.operations.many import assert_each

ops = keras.ops
TINY = np.array([[0.0, 1e-30, -1e-9, 3e-8, -6e-7, 1e-5, -2e-4, 3e-3]], np.float32)
MIDDLE = np.linspace(-9, 9, 36, dtype=np.float32)[None]
LIMITS = np.array([[np.nan, np.inf, -np.inf]], np.float32)
FUNCTIONS = {
    name: getattr(ops, name)
    for name in (
        "arccos",
        "arccosh",
        "arcsin",
        "arcsinh",
        "arctan",
        "arctanh",
        "cbrt",
        "cosh",
        "exp2",
        "expm1",
        "log10",
        "log1p",
        "log2",
        "sinh",
        "tan",
    )
}


def test_near_zero():
    """Nothing is lost to cancellation: the tolerance is relative alone."""
    names = ("arcsin", "arcsinh", "arctan", "arctanh", "expm1", "log1p", "sinh", "tan")
    assert_each({name: FUNCTIONS[name] for name in names}, TINY, absolute=1e-37)


def test_in_the_middle():
    assert_each(FUNCTIONS, np.concatenate([MIDDLE, MIDDLE / 9.5, TINY], axis=1))


def test_far_away():
    far = np.array([[-3e38, -1e20, -88.5, -40, 40, 88.5, 1e5, 1e10, 1e20, 3e38]], "f4")
    finite = {name: f for name, f in FUNCTIONS.items() if name != "tan"}
    assert_each(finite, far)


def test_what_is_not_finite():
    """LiteRT's arithmetic makes large numbers of infinity, with which it goes on."""
    assert_each(FUNCTIONS, LIMITS, in_litert=False)
    inverse = {"arctanh": ops.arctanh, "log1p": ops.log1p, "log2": ops.log2}
    edges = np.array([[-2.0, -1.0, 0.0, 1.0, 2.0]], np.float32)
    assert_each(inverse, edges, in_litert=False)


def test_whole_numbers_are_computed_as_real_ones():
    x = np.arange(-3, 4, dtype=np.int32)[None]
    assert_each(FUNCTIONS, x, free=False, in_litert=False)


def test_angle_of_points_that_broadcast():
    y = np.array([[[0.0], [-1.0], [2.0]]], np.float32)
    x = np.array([[-1.0, 0.0, 3.0, np.inf]], np.float32)[:, None]
    assert_each(
        {"arctan2": ops.arctan2, "of a number": lambda y, _: ops.arctan2(y, 2.0)}, y, x
    )
    assert_each({"arctan2": ops.arctan2}, y, x, free=False)
