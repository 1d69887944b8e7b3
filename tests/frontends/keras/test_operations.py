"""Every rule of `keras.ops`: Keras's own answer against the converted file."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from tests.frontends.keras.compare import (
    assert_same,
    of_function,
    operators,
    sample,
)

ops = keras.ops
SHAPE = (3, 4)
IMAGE = (6, 5, 4)


def _weights(*shape):
    return np.random.default_rng(5).normal(0, 1, shape).astype(np.float32)


ONE_INPUT = {
    "relu": (ops.relu, SHAPE),
    "relu6": (ops.relu6, SHAPE),
    "sigmoid": (ops.sigmoid, SHAPE),
    "tanh": (ops.tanh, SHAPE),
    "silu": (ops.silu, SHAPE),
    "hard_silu": (ops.hard_silu, SHAPE),
    "hard_sigmoid": (ops.hard_sigmoid, SHAPE),
    "softplus": (ops.softplus, SHAPE),
    "softsign": (ops.softsign, SHAPE),
    "selu": (ops.selu, SHAPE),
    "elu": (lambda x: ops.elu(x, 0.3), SHAPE),
    "leaky_relu": (lambda x: ops.leaky_relu(x, 0.3), SHAPE),
    "gelu": (lambda x: ops.gelu(x, approximate=True), SHAPE),
    "softmax": (lambda x: ops.softmax(x, axis=1), SHAPE),
    "log_softmax": (ops.log_softmax, SHAPE),
    "activation with parameters": (
        lambda x: keras.activations.relu(x, negative_slope=0.1, max_value=1.0),
        SHAPE,
    ),
    "scalar arithmetic": (lambda x: (2.0 - x) * 3 / 4 + x / 2 - 1, SHAPE),
    "negation": (lambda x: -x, SHAPE),
    "array arithmetic": (lambda x: x * _weights(4) + _weights(3, 1), SHAPE),
    "minimum and maximum": (lambda x: ops.minimum(ops.maximum(x, -1), 0.5), SHAPE),
    "clip": (lambda x: ops.clip(x, -0.5, 1), SHAPE),
    "power": (lambda x: ops.power(ops.abs(x), 1.5), SHAPE),
    "square root": (lambda x: ops.sqrt(ops.square(x) + 1), SHAPE),
    "rsqrt": (lambda x: ops.rsqrt(ops.square(x) + 1), SHAPE),
    "exp and log": (lambda x: ops.log(ops.exp(x) + 1), SHAPE),
    "sine and cosine": (lambda x: ops.sin(x) + ops.cos(x), SHAPE),
    "rounding": (lambda x: ops.floor(x) + ops.ceil(x * 2), SHAPE),
    "reciprocal": (lambda x: ops.reciprocal(ops.square(x) + 1), SHAPE),
    "where": (lambda x: ops.where(x > 0.3, x, x * 0.1), SHAPE),
    "logic": (
        lambda x: ops.where(
            ops.logical_or(ops.logical_not(x > 0), ops.logical_and(x >= 1, x < 2)),
            1.0,
            x,
        ),
        SHAPE,
    ),
    "cast": (lambda x: ops.cast(ops.cast(x, "int32"), "float32"), SHAPE),
    "matmul with weights": (lambda x: ops.matmul(x, _weights(4, 5)), SHAPE),
    "matmul from weights": (lambda x: ops.matmul(_weights(1, 5, 3), x), SHAPE),
    "matmul of tensors": (
        lambda x: ops.matmul(x, ops.transpose(x, (0, 2, 1))),
        SHAPE,
    ),
    "mean": (lambda x: ops.mean(x, axis=1), SHAPE),
    "mean kept": (lambda x: ops.mean(x, axis=(1, -1), keepdims=True), SHAPE),
    "sum": (lambda x: ops.sum(x, axis=-1), SHAPE),
    "max": (lambda x: ops.max(x, axis=-1), SHAPE),
    "amin": (lambda x: ops.amin(x, axis=-1), SHAPE),
    "prod": (lambda x: ops.prod(x, axis=1), SHAPE),
    "argmax": (lambda x: ops.argmax(x, axis=-1), SHAPE),
    "reshape": (lambda x: ops.reshape(x, (-1, 2, 6)), SHAPE),
    "transpose": (lambda x: ops.transpose(x, (0, 2, 1)), SHAPE),
    "swapaxes": (lambda x: ops.swapaxes(x, 1, -1), IMAGE),
    "moveaxis": (lambda x: ops.moveaxis(x, 1, -1), IMAGE),
    "expand and squeeze": (
        lambda x: ops.squeeze(ops.expand_dims(x, 2) * 2, axis=2),
        SHAPE,
    ),
    "expand last": (lambda x: ops.expand_dims(x, -1), SHAPE),
    "concatenate": (lambda x: ops.concatenate([x, x * 2], axis=-1), SHAPE),
    "stack": (lambda x: ops.stack([x, x * 2], axis=1), SHAPE),
    "unstack": (lambda x: ops.add(*ops.unstack(x, axis=1)[:2]), SHAPE),
    "split": (lambda x: ops.subtract(*ops.split(x, 2, axis=-1)), SHAPE),
    "split at places": (
        lambda x: ops.concatenate(ops.split(x, [1, 3], axis=-1)[::-1], axis=-1),
        SHAPE,
    ),
    "pad": (lambda x: ops.pad(x, ((0, 0), (1, 0), (2, 1))), SHAPE),
    "pad with a value": (
        lambda x: ops.pad(x, ((0, 0), (1, 0), (2, 1)), constant_values=3.0),
        SHAPE,
    ),
    "pad by reflection": (
        lambda x: ops.pad(x, ((0, 0), (1, 0), (2, 1)), mode="reflect"),
        SHAPE,
    ),
    "slices": (lambda x: x[:, 1:3, ::2], SHAPE),
    "index": (lambda x: x[:, -1], SHAPE),
    "index from the end": (lambda x: x[..., -2], SHAPE),
    "slice from the end": (lambda x: x[:, -2:], SHAPE),
    "new axis": (lambda x: x[:, None, 1], SHAPE),
    "take": (lambda x: ops.take(x, [2, 0], axis=-1), SHAPE),
    "tile": (lambda x: ops.tile(x, (1, 2, 3)), SHAPE),
    "flip": (lambda x: ops.flip(x, axis=1), SHAPE),
    "conv": (
        lambda x: ops.conv(x, _weights(3, 3, 4, 5), padding="same", strides=2),
        IMAGE,
    ),
    "depthwise conv": (lambda x: ops.depthwise_conv(x, _weights(2, 2, 4, 2)), IMAGE),
    "separable conv": (
        lambda x: ops.separable_conv(x, _weights(3, 3, 4, 1), _weights(1, 1, 4, 6)),
        IMAGE,
    ),
    "max pool": (lambda x: ops.max_pool(x, (2, 2), (2, 2), padding="same"), IMAGE),
    "average pool": (lambda x: ops.average_pool(x, 2, strides=1), IMAGE),
    "batch normalization": (
        lambda x: ops.batch_normalization(
            x, _weights(4), np.abs(_weights(4)) + 1, -1, scale=_weights(4)
        ),
        IMAGE,
    ),
}


@pytest.mark.parametrize("name", ONE_INPUT)
def test_operation_answers_as_keras_does(name):
    function, shape = ONE_INPUT[name]
    assert_same(of_function(function, shape), sample(shape))


TWO_INPUTS = {
    "add": ops.add,
    "subtract": ops.subtract,
    "multiply": ops.multiply,
    "divide": lambda x, y: ops.divide(x, ops.abs(y) + 1),
    "maximum": ops.maximum,
    "minimum": ops.minimum,
    "equal": lambda x, y: ops.where(ops.equal(x, y), x, y * 2),
}


@pytest.mark.parametrize("name", TWO_INPUTS)
def test_operation_of_two_tensors_answers_as_keras_does(name):
    model = of_function(TWO_INPUTS[name], SHAPE, (1, 4))
    assert_same(model, sample(SHAPE), sample((1, 4), seed=9))


def test_integers_are_promoted_as_keras_promotes():
    model = of_function(lambda x: x / 2 + x, (4,), dtype="int32")
    assert_same(model, sample((4,), dtype="int32"))


def test_a_constant_matrix_becomes_weights():
    model = of_function(lambda x: ops.matmul(x, _weights(4, 5)) + _weights(5), SHAPE)
    assert operators(model) == ["FULLY_CONNECTED"]
