"""The networks that are measured and tested, in Keras, with random weights.

`mnist_mlp` and `mnist_cnn` read digits; `ds_cnn` (keywords) and `resnet8` (CIFAR-10)
are those of MLPerf Tiny, as is `tiny_ae` (machine sounds); the large networks for
images come from `keras.applications`; `transformer` and `lstm` stand for sequences.
"""

from __future__ import annotations

import contextlib
import math
import os
from typing import TYPE_CHECKING, Any

import numpy as np

os.environ.setdefault("KERAS_BACKEND", "jax")

import keras

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from gossamer.ir.types import Array

from benchmarks.sequences import lstm, transformer

layers: Any = keras.layers
applications: Any = keras.applications
ops: Any = keras.ops
Model: Any = keras.Model
Sequential: Any = keras.Sequential


def mnist_mlp() -> Any:
    """Two dense layers."""
    return Sequential(
        [
            layers.Input((28, 28)),
            layers.Flatten(),
            layers.Dense(128, activation="relu"),
            layers.Dropout(0.2),
            layers.Dense(10),
        ]
    )


def mnist_cnn() -> Any:
    """Two convolutions and two dense layers."""
    return Sequential(
        [
            layers.Input((28, 28, 1)),
            layers.Conv2D(32, 3, activation="relu"),
            layers.MaxPooling2D(),
            layers.Conv2D(64, 3, activation="relu"),
            layers.MaxPooling2D(),
            layers.Flatten(),
            layers.Dense(128, activation="relu"),
            layers.Dense(10),
        ]
    )


def ds_cnn() -> Any:
    """Four depthwise-separable blocks over 49 frames of 10 features."""
    x = start = layers.Input((49, 10, 1))
    x = _normalized(layers.Conv2D(64, (10, 4), 2, padding="same", use_bias=False)(x))
    for _ in range(4):
        x = _normalized(layers.DepthwiseConv2D(3, padding="same", use_bias=False)(x))
        x = _normalized(layers.Conv2D(64, 1, use_bias=False)(x))
    x = layers.Flatten()(layers.AveragePooling2D((25, 5))(x))
    return Model(start, layers.Dense(12, activation="softmax")(x))


def resnet8() -> Any:
    """Three residual stages of 16, 32 and 64 channels over 32x32 images."""
    x = start = layers.Input((32, 32, 3))
    x = _normalized(layers.Conv2D(16, 3, padding="same")(x))
    for channels, stride in ((16, 1), (32, 2), (64, 2)):
        y = _normalized(layers.Conv2D(channels, 3, stride, padding="same")(x))
        y = layers.Conv2D(channels, 3, padding="same")(y)
        y = layers.BatchNormalization()(y)
        if stride > 1:
            x = layers.Conv2D(channels, 1, stride, padding="same")(x)
        x = layers.ReLU()(layers.Add()([x, y]))
    x = layers.Flatten()(layers.AveragePooling2D(8)(x))
    return Model(start, layers.Dense(10, activation="softmax")(x))


def tiny_ae() -> Any:
    """An autoencoder of ten dense layers around a bottleneck of 8."""
    x = start = layers.Input((640,))
    for units in (128, 128, 128, 128, 8, 128, 128, 128, 128):
        x = _normalized(layers.Dense(units)(x))
    return Model(start, layers.Dense(640)(x))


def mobilenet_v1(size: int = 224, alpha: float = 1.0) -> Any:
    """MobileNet for images of `size` pixels, its layers `alpha` times as wide."""
    return applications.MobileNet((size, size, 3), alpha, weights=None)


def mobilenet_v2(size: int = 224, alpha: float = 1.0) -> Any:
    """MobileNetV2 for images of `size` pixels, its layers `alpha` times as wide."""
    return applications.MobileNetV2((size, size, 3), alpha, weights=None)


def mobilenet_v3_small(size: int = 224) -> Any:
    """MobileNetV3-Small, which scales its own input from 0 to 255."""
    return applications.MobileNetV3Small((size, size, 3), weights=None)


def efficientnet_b0(size: int = 224) -> Any:
    """EfficientNet-B0, which scales its own input from 0 to 255."""
    return applications.EfficientNetB0(input_shape=(size, size, 3), weights=None)


def resnet50(size: int = 224) -> Any:
    """ResNet-50 up to its scores: random weights would saturate a softmax."""
    return applications.ResNet50(
        input_shape=(size, size, 3), weights=None, classifier_activation=None
    )


def _normalized(x: Any) -> Any:
    return layers.ReLU()(layers.BatchNormalization()(x))


NETWORKS: dict[str, Callable[[], Any]] = {
    "mnist_mlp": mnist_mlp,
    "mnist_cnn": mnist_cnn,
    "ds_cnn": ds_cnn,
    "tiny_ae": tiny_ae,
    "resnet8": resnet8,
    "mobilenet_v1": mobilenet_v1,
    "mobilenet_v2": mobilenet_v2,
    "mobilenet_v3_small": mobilenet_v3_small,
    "efficientnet_b0": efficientnet_b0,
    "resnet50": resnet50,
    "transformer": transformer,
    "lstm": lstm,
}


def build(make: Callable[[], Any], seed: int = 0) -> Any:
    """A network with random weights and batch-norm statistics, always the same.

    The weights keep the size of activations about equal from layer to layer.
    """
    random = np.random.default_rng(seed)
    with _initialized_by_numpy(random):
        model = make()
    for variable in model.weights:
        shape = tuple(variable.shape)
        if variable.name in ("gamma", "moving_variance"):
            variable.assign(random.uniform(0.7, 1.3, shape))
        elif variable.name in ("beta", "moving_mean", "bias"):
            variable.assign(random.normal(0, 0.2, shape))
    return model


@contextlib.contextmanager
def _initialized_by_numpy(random: np.random.Generator) -> Generator[None]:
    """JAX would compile a random generator for each shape: half a minute in all."""
    scaling: Any = keras.initializers.VarianceScaling
    original = scaling.__call__

    def draw(_: Any, shape: tuple[int, ...], dtype: Any = None, **_options: Any) -> Any:
        depthwise = len(shape) == 4 and shape[-1] == 1
        fan_in = math.prod(shape[:2] if depthwise else shape[:-1])
        values = random.normal(0, math.sqrt(2 / fan_in), shape)
        return ops.convert_to_tensor(values.astype(np.float32), dtype=dtype)

    scaling.__call__ = draw
    try:
        yield
    finally:
        scaling.__call__ = original


def samples(model: Any, count: int, seed: int = 1) -> Array:
    """Random inputs, float32 (count, *shape of an input).

    In [0, 255) for a network that scales pixels itself, in [-1, 1) for others.
    """
    random = np.random.default_rng(seed)
    shape = tuple(model.inputs[0].shape[1:])
    scales = any(isinstance(each, layers.Rescaling) for each in model.layers)
    low, high = (0, 255) if scales else (-1, 1)
    return random.uniform(low, high, (count, *shape)).astype(np.float32)
