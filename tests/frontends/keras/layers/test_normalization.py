"""Normalizations by statistics of the input itself, and how few operators they are."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from gossamer import api
from tests.frontends.keras.compare import (
    assert_same,
    litert,
    of_layer,
    operators,
    sample,
)

layers = keras.layers
IMAGE = (6, 5, 4)
STANDARD = ["MEAN", "SUB", "SQUARE", "MEAN", "ADD", "RSQRT", "MUL"]
FULL = [*STANDARD, "MUL", "ADD"]
UNIT = ["SQUARE", "SUM", "RSQRT", "MINIMUM", "MUL"]

CASES = {
    "layer": (layers.LayerNormalization, IMAGE, FULL),
    "layer of two axes": (
        lambda: layers.LayerNormalization(axis=(1, 3), epsilon=0.1),
        IMAGE,
        FULL,
    ),
    "layer of an inner axis": (
        lambda: layers.LayerNormalization(axis=1),
        IMAGE,
        FULL,
    ),
    "layer, bare": (
        lambda: layers.LayerNormalization(center=False, scale=False),
        IMAGE,
        STANDARD,
    ),
    "root mean square": (
        lambda: layers.RMSNormalization(epsilon=0.1),
        IMAGE,
        ["SQUARE", "MEAN", "ADD", "RSQRT", "MUL", "MUL"],
    ),
    "root mean square of two axes": (
        lambda: layers.RMSNormalization(axis=(-2, -1)),
        IMAGE,
        ["SQUARE", "MEAN", "ADD", "RSQRT", "MUL", "MUL"],
    ),
    "unit": (layers.UnitNormalization, IMAGE, ["L2_NORMALIZATION"]),
    "unit of an inner axis": (
        lambda: layers.UnitNormalization(axis=1),
        IMAGE,
        ["TRANSPOSE", "L2_NORMALIZATION", "TRANSPOSE"],
    ),
    "unit of two axes": (
        lambda: layers.UnitNormalization(axis=(1, 2)),
        IMAGE,
        UNIT,
    ),
    "unit of rank 5": (layers.UnitNormalization, (2, 3, 4, 5), UNIT),
    "groups": (
        lambda: layers.GroupNormalization(2),
        IMAGE,
        ["RESHAPE", *FULL, "RESHAPE"],
    ),
    "one group": (lambda: layers.GroupNormalization(1), IMAGE, FULL),
    "a group per channel": (lambda: layers.GroupNormalization(-1), IMAGE, FULL),
    "groups in front": (
        lambda: layers.GroupNormalization(2, axis=1),
        (4, 6, 5),
        ["RESHAPE", *FULL, "RESHAPE"],
    ),
    "a group per channel in front": (
        lambda: layers.GroupNormalization(4, axis=1),
        (4, 6, 5),
        FULL,
    ),
    "groups of a vector": (
        lambda: layers.GroupNormalization(2, scale=False, center=False),
        (4,),
        ["RESHAPE", *STANDARD, "RESHAPE"],
    ),
    "spectral": (
        lambda: layers.SpectralNormalization(layers.Conv2D(3, 2)),
        IMAGE,
        ["CONV_2D"],
    ),
    "batch, in front": (
        lambda: layers.BatchNormalization(axis=1),
        (4, 6, 5),
        ["MUL", "ADD"],
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_normalization(name):
    make, shape, expected = CASES[name]
    model = of_layer(make(), shape)
    assert_same(model, sample(shape))
    assert operators(model) == expected


@pytest.mark.parametrize(
    ("axis", "shape"), [(-1, (None, None, 4)), (1, (4, None, None))]
)
def test_groups_of_free_sizes(axis, shape):
    model = of_layer(layers.GroupNormalization(2, axis=axis), shape)
    assert_same(model, sample(tuple(size or 5 for size in shape)))


@pytest.mark.parametrize("axis", [-1, (1, 2)])
def test_a_vector_of_zeros_stays(axis):
    model = of_layer(layers.UnitNormalization(axis=axis), (3, 4))
    zeros = np.zeros((2, 3, 4), np.float32)
    found = litert(api.convert(model), zeros)["output_0"]
    np.testing.assert_array_equal(found, zeros)
