"""Layers that change images in training alone."""

from __future__ import annotations

import keras
import pytest

from tests.frontends.keras.compare import assert_same, of_layer, operators, sample

layers = keras.layers
IMAGE = (6, 5, 3)
RANGE = {"value_range": (0, 1)}

AUGMENTATIONS = {
    "RandomBrightness": {"factor": 0.1},
    "RandomColorDegeneration": {"factor": 0.1},
    "RandomColorJitter": RANGE,
    "RandomContrast": {"factor": 0.1},
    "RandomElasticTransform": {},
    "RandomErasing": {},
    "RandomFlip": {},
    "RandomGaussianBlur": {},
    "RandomGrayscale": {},
    "RandomHue": {"factor": 0.2, **RANGE},
    "RandomInvert": {},
    "RandomPerspective": {},
    "RandomPosterization": {"factor": 4},
    "RandomRotation": {"factor": 0.1},
    "RandomSaturation": {"factor": 0.1},
    "RandomSharpness": {"factor": 0.1, **RANGE},
    "RandomShear": {},
    "RandomTranslation": {"height_factor": 0.1, "width_factor": 0.1},
    "RandomZoom": {"height_factor": 0.1},
}


@pytest.mark.parametrize("name", AUGMENTATIONS)
def test_an_augmentation_is_gone(name):
    layer = getattr(layers, name)(**AUGMENTATIONS[name])
    model = of_layer(layer, IMAGE)
    assert_same(model, sample(IMAGE))
    assert operators(model) == []


def test_a_pipeline_is_entered():
    steps = [layers.RandomFlip(), layers.Rescaling(1 / 255)]
    model = of_layer(layers.Pipeline(steps), IMAGE)
    assert_same(model, sample(IMAGE))
    assert operators(model) == ["MUL"]
