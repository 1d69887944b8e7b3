"""Layers that prepare images: Keras's own answer against the converted file."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from gossamer.errors import ConversionError
from tests.frontends.keras.compare import assert_same, of_layer, operators, sample

layers = keras.layers
IMAGE = (7, 10, 3)
METHODS = ("bilinear", "nearest", "bicubic", "lanczos3", "lanczos5")


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("size", [(14, 9), (3, 4), (7, 10)])
@pytest.mark.parametrize("antialias", [False, True])
def test_resizing(method, size, antialias):
    layer = layers.Resizing(*size, method, antialias=antialias)
    assert_same(of_layer(layer, IMAGE), sample(IMAGE))


FITS = {
    "crop": {"crop_to_aspect_ratio": True},
    "pad": {"pad_to_aspect_ratio": True},
    "pad with a value": {"pad_to_aspect_ratio": True, "fill_value": 2.5},
}


@pytest.mark.parametrize("options", FITS.values(), ids=FITS.keys())
@pytest.mark.parametrize("size", [(6, 6), (4, 9), (9, 4), (7, 10)])
def test_resizing_in_proportion(options, size):
    assert_same(of_layer(layers.Resizing(*size, **options), IMAGE), sample(IMAGE))


def test_resizing_channels_first():
    layer = layers.Resizing(4, 5, data_format="channels_first")
    assert_same(of_layer(layer, (3, 7, 10)), sample((3, 7, 10)))


@pytest.mark.parametrize("size", [(4, 5), (7, 3), (7, 10), (9, 5), (8, 12)])
def test_center_crop(size):
    assert_same(of_layer(layers.CenterCrop(*size), IMAGE), sample(IMAGE))


def test_a_resize_is_one_operator():
    assert operators(of_layer(layers.Resizing(4, 5), IMAGE)) == ["RESIZE_BILINEAR"]
    assert operators(of_layer(layers.CenterCrop(4, 5), IMAGE)) == ["STRIDED_SLICE"]


@pytest.mark.parametrize("limits", [(0, 255), (0, 1), (-1, 1)])
def test_auto_contrast(limits):
    low, high = limits
    x = low + (high - low) * np.random.default_rng(1).uniform(0.2, 0.6, (2, *IMAGE))
    x[0, :, :, 1] = low + 0.5 * (high - low)
    layer = layers.AutoContrast(value_range=limits)
    assert_same(of_layer(layer, IMAGE), x.astype(np.float32))


SILENT = {
    "equalization": layers.Equalization,
    "solarization": layers.Solarization,
    "random crop": lambda: layers.RandomCrop(4, 4),
    "rand augment": layers.RandAugment,
    "aug mix": layers.AugMix,
    "cut mix": layers.CutMix,
    "pipeline": lambda: layers.Pipeline([layers.RandomFlip(), layers.Rescaling(0.5)]),
}


@pytest.mark.parametrize("make", SILENT.values(), ids=SILENT.keys())
def test_what_is_for_training_does_nothing(make):
    x = keras.Input(IMAGE)
    layer = make()
    model = keras.Model(x, layer(x, training=False) + 1)
    assert_same(model, sample(IMAGE))
    name = "MUL" if isinstance(layer, layers.Pipeline) else "ADD"
    assert operators(model)[0] == name


def test_mixing_does_nothing():
    x = keras.Input(IMAGE)
    model = keras.Model(x, layers.MixUp()(x, training=False) + 1)
    assert operators(model) == ["ADD"]


def test_an_image_of_unknown_size_is_an_error():
    model = of_layer(layers.CenterCrop(4, 5), (None, None, 3))
    with pytest.raises(ConversionError, match="the size of its images is not known"):
        operators(model)
