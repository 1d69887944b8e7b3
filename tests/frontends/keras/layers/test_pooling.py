"""Poolings over volumes, with channels in front, and of a stated number of windows."""

from __future__ import annotations

import keras
import pytest

from tests.frontends.keras.compare import assert_same, of_layer, operators, sample

layers = keras.layers
FIRST = {"data_format": "channels_first"}
STEPS, IMAGE, VOLUME = (7, 3), (7, 5, 3), (5, 6, 7, 2)
TWICE = ["RESHAPE", "{0}", "RESHAPE", "{0}", "RESHAPE"]
GATHERED = ["GATHER", "REDUCE_MAX"]

CASES = {
    "max 3d": (
        lambda: layers.MaxPooling3D(3, 2, padding="same"),
        VOLUME,
        [name.format("MAX_POOL_2D") for name in TWICE],
    ),
    "average 3d": (
        lambda: layers.AveragePooling3D((1, 2, 3), (2, 1, 2), padding="same"),
        VOLUME,
        [name.format("AVERAGE_POOL_2D") for name in TWICE],
    ),
    "average 3d first": (
        lambda: layers.AveragePooling3D(2, **FIRST),
        (2, 5, 6, 7),
        ["TRANSPOSE", *(name.format("AVERAGE_POOL_2D") for name in TWICE), "TRANSPOSE"],
    ),
    "max first": (
        lambda: layers.MaxPooling2D(2, **FIRST),
        (3, 7, 5),
        ["TRANSPOSE", "MAX_POOL_2D", "TRANSPOSE"],
    ),
    "global first": (
        lambda: layers.GlobalAveragePooling2D(**FIRST),
        (3, 7, 5),
        ["MEAN"],
    ),
    "global max first": (
        lambda: layers.GlobalMaxPooling3D(keepdims=True, **FIRST),
        (3, 7, 5, 2),
        ["REDUCE_MAX"],
    ),
    "adaptive average 1d": (
        lambda: layers.AdaptiveAveragePooling1D(3),
        STEPS,
        ["BATCH_MATMUL"],
    ),
    "adaptive max 1d": (lambda: layers.AdaptiveMaxPooling1D(3), STEPS, GATHERED),
    "adaptive average": (
        lambda: layers.AdaptiveAveragePooling2D((3, 2)),
        IMAGE,
        ["RESHAPE", "BATCH_MATMUL", "RESHAPE"],
    ),
    "adaptive max": (
        lambda: layers.AdaptiveMaxPooling2D((3, 2)),
        IMAGE,
        ["RESHAPE", *GATHERED, "RESHAPE"],
    ),
    "adaptive average, even": (
        lambda: layers.AdaptiveAveragePooling2D((3, 2)),
        (6, 4, 3),
        ["AVERAGE_POOL_2D"],
    ),
    "adaptive max, even": (
        lambda: layers.AdaptiveMaxPooling2D((3, 2)),
        (6, 4, 3),
        ["MAX_POOL_2D"],
    ),
    "adaptive average 3d": (
        lambda: layers.AdaptiveAveragePooling3D((2, 4, 3)),
        VOLUME,
        ["RESHAPE", "BATCH_MATMUL", "RESHAPE"],
    ),
    "adaptive max 3d": (
        lambda: layers.AdaptiveMaxPooling3D((2, 4, 3)),
        VOLUME,
        ["RESHAPE", *GATHERED, "RESHAPE"],
    ),
    "adaptive max first": (
        lambda: layers.AdaptiveMaxPooling2D((3, 2), **FIRST),
        (3, 7, 5),
        ["TRANSPOSE", "RESHAPE", *GATHERED, "RESHAPE", "TRANSPOSE"],
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_pooling(name):
    make, shape, expected = CASES[name]
    model = of_layer(make(), shape)
    assert_same(model, sample(shape))
    assert operators(model) == expected


def test_a_fixed_batch_of_volumes():
    x = keras.Input(VOLUME, batch_size=2)
    assert_same(keras.Model(x, layers.MaxPooling3D(2)(x)), sample(VOLUME))
