"""All of `keras.applications`, with random weights, in ours and in LiteRT."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from gossamer import Interpreter, api
from tests.frontends.keras.compare import input_names, litert, sample

applications = keras.applications

QUICK = {
    "ConvNeXtTiny": 32,
    "EfficientNetV2B0": 32,
    "ResNet50V2": 32,
    "VGG16": 32,
}
SLOW = {
    "ConvNeXtBase": 32,
    "ConvNeXtLarge": 32,
    "ConvNeXtSmall": 32,
    "ConvNeXtXLarge": 32,
    "DenseNet121": 32,
    "DenseNet169": 32,
    "DenseNet201": 32,
    "EfficientNetB0": 32,
    "EfficientNetB1": 32,
    "EfficientNetB2": 32,
    "EfficientNetB3": 32,
    "EfficientNetB4": 32,
    "EfficientNetB5": 32,
    "EfficientNetB6": 32,
    "EfficientNetB7": 32,
    "EfficientNetV2B1": 32,
    "EfficientNetV2B2": 32,
    "EfficientNetV2B3": 32,
    "EfficientNetV2L": 32,
    "EfficientNetV2M": 32,
    "EfficientNetV2S": 32,
    "InceptionResNetV2": 75,
    "InceptionV3": 75,
    "MobileNet": 32,
    "MobileNetV2": 32,
    "MobileNetV3Large": 32,
    "MobileNetV3Small": 32,
    "NASNetLarge": 32,
    "NASNetMobile": 32,
    "ResNet101": 32,
    "ResNet101V2": 32,
    "ResNet152": 32,
    "ResNet152V2": 32,
    "ResNet50": 32,
    "VGG19": 32,
    "Xception": 71,
}
MODELS = [
    *QUICK,
    *(pytest.param(name, marks=pytest.mark.slow) for name in SLOW),
]


def _shifted(model):
    """Statistics and offsets that are not the initializers', so that each matters."""
    random = np.random.default_rng(5)
    for variable in model.weights:
        shape = tuple(variable.shape)
        if variable.name in ("gamma", "moving_variance"):
            variable.assign(random.uniform(0.8, 1.2, shape))
        elif variable.name in ("beta", "bias", "moving_mean"):
            variable.assign(random.uniform(-0.1, 0.1, shape))
    return model


def test_every_application_is_named():
    found = {name for name in dir(applications) if name[0].isupper()}
    assert found == {*QUICK, *SLOW}


@pytest.mark.parametrize("name", MODELS)
def test_application_answers_as_keras_does(name):
    side = {**QUICK, **SLOW}[name]
    keras.utils.set_random_seed(3)
    make = getattr(applications, name)
    shape = (side, side, 3)
    model = _shifted(
        make(
            weights=None,
            input_shape=shape,
            classes=10,
            classifier_activation=None,
        )
    )
    x = sample(shape)
    data = api.convert(model)
    expected = np.asarray(keras.ops.convert_to_numpy(model(x, training=False)))
    limit = 1e-4 * np.ptp(expected)
    for run in (litert, _ours):
        found = run(data, x)["output_0"]
        np.testing.assert_allclose(found, expected, rtol=0, atol=limit)


def _ours(data, x):
    runner = Interpreter(model_content=data).get_signature_runner()
    return runner(**dict(zip(input_names(data), [x], strict=True)))
