"""All of `keras.applications`, with random weights, in ours and in LiteRT."""

from __future__ import annotations

import math
import sys

import keras
import numpy as np
import pytest

from gossamer import Interpreter, api
from tests.frontends.keras.compare import answers, input_names, litert, sample

applications = keras.applications

LEAST = {"InceptionResNetV2": 75, "InceptionV3": 75, "Xception": 71}
"""The smallest input that the architecture takes, where it is not 32."""
APPLICATIONS = (
    "ConvNeXtBase",
    "ConvNeXtLarge",
    "ConvNeXtSmall",
    "ConvNeXtTiny",
    "ConvNeXtXLarge",
    "DenseNet121",
    "DenseNet169",
    "DenseNet201",
    "EfficientNetB0",
    "EfficientNetB1",
    "EfficientNetB2",
    "EfficientNetB3",
    "EfficientNetB4",
    "EfficientNetB5",
    "EfficientNetB6",
    "EfficientNetB7",
    "EfficientNetV2B0",
    "EfficientNetV2B1",
    "EfficientNetV2B2",
    "EfficientNetV2B3",
    "EfficientNetV2L",
    "EfficientNetV2M",
    "EfficientNetV2S",
    "InceptionResNetV2",
    "InceptionV3",
    "MobileNet",
    "MobileNetV2",
    "MobileNetV3Large",
    "MobileNetV3Small",
    "NASNetLarge",
    "NASNetMobile",
    "ResNet101",
    "ResNet101V2",
    "ResNet152",
    "ResNet152V2",
    "ResNet50",
    "ResNet50V2",
    "VGG16",
    "VGG19",
    "Xception",
)


def _whole(name, side=None, **options):
    side = side or LEAST.get(name, 32)
    return getattr(applications, name)(
        weights=None,
        input_shape=(side, side, 3),
        classes=10,
        classifier_activation=None,
        **options,
    )


def _until(name, layer, **options):
    """The first layers of a network."""
    whole = _whole(name, **options)
    return keras.Model(whole.input, whole.get_layer(layer).output)


def _family(name):
    """The module of a network, with functions that make smaller ones."""
    return sys.modules[getattr(applications, name).__module__]


SMALL = {"weights": None, "input_shape": (32, 32, 3), "classes": 10}
"""What every network of a family takes, however many layers it has."""


def _convnext():
    make = _family("ConvNeXtTiny").ConvNeXt
    return make([1, 2, 1, 1], [8, 12, 16, 20], **SMALL)


def _efficientnet():
    module = _family("EfficientNetB0")
    stages = module.DEFAULT_BLOCKS_ARGS[:3]
    return module.EfficientNet(0.25, 1, 32, blocks_args=stages, **SMALL)


def _efficientnet_v2():
    module = _family("EfficientNetV2B0")
    stages = module.DEFAULT_BLOCKS_ARGS["efficientnetv2-b0"][1:4]
    return module.EfficientNetV2(0.25, 0.5, 32, blocks_args=stages, **SMALL)


def _inception_resnet():
    """One block of each type."""
    block = _family("InceptionResNetV2").inception_resnet_block
    x = start = keras.Input((7, 7, 16))
    for index, kind in enumerate(("block35", "block17", "block8")):
        x = block(x, 0.2, kind, index)
    return keras.Model(start, x)


def _nasnet():
    make = _family("NASNetMobile").NASNet
    whole = make(penultimate_filters=96, num_blocks=1, stem_block_filters=8, **SMALL)
    return keras.Model(whole.input, whole.get_layer("normal_concat_0").output)


def _resnet():
    module = _family("ResNet50")

    def stack(x):
        return module.stack_residual_blocks_v1(x, 8, 2, name="conv2")

    return module.ResNet(stack, preact=False, use_bias=True, **SMALL)


def _resnet_v2():
    module = _family("ResNet50")

    def stack(x):
        return module.stack_residual_blocks_v2(x, 8, 2, name="conv2")

    return module.ResNet(stack, preact=True, use_bias=True, **SMALL)


FAMILIES = {
    "ConvNeXt": _convnext,
    "DenseNet": lambda: _family("DenseNet121").DenseNet([2, 1, 1, 1], **SMALL),
    "EfficientNet": _efficientnet,
    "EfficientNetV2": _efficientnet_v2,
    "Inception": lambda: _until("InceptionV3", "mixed0"),
    "InceptionResNet": _inception_resnet,
    "MobileNet": lambda: _until("MobileNet", "conv_pw_3_relu", alpha=0.25),
    "MobileNetV2": lambda: _until("MobileNetV2", "block_2_add", alpha=0.35),
    "MobileNetV3": lambda: _until("MobileNetV3Small", "expanded_conv_4_add"),
    "NASNet": _nasnet,
    "ResNet": _resnet,
    "ResNetV2": _resnet_v2,
    "VGG": lambda: _until("VGG16", "block2_pool", include_top=False),
    "Xception": lambda: _until("Xception", "block3_sepconv2_bn"),
}
"""Of each family, a network with few layers and all kinds that the family has."""


def test_every_application_is_named():
    found = {name for name in dir(applications) if name[0].isupper()}
    assert found == set(APPLICATIONS)


def test_every_application_is_of_a_family():
    assert all(name.startswith(tuple(FAMILIES)) for name in APPLICATIONS)


# EfficientNetV2, InceptionResNet and ResNetV2 have all that these have.
_LATER = ("EfficientNet", "Inception", "ResNet")


@pytest.mark.parametrize(
    "family",
    [
        pytest.param(name, marks=[pytest.mark.slow] if name in _LATER else [])
        for name in FAMILIES
    ],
)
def test_a_family_answers_as_keras_does(family):
    _check(FAMILIES[family])


@pytest.mark.slow
@pytest.mark.parametrize("name", APPLICATIONS)
def test_application_answers_as_keras_does(name):
    _check(lambda: _whole(name))


@pytest.fixture(autouse=True)
def _initialized_by_numpy(monkeypatch):
    """Keras's distributions; JAX would compile a generator for each shape."""
    random = np.random.default_rng(5)

    def draw(self, shape, dtype=None):
        area = math.prod(shape[:-2])
        fans = {"fan_in": area * shape[-2], "fan_out": area * shape[-1]}
        fan = fans.get(self.mode, sum(fans.values()) / 2)
        limit = math.sqrt(3 * self.scale / fan)
        values = 2 * random.random(shape, np.float32) - 1
        return keras.ops.convert_to_tensor(values * np.float32(limit), dtype=dtype)

    monkeypatch.setattr(keras.initializers.VarianceScaling, "__call__", draw)


def _shifted(model):
    """Statistics and offsets that are not the initializers', so that each matters.

    Factors are below 1: through a hundred residual blocks, larger ones would let the
    last digits of the first block decide the answer, in LiteRT as in Keras.
    """
    random = np.random.default_rng(5)
    for variable in model.weights:
        shape = tuple(variable.shape)
        if variable.name == "gamma":
            variable.assign(random.uniform(0.4, 0.8, shape))
        elif variable.name == "moving_variance":
            variable.assign(random.uniform(0.8, 1.2, shape))
        elif variable.name in ("beta", "bias", "moving_mean"):
            variable.assign(random.uniform(-0.1, 0.1, shape))
    return model


def _check(make):
    model = _shifted(make())
    x = sample(model.inputs[0].shape[1:])
    data = api.convert(model)
    expected = answers(model, x)[0]
    limit = 1e-4 * np.ptp(expected)
    for run in (litert, _ours):
        found = run(data, x)["output_0"]
        np.testing.assert_allclose(found, expected, rtol=0, atol=limit)


def _ours(data, x):
    runner = Interpreter(model_content=data).get_signature_runner()
    return runner(**dict(zip(input_names(data), [x], strict=True)))
