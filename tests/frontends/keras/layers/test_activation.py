"""Softmax over several axes, and of what a mask leaves."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from tests.frontends.keras.compare import assert_same, of_layer, operators, sample

layers = keras.layers
IMAGE = (3, 4, 5)
APART = ["REDUCE_MAX", "SUB", "EXP", "SUM", "DIV"]

AXES = {
    (-1,): ["SOFTMAX"],
    (1, 2): APART,
    (1, 3): APART,
    (2, 3): ["RESHAPE", "SOFTMAX", "RESHAPE"],
    (-1, 1, 2): ["RESHAPE", "SOFTMAX", "RESHAPE"],
}


@pytest.mark.parametrize("axes", AXES)
def test_softmax_of_several_axes(axes):
    model = of_layer(layers.Softmax(axis=axes), IMAGE)
    assert_same(model, sample(IMAGE) * 20)
    assert operators(model) == AXES[axes]


@pytest.mark.parametrize("dtype", ["bool", "float32"])
@pytest.mark.parametrize("axis", [-1, (1, 2)])
def test_softmax_of_what_a_mask_leaves(axis, dtype):
    x, mask = keras.Input((3, 4)), keras.Input((3, 4), dtype=dtype)
    model = keras.Model([x, mask], layers.Softmax(axis=axis)(x, mask=mask))
    chosen = np.random.default_rng(2).integers(0, 2, (2, 3, 4)).astype(dtype)
    chosen[0] = 0
    assert_same(model, sample((3, 4)), chosen)
