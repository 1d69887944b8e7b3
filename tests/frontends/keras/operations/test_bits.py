"""Operations of `keras.ops` on bits."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from tests.frontends.keras.operations.many import assert_each

ops = keras.ops
BINARY = {
    "and": ops.bitwise_and,
    "or": ops.bitwise_or,
    "xor": ops.bitwise_xor,
}
SHIFTS = {
    "left": ops.bitwise_left_shift,
    "left, short": ops.left_shift,
    "right": ops.bitwise_right_shift,
    "right, short": ops.right_shift,
}
INVERSE = {
    "not": lambda x, _: ops.bitwise_not(x),
    "invert": lambda x, _: ops.bitwise_invert(x),
}


@pytest.mark.parametrize("dtype", ["int32", "int8", "uint8", "int16"])
def test_whole_numbers(dtype):
    x = np.array([[0, 1, 7, 100, 127], [5, 6, 2, 85, 3]]).astype(dtype)
    y = np.array([[3, 5, 1, 60, 126], [0, 1, 2, 3, 4]]).astype(dtype)
    assert_each(BINARY | INVERSE, x, y)
    few = np.array([[0, 1, 2, 3, 4], [5, 6, 1, 0, 2]]).astype(dtype)
    assert_each(SHIFTS, x, few)


def test_negative_numbers_and_rows_that_broadcast():
    x = np.array([[0, -1, 7, -(2**31), 2**31 - 1]], np.int32)
    y = np.array([[3], [-5], [1]], np.int32)
    assert_each(BINARY, x, y, free=False)
    constant = {"with a number": lambda x: ops.bitwise_and(x, np.int32(12))}
    assert_each(constant, x)


def test_truth():
    x = np.array([[True, True, False, False]])
    y = np.array([[True, False, True, False]])
    assert_each(BINARY | INVERSE | {"logical_xor": ops.logical_xor}, x, y)


def test_sign_bits():
    x = np.array([[0.0, -0.0, -1, 2, np.inf, -np.inf, -np.nan]], np.float32)
    assert_each({"signbit": ops.signbit}, x)
    assert_each({"signbit": ops.signbit}, np.array([[0, -1, 5]], np.int32))


def test_the_next_number():
    x = np.array([[0.0, 1, -1, 1e30, -1e-30, 0.0, np.nan, 1, np.inf]], np.float32)
    y = np.array([[1.0, 1, -2, 0, 1, -3, 1, np.nan, 0]], np.float32)
    assert_each({"nextafter": ops.nextafter}, x, y, relative=0, absolute=0)


def test_views():
    x = np.array([[0.0, -1.5, 3e8, 2]], np.float32)
    views = {name: lambda x, name=name: ops.view(x, name) for name in ("int32", "int8")}
    assert_each(views, x)
    assert_each({"wider": lambda x: ops.view(x, "int32")}, x.view(np.int8))
