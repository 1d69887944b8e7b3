"""Every layer rule: Keras's own answer against the converted file in LiteRT."""

from __future__ import annotations

import keras
import pytest

from gossamer.frontends.parts import activations
from tests.frontends.keras.compare import (
    assert_same,
    of_layer,
    operators,
    sample,
)

layers = keras.layers
IMAGE = (7, 6, 4)
STEPS = (9, 4)

ONE_INPUT = {
    "dense": (lambda: layers.Dense(3, activation="relu"), (5,)),
    "dense without bias": (lambda: layers.Dense(3, use_bias=False), (5,)),
    "dense on rank 3": (lambda: layers.Dense(3), (2, 5)),
    "dense on rank 4": (lambda: layers.Dense(3), (2, 3, 5)),
    "conv": (lambda: layers.Conv2D(3, 3), IMAGE),
    "conv same": (lambda: layers.Conv2D(3, (3, 2), padding="same"), IMAGE),
    "conv strides": (lambda: layers.Conv2D(3, 3, strides=(2, 1)), IMAGE),
    "conv same strides": (lambda: layers.Conv2D(3, 3, 2, padding="same"), IMAGE),
    "conv dilated": (lambda: layers.Conv2D(3, 2, dilation_rate=(2, 3)), IMAGE),
    "conv dilated same": (
        lambda: layers.Conv2D(3, 3, dilation_rate=2, padding="same"),
        IMAGE,
    ),
    "conv no bias": (lambda: layers.Conv2D(3, 3, use_bias=False), IMAGE),
    "conv groups": (lambda: layers.Conv2D(6, 3, groups=2), IMAGE),
    "conv group per channel": (lambda: layers.Conv2D(8, 3, groups=4), IMAGE),
    "conv of one channel": (lambda: layers.Conv2D(3, 3), (7, 6, 1)),
    "conv 1d": (lambda: layers.Conv1D(3, 2, strides=2), STEPS),
    "conv 1d causal": (
        lambda: layers.Conv1D(3, 3, dilation_rate=2, padding="causal"),
        STEPS,
    ),
    "depthwise": (lambda: layers.DepthwiseConv2D(3, padding="same"), IMAGE),
    "depthwise multiplier": (
        lambda: layers.DepthwiseConv2D((2, 3), depth_multiplier=3),
        IMAGE,
    ),
    "depthwise strides": (lambda: layers.DepthwiseConv2D(3, strides=2), IMAGE),
    "depthwise dilated": (lambda: layers.DepthwiseConv2D(2, dilation_rate=2), IMAGE),
    "depthwise 1d": (lambda: layers.DepthwiseConv1D(3), STEPS),
    "separable": (
        lambda: layers.SeparableConv2D(5, 3, depth_multiplier=2, activation="relu"),
        IMAGE,
    ),
    "separable 1d": (lambda: layers.SeparableConv1D(5, 3), STEPS),
    "batch normalization": (layers.BatchNormalization, IMAGE),
    "batch normalization bare": (
        lambda: layers.BatchNormalization(scale=False, center=False),
        (5,),
    ),
    "batch normalization of another axis": (
        lambda: layers.BatchNormalization(axis=1),
        IMAGE,
    ),
    "normalization": (
        lambda: layers.Normalization(mean=[1.0, 2.0, 3.0, 4.0], variance=[4.0] * 4),
        IMAGE,
    ),
    "denormalization": (
        lambda: layers.Normalization(mean=2.0, variance=9.0, invert=True),
        (4,),
    ),
    "rescaling": (lambda: layers.Rescaling(1 / 127.5, offset=-1), IMAGE),
    "rescaling per channel": (
        lambda: layers.Rescaling([0.1, 0.2, 0.3, 0.4], offset=[1.0, 2.0, 3.0, 0.0]),
        IMAGE,
    ),
    "relu": (layers.ReLU, IMAGE),
    "relu limited to 6": (lambda: layers.ReLU(max_value=6), IMAGE),
    "relu limited": (lambda: layers.ReLU(max_value=1.5), IMAGE),
    "relu with slope": (lambda: layers.ReLU(negative_slope=0.3), IMAGE),
    "relu with slope and limit": (
        lambda: layers.ReLU(max_value=1.0, negative_slope=0.3),
        IMAGE,
    ),
    "relu with threshold": (lambda: layers.ReLU(threshold=0.7), IMAGE),
    "relu with all": (
        lambda: layers.ReLU(max_value=1.5, negative_slope=0.3, threshold=0.7),
        IMAGE,
    ),
    "leaky relu": (lambda: layers.LeakyReLU(0.2), IMAGE),
    "elu": (layers.ELU, IMAGE),
    "elu with alpha": (lambda: layers.ELU(0.5), IMAGE),
    "prelu": (lambda: layers.PReLU(shared_axes=[1, 2]), IMAGE),
    "softmax": (layers.Softmax, IMAGE),
    "softmax of an axis": (lambda: layers.Softmax(axis=1), IMAGE),
    "max pooling": (layers.MaxPooling2D, IMAGE),
    "max pooling same": (
        lambda: layers.MaxPooling2D((3, 2), strides=2, padding="same"),
        IMAGE,
    ),
    "average pooling": (lambda: layers.AveragePooling2D(2), IMAGE),
    "average pooling same": (
        lambda: layers.AveragePooling2D(3, strides=1, padding="same"),
        IMAGE,
    ),
    "max pooling 1d": (lambda: layers.MaxPooling1D(2), STEPS),
    "average pooling 1d": (lambda: layers.AveragePooling1D(3, padding="same"), STEPS),
    "global average": (layers.GlobalAveragePooling2D, IMAGE),
    "global average kept": (
        lambda: layers.GlobalAveragePooling2D(keepdims=True),
        IMAGE,
    ),
    "global max": (layers.GlobalMaxPooling2D, IMAGE),
    "global average 1d": (layers.GlobalAveragePooling1D, STEPS),
    "global max 1d": (lambda: layers.GlobalMaxPooling1D(keepdims=True), STEPS),
    "flatten": (layers.Flatten, IMAGE),
    "flatten of a scalar": (layers.Flatten, ()),
    "reshape": (lambda: layers.Reshape((6, -1)), IMAGE),
    "permute": (lambda: layers.Permute((3, 1, 2)), IMAGE),
    "zero padding": (lambda: layers.ZeroPadding2D(((1, 2), (0, 3))), IMAGE),
    "zero padding 1d": (lambda: layers.ZeroPadding1D((1, 2)), STEPS),
    "cropping": (lambda: layers.Cropping2D(((1, 2), (0, 3))), IMAGE),
    "cropping 1d": (lambda: layers.Cropping1D((1, 0)), STEPS),
    "dropout": (lambda: layers.Dropout(0.5), (5,)),
    "gaussian noise": (lambda: layers.GaussianNoise(0.5), (5,)),
    "repeat vector": (lambda: layers.RepeatVector(3), (5,)),
}


@pytest.mark.parametrize("name", ONE_INPUT)
def test_layer_answers_as_keras_does(name):
    make, shape = ONE_INPUT[name]
    assert_same(of_layer(make(), shape), sample(shape))


ACTIVATIONS = sorted(activations.BY_NAME)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_activation_answers_as_keras_does(name):
    assert_same(of_layer(layers.Activation(name), (3, 5)), sample((3, 5)))


def test_a_custom_activation_is_traced():
    dense = layers.Dense(3, activation=lambda x: keras.ops.tanh(x) * 2 + x)
    assert_same(of_layer(dense, (4,)), sample((4,)))


def test_a_layer_can_be_an_activation():
    dense = layers.Dense(3, activation=layers.LeakyReLU(0.4))
    assert_same(of_layer(dense, (4,)), sample((4,)))


MERGES = {
    "add": layers.Add,
    "subtract": layers.Subtract,
    "multiply": layers.Multiply,
    "average": layers.Average,
    "maximum": layers.Maximum,
    "minimum": layers.Minimum,
    "concatenate": layers.Concatenate,
}


@pytest.mark.parametrize("name", MERGES)
def test_merge_answers_as_keras_does(name):
    inputs = [keras.Input((3, 4)), keras.Input((3, 4))]
    model = keras.Model(inputs, MERGES[name]()(inputs))
    assert_same(model, sample((3, 4)), sample((3, 4), seed=8))


def test_merges_of_three_and_of_other_ranks():
    a, b, c = keras.Input((3, 4)), keras.Input((3, 4)), keras.Input((4,))
    y = layers.Average()([layers.Add()([a, b, a]), layers.Maximum()([a, c]), b])
    model = keras.Model([a, b, c], y)
    assert_same(model, *(sample(x.shape[1:], seed=x.shape[1]) for x in (a, b, c)))


def test_concatenate_of_an_inner_axis():
    a, b = keras.Input((3, 4)), keras.Input((2, 4))
    model = keras.Model([a, b], layers.Concatenate(axis=1)([a, b]))
    assert_same(model, sample((3, 4)), sample((2, 4)))


def test_integers_become_floats_where_keras_casts():
    model = of_layer(layers.Rescaling(1 / 255), (4, 4, 3), dtype="uint8")
    assert_same(model, sample((4, 4, 3), dtype="uint8"))
    assert operators(model) == ["CAST", "MUL"]


GOLDEN = {
    "conv and relu": (
        lambda: [layers.Conv2D(4, 3), layers.ReLU()],
        IMAGE,
        ["CONV_2D"],
    ),
    "conv, normalization, relu": (
        lambda: [layers.Conv2D(4, 3), layers.BatchNormalization(), layers.ReLU()],
        IMAGE,
        ["CONV_2D"],
    ),
    "depthwise, normalization, relu6": (
        lambda: [
            layers.DepthwiseConv2D(3),
            layers.BatchNormalization(),
            layers.ReLU(6.0),
        ],
        IMAGE,
        ["DEPTHWISE_CONV_2D"],
    ),
    "padding before conv": (
        lambda: [layers.ZeroPadding2D(1), layers.Conv2D(4, 3, padding="valid")],
        IMAGE,
        ["CONV_2D"],
    ),
    "wide padding before conv": (
        lambda: [layers.ZeroPadding2D(3), layers.Conv2D(4, 3, padding="valid")],
        IMAGE,
        ["PAD", "CONV_2D"],
    ),
    "dilated conv": (
        lambda: [layers.Conv2D(4, 3, dilation_rate=2, padding="same")],
        IMAGE,
        ["CONV_2D"],
    ),
    "groups": (lambda: [layers.Conv2D(4, 3, groups=2)], IMAGE, ["CONV_2D"]),
    "conv 1d": (
        lambda: [layers.Conv1D(4, 3)],
        STEPS,
        ["RESHAPE", "CONV_2D", "RESHAPE"],
    ),
    "dense": (lambda: [layers.Dense(4)], (5,), ["FULLY_CONNECTED"]),
    "dense on rank 3": (lambda: [layers.Dense(4)], STEPS, ["FULLY_CONNECTED"]),
    "flatten": (lambda: [layers.Flatten()], IMAGE, ["RESHAPE"]),
    "global average": (lambda: [layers.GlobalAveragePooling2D()], IMAGE, ["MEAN"]),
    "global max": (lambda: [layers.GlobalMaxPooling2D()], IMAGE, ["REDUCE_MAX"]),
    "normalization": (lambda: [layers.BatchNormalization()], IMAGE, ["MUL", "ADD"]),
    "silu": (lambda: [layers.Activation("silu")], IMAGE, ["LOGISTIC", "MUL"]),
    "gelu": (lambda: [layers.Activation("gelu")], IMAGE, ["GELU"]),
    "hard silu": (lambda: [layers.Activation("hard_silu")], IMAGE, ["HARD_SWISH"]),
}


@pytest.mark.parametrize("name", GOLDEN)
def test_no_more_operators_than_tensorflow_emits(name):
    make, shape, expected = GOLDEN[name]
    model = keras.Sequential([keras.Input(shape), *make()])
    assert_same(model, sample(shape))
    assert operators(model) == expected
