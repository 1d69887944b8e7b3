"""Enlarging, cropping, padding and flattening, also of volumes and channels first."""

from __future__ import annotations

import keras
import pytest

from tests.frontends.keras.compare import assert_same, of_layer, operators, sample

layers = keras.layers
FIRST = {"data_format": "channels_first"}
STEPS, IMAGE, VOLUME = (5, 4), (6, 5, 4), (4, 3, 5, 2)
MIXED = ["RESHAPE", "BATCH_MATMUL", "RESHAPE", "BATCH_MATMUL", "RESHAPE"]


def larger(interpolation, size=(3, 2), **options):
    return layers.UpSampling2D(size, interpolation=interpolation, **options)


CASES = {
    "larger": (lambda: larger("nearest"), IMAGE, ["RESIZE_NEAREST_NEIGHBOR"]),
    "larger, smooth": (lambda: larger("bilinear"), IMAGE, ["RESIZE_BILINEAR"]),
    "larger, cubic": (lambda: larger("bicubic"), IMAGE, MIXED),
    "larger, lanczos 3": (lambda: larger("lanczos3", 2), IMAGE, MIXED),
    "larger, lanczos 5": (lambda: larger("lanczos5", (1, 4)), IMAGE, MIXED),
    "larger first": (
        lambda: larger("bilinear", **FIRST),
        IMAGE,
        ["TRANSPOSE", "RESIZE_BILINEAR", "TRANSPOSE"],
    ),
    "longer": (
        lambda: layers.UpSampling1D(3),
        STEPS,
        ["RESHAPE", "RESIZE_NEAREST_NEIGHBOR", "RESHAPE"],
    ),
    "larger volume": (
        lambda: layers.UpSampling3D((3, 2, 1)),
        VOLUME,
        ["RESHAPE", "TILE", "RESHAPE"],
    ),
    "larger volume first": (
        lambda: layers.UpSampling3D((1, 2, 3), **FIRST),
        VOLUME,
        ["RESHAPE", "TILE", "RESHAPE"],
    ),
    "cropped volume": (
        lambda: layers.Cropping3D(((1, 0), (0, 1), (1, 2))),
        VOLUME,
        ["STRIDED_SLICE"],
    ),
    "cropped first": (
        lambda: layers.Cropping2D(((1, 0), (2, 1)), **FIRST),
        IMAGE,
        ["STRIDED_SLICE"],
    ),
    "bordered volume": (
        lambda: layers.ZeroPadding3D(((1, 0), (0, 1), (1, 2))),
        VOLUME,
        ["PAD"],
    ),
    "bordered first": (
        lambda: layers.ZeroPadding2D(((1, 0), (2, 1)), **FIRST),
        IMAGE,
        ["PAD"],
    ),
    "flat first": (
        lambda: layers.Flatten(**FIRST),
        IMAGE,
        ["TRANSPOSE", "RESHAPE"],
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_layer(name):
    make, shape, expected = CASES[name]
    model = of_layer(make(), shape)
    assert_same(model, sample(shape))
    assert operators(model) == expected


@pytest.mark.parametrize("factor", [3, 7, 11])
def test_every_cell_is_repeated_alike(factor):
    shape = (9, 10, 1)
    model = of_layer(layers.UpSampling2D(factor), shape)
    assert_same(model, sample(shape), tolerance=0)


OF_FREE_SIZE = {
    "nearest": (lambda: larger("nearest"), IMAGE),
    "bilinear": (lambda: larger("bilinear"), IMAGE),
    "1d": (lambda: layers.UpSampling1D(2), STEPS),
}


@pytest.mark.parametrize("name", OF_FREE_SIZE)
def test_free_sizes(name):
    make, shape = OF_FREE_SIZE[name]
    model = of_layer(make(), (None,) * (len(shape) - 1) + shape[-1:])
    assert_same(model, sample(shape))
