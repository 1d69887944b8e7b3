"""Convolutions: transposed, over volumes, and with channels in front."""

from __future__ import annotations

import keras
import pytest

from tests.frontends.keras.compare import assert_same, of_layer, operators, sample

layers = keras.layers
IMAGE, STEPS, VOLUME = (4, 5, 2), (5, 2), (4, 3, 5, 2)
FIRST = {"data_format": "channels_first"}


def transposed(size=3, strides=2, **options):
    return layers.Conv2DTranspose(3, size, strides, **options)


TRANSPOSED = {
    "valid": (transposed, IMAGE),
    "same": (lambda: transposed(padding="same"), IMAGE),
    "kernel below stride": (lambda: transposed(1, 3), IMAGE),
    "same, kernel below stride": (lambda: transposed(1, 3, padding="same"), IMAGE),
    "even kernel": (lambda: transposed(4, 3, padding="same"), IMAGE),
    "other sizes": (lambda: transposed((2, 3), (1, 2), padding="same"), IMAGE),
    "output padding": (lambda: transposed(2, 3, output_padding=1), IMAGE),
    "same, no output padding": (
        lambda: transposed(4, 2, padding="same", output_padding=0),
        IMAGE,
    ),
    "same, output padding": (
        lambda: transposed(3, 2, padding="same", output_padding=1),
        IMAGE,
    ),
    "stride of one": (lambda: transposed(strides=1, padding="same"), IMAGE),
    "even kernel, stride of one": (lambda: transposed((2, 4), 1), IMAGE),
    "dilated": (
        lambda: transposed((2, 3), 1, dilation_rate=(2, 3), padding="same"),
        IMAGE,
    ),
    "no bias, activation": (
        lambda: transposed(use_bias=False, activation="silu"),
        IMAGE,
    ),
    "channels first": (lambda: transposed(activation="softmax", **FIRST), (2, 4, 5)),
    "1d": (lambda: layers.Conv1DTranspose(3, 3, 2, padding="same"), STEPS),
    "1d, stride of one": (lambda: layers.Conv1DTranspose(3, 3), STEPS),
    "3d": (lambda: layers.Conv3DTranspose(3, 3, 2, padding="same"), VOLUME),
    "3d, output padding": (
        lambda: layers.Conv3DTranspose(3, 2, 3, output_padding=2),
        VOLUME,
    ),
    "3d, stride of one": (
        lambda: layers.Conv3DTranspose(3, 2, padding="same"),
        VOLUME,
    ),
}
PLAIN = {
    "3d": (lambda: layers.Conv3D(3, 3, 2, padding="same"), VOLUME),
    "3d dilated": (lambda: layers.Conv3D(3, 2, dilation_rate=(1, 2, 3)), VOLUME),
    "3d groups": (lambda: layers.Conv3D(4, 2, groups=2, activation="relu"), VOLUME),
    "3d groups without bias": (
        lambda: layers.Conv3D(4, 2, groups=2, use_bias=False),
        VOLUME,
    ),
    "2d first": (
        lambda: layers.Conv2D(3, 3, 2, padding="same", **FIRST, activation="softmax"),
        (2, 6, 5),
    ),
    "1d first": (lambda: layers.Conv1D(3, 3, **FIRST), (2, 6)),
    "1d causal first": (
        lambda: layers.Conv1D(4, 2, groups=2, padding="same", **FIRST),
        (2, 6),
    ),
    "3d first": (lambda: layers.Conv3D(3, 2, **FIRST), (2, 4, 3, 5)),
    "depthwise first": (lambda: layers.DepthwiseConv2D(3, **FIRST), (2, 6, 5)),
    "separable first": (
        lambda: layers.SeparableConv2D(3, 3, activation="relu", **FIRST),
        (2, 6, 5),
    ),
    "depthwise dilated": (
        lambda: layers.DepthwiseConv1D(3, dilation_rate=2, padding="same"),
        STEPS,
    ),
}


@pytest.mark.parametrize("batch", [None, 2])
@pytest.mark.parametrize("name", TRANSPOSED)
def test_transposed(name, batch):
    make, shape = TRANSPOSED[name]
    x = keras.Input(shape, batch_size=batch)
    assert_same(keras.Model(x, make()(x)), sample(shape))


@pytest.mark.parametrize("name", PLAIN)
def test_convolution(name):
    make, shape = PLAIN[name]
    assert_same(of_layer(make(), shape), sample(shape))


OF_FREE_SIZE = {
    "same": (lambda: transposed(padding="same"), IMAGE),
    "stride of one": (lambda: transposed(strides=1), IMAGE),
    "1d": (lambda: layers.Conv1DTranspose(3, 3, 2, output_padding=1), STEPS),
    "3d": (lambda: layers.Conv3DTranspose(3, 3, 2), VOLUME),
    "causal": (
        lambda: layers.Conv1D(3, 2, dilation_rate=2, padding="causal"),
        STEPS,
    ),
}


@pytest.mark.parametrize("name", OF_FREE_SIZE)
def test_free_sizes(name):
    make, shape = OF_FREE_SIZE[name]
    x = keras.Input((None,) * (len(shape) - 1) + shape[-1:])
    assert_same(keras.Model(x, make()(x)), sample(shape))


GOLDEN = {
    "fixed batch": ("valid", 2, ["TRANSPOSE_CONV"]),
    "free batch": ("valid", None, ["SHAPE", "ADD", "TRANSPOSE_CONV"]),
    "stride of one": ("stride of one", None, ["CONV_2D"]),
    "dilated": ("dilated", None, ["CONV_2D"]),
    "even kernel": ("even kernel, stride of one", None, ["PAD", "CONV_2D"]),
    "cut": ("same, no output padding", 2, ["TRANSPOSE_CONV", "STRIDED_SLICE"]),
    "3d": ("3d", 2, ["CONV_3D_TRANSPOSE"]),
    "1d": ("1d", 2, ["RESHAPE", "TRANSPOSE_CONV", "RESHAPE"]),
}


@pytest.mark.parametrize("name", GOLDEN)
def test_transposed_is_few_operators(name):
    case, batch, expected = GOLDEN[name]
    make, shape = TRANSPOSED[case]
    x = keras.Input(shape, batch_size=batch)
    assert operators(keras.Model(x, make()(x))) == expected


CHAINS = {
    "transposed, normalization, relu": (
        lambda: [transposed(use_bias=False), layers.BatchNormalization()],
        IMAGE,
        ["TRANSPOSE_CONV"],
    ),
    "3d, normalization, relu": (
        lambda: [layers.Conv3D(3, 2), layers.BatchNormalization()],
        VOLUME,
        ["CONV_3D"],
    ),
    "3d transposed, normalization, relu": (
        lambda: [layers.Conv3DTranspose(3, 2, 2), layers.BatchNormalization()],
        VOLUME,
        ["CONV_3D_TRANSPOSE"],
    ),
    "1d, normalization, relu": (
        lambda: [layers.Conv1D(3, 2), layers.BatchNormalization()],
        STEPS,
        ["RESHAPE", "CONV_2D", "RESHAPE"],
    ),
    "channels first": (
        lambda: [layers.Conv2D(3, 2, **FIRST), layers.BatchNormalization(axis=1)],
        (2, 4, 5),
        ["TRANSPOSE", "CONV_2D", "TRANSPOSE"],
    ),
}


@pytest.mark.parametrize("name", CHAINS)
def test_what_follows_is_folded(name):
    make, shape, expected = CHAINS[name]
    start = keras.Input(shape, batch_size=2)
    model = keras.Sequential([start, *make(), layers.ReLU()])
    assert_same(model, sample(shape))
    assert operators(model) == expected
