"""No more operators than TensorFlow's converter emits.

TensorFlow's numbers are those of `tf.lite.TFLiteConverter.from_keras_model(model)` of
TensorFlow 2.21 with Keras 3.15: the operators of all subgraphs of the file, for a free
batch where nothing else is said.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import keras
import pytest

from benchmarks import zoo
from gossamer import api
from gossamer.flatbuffer.read import read
from tests.frontends.keras.test_networks import NETWORKS
from tests.frontends.keras.transformers import bert, vit

if TYPE_CHECKING:
    from collections.abc import Callable

layers = keras.layers


@dataclass(frozen=True)
class Row:
    """A layer, its input, and how many operators it becomes there and here."""

    make: Callable[[], Any]
    shape: tuple[int, ...]
    tensorflow: int
    ours: int
    dtype: str = "float32"


IMAGE = (16, 16, 4)
LAYERS = {
    "Dense": Row(lambda: layers.Dense(8, "relu"), (16,), 1, 1),
    "Dense on (5, 16)": Row(lambda: layers.Dense(8), (5, 16), 10, 1),
    "Conv2D dilated": Row(
        lambda: layers.Conv2D(8, 3, dilation_rate=2, padding="same"), IMAGE, 3, 1
    ),
    "DepthwiseConv2D dilated": Row(
        lambda: layers.DepthwiseConv2D(3, dilation_rate=2, padding="same"), IMAGE, 3, 1
    ),
    "Conv2D groups": Row(lambda: layers.Conv2D(8, 3, groups=2), IMAGE, 1, 1),
    "SeparableConv2D": Row(lambda: layers.SeparableConv2D(8, 3), IMAGE, 2, 2),
    "Conv1D": Row(lambda: layers.Conv1D(8, 3), (16, 4), 3, 3),
    "Conv1D dilated": Row(
        lambda: layers.Conv1D(8, 3, dilation_rate=2, padding="causal"), (16, 4), 6, 4
    ),
    "Conv1D dilated same": Row(
        lambda: layers.Conv1D(8, 3, dilation_rate=2, padding="same"), (16, 4), 5, 3
    ),
    "DepthwiseConv1D": Row(lambda: layers.DepthwiseConv1D(3), (16, 4), 3, 3),
    "SeparableConv1D": Row(lambda: layers.SeparableConv1D(8, 3), (16, 4), 4, 4),
    "Conv3D": Row(lambda: layers.Conv3D(8, 3), (8, 8, 8, 4), 1, 1),
    "Conv2DTranspose": Row(
        lambda: layers.Conv2DTranspose(8, 3, strides=2, padding="same"), IMAGE, 4, 3
    ),
    "Conv2DTranspose valid": Row(
        lambda: layers.Conv2DTranspose(8, 3, strides=2), IMAGE, 4, 3
    ),
    "Conv1DTranspose": Row(
        lambda: layers.Conv1DTranspose(8, 3, strides=2, padding="same"), (16, 4), 7, 5
    ),
    "Flatten": Row(layers.Flatten, IMAGE, 4, 1),
    "Reshape": Row(lambda: layers.Reshape((8, 32, 4)), IMAGE, 4, 1),
    "Permute": Row(lambda: layers.Permute((2, 1, 3)), IMAGE, 1, 1),
    "RepeatVector": Row(lambda: layers.RepeatVector(5), (16,), 10, 2),
    "Cropping2D": Row(lambda: layers.Cropping2D(2), IMAGE, 1, 1),
    "ZeroPadding2D": Row(lambda: layers.ZeroPadding2D(2), IMAGE, 1, 1),
    "MaxPooling2D": Row(layers.MaxPooling2D, IMAGE, 1, 1),
    "AveragePooling2D same": Row(
        lambda: layers.AveragePooling2D(3, padding="same", strides=1), IMAGE, 1, 1
    ),
    "MaxPooling1D": Row(layers.MaxPooling1D, (16, 4), 3, 3),
    "GlobalAveragePooling2D": Row(layers.GlobalAveragePooling2D, IMAGE, 1, 1),
    "GlobalMaxPooling2D": Row(layers.GlobalMaxPooling2D, IMAGE, 1, 1),
    "GlobalAveragePooling1D": Row(layers.GlobalAveragePooling1D, (16, 4), 1, 1),
    "BatchNormalization": Row(layers.BatchNormalization, IMAGE, 1, 1),
    "LayerNormalization": Row(layers.LayerNormalization, (8, 16), 10, 7),
    "LayerNormalization 4-D": Row(layers.LayerNormalization, IMAGE, 10, 7),
    "GroupNormalization": Row(lambda: layers.GroupNormalization(2), IMAGE, 14, 9),
    "UnitNormalization": Row(layers.UnitNormalization, (16,), 5, 1),
    "RMSNormalization": Row(layers.RMSNormalization, (8, 16), 5, 5),
    "PReLU": Row(layers.PReLU, (8, 16), 1, 1),
    "Softmax": Row(layers.Softmax, (8, 16), 1, 1),
    "UpSampling2D nearest": Row(lambda: layers.UpSampling2D(2), IMAGE, 12, 1),
    "UpSampling2D bilinear": Row(
        lambda: layers.UpSampling2D(2, interpolation="bilinear"), IMAGE, 1, 1
    ),
    "UpSampling1D": Row(lambda: layers.UpSampling1D(2), (16, 4), 6, 3),
    "Resizing": Row(lambda: layers.Resizing(8, 9), IMAGE, 1, 1),
    "Rescaling": Row(lambda: layers.Rescaling(1 / 127.5, -1), IMAGE, 2, 2),
    "CenterCrop": Row(lambda: layers.CenterCrop(8, 8), IMAGE, 1, 1),
    "Normalization": Row(
        lambda: layers.Normalization(mean=[1.0, 2, 3, 4], variance=[1.0, 2, 3, 4]),
        IMAGE,
        2,
        2,
    ),
    "Discretization": Row(lambda: layers.Discretization([1.0, 2.0, 3.0]), (16,), 1, 1),
    "CategoryEncoding one_hot": Row(
        lambda: layers.CategoryEncoding(8, "one_hot"), (1,), 7, 2, "int32"
    ),
    "Embedding": Row(lambda: layers.Embedding(20, 8), (16,), 4, 1, "int32"),
    "EinsumDense": Row(
        lambda: layers.EinsumDense("abc,cd->abd", (None, 8), bias_axes="d"),
        (6, 16),
        1,
        1,
    ),
    "EinsumDense heads": Row(
        lambda: layers.EinsumDense("abc,cde->abde", (None, 2, 8), bias_axes="de"),
        (6, 16),
        2,
        2,
    ),
    "TimeDistributed Dense": Row(
        lambda: layers.TimeDistributed(layers.Dense(8)), (6, 16), 15, 1
    ),
    "TimeDistributed Conv2D": Row(
        lambda: layers.TimeDistributed(layers.Conv2D(8, 3)), (6, 8, 8, 3), 15, 3
    ),
}
ACTIVATIONS = {
    "relu": 1,
    "relu6": 1,
    "leaky_relu": 1,
    "elu": 1,
    "selu": 6,
    "gelu": 1,
    "silu": 2,
    "hard_silu": 1,
    "sigmoid": 1,
    "hard_sigmoid": 2,
    "tanh": 1,
    "softsign": 3,
    "exponential": 1,
    "softmax": 1,
    "log_softmax": 1,
}
"""What an activation takes there; here it takes as many.

Left out are softplus and mish, which take five operators here and three there, and
six and five: log(1 + exp(x)) as it stands there is infinite above 88.
"""
RECURRENT = {
    "LSTM": (lambda: layers.LSTM(8), 25, 2),
    "LSTM, every step": (lambda: layers.LSTM(8, return_sequences=True), 32, 1),
    "GRU": (lambda: layers.GRU(8), 27, 18),
    "SimpleRNN": (lambda: layers.SimpleRNN(8), 14, 8),
    "Bidirectional LSTM": (lambda: layers.Bidirectional(layers.LSTM(8)), 51, 6),
    "Bidirectional GRU": (lambda: layers.Bidirectional(layers.GRU(8)), 55, 38),
}
"""For a batch of one, since TensorFlow's converter fails for a free batch."""


def _two(layer, *shapes, **arguments):
    inputs = [keras.Input(shape) for shape in shapes]
    if isinstance(layer, _OF_LISTS):
        return keras.Model(inputs, layer(inputs))
    return keras.Model(inputs, layer(inputs[0], inputs[-1], **arguments))


_OF_LISTS = (
    layers.Add,
    layers.AdditiveAttention,
    layers.Attention,
    layers.Average,
    layers.Concatenate,
    layers.Dot,
)
ROWS, OTHERS = (6, 16), (7, 16)
MODELS = {
    "Conv2D, BatchNormalization, ReLU": (
        lambda: keras.Sequential(
            [
                keras.Input(IMAGE),
                layers.Conv2D(8, 3),
                layers.BatchNormalization(),
                layers.ReLU(),
            ]
        ),
        1,
        1,
    ),
    "DepthwiseConv2D, BatchNormalization, ReLU6": (
        lambda: keras.Sequential(
            [
                keras.Input(IMAGE),
                layers.DepthwiseConv2D(3),
                layers.BatchNormalization(),
                layers.ReLU(6.0),
            ]
        ),
        1,
        1,
    ),
    "ZeroPadding2D, Conv2D": (
        lambda: keras.Sequential(
            [keras.Input(IMAGE), layers.ZeroPadding2D(1), layers.Conv2D(8, 3, 2)]
        ),
        2,
        2,
    ),
    "Add": (lambda: _two(layers.Add(), ROWS, ROWS), 1, 1),
    "Concatenate": (lambda: _two(layers.Concatenate(), ROWS, ROWS), 1, 1),
    "Average": (lambda: _two(layers.Average(), ROWS, ROWS), 2, 2),
    "Dot": (lambda: _two(layers.Dot(-1), ROWS, ROWS), 1, 1),
    "Attention": (lambda: _two(layers.Attention(), ROWS, OTHERS), 3, 3),
    "AdditiveAttention": (lambda: _two(layers.AdditiveAttention(), ROWS, OTHERS), 8, 8),
    "MultiHeadAttention": (lambda: _two(layers.MultiHeadAttention(2, 8), ROWS), 18, 15),
    "MultiHeadAttention of two": (
        lambda: _two(layers.MultiHeadAttention(2, 8), ROWS, OTHERS),
        18,
        15,
    ),
    "MultiHeadAttention, causal": (
        lambda: _two(layers.MultiHeadAttention(2, 8), ROWS, use_causal_mask=True),
        22,
        16,
    ),
    "GroupQueryAttention": (
        lambda: _two(layers.GroupQueryAttention(8, 4, 2), ROWS),
        29,
        15,
    ),
    "mnist_mlp": (zoo.mnist_mlp, 6, 3),
    "mnist_cnn": (zoo.mnist_cnn, 10, 7),
    "ds_cnn": (zoo.ds_cnn, 16, 13),
    "resnet8": (zoo.resnet8, 19, 16),
    "tiny_ae": (zoo.tiny_ae, 10, 10),
    "transformer": (zoo.transformer, 340, 140),
    "lstm": (zoo.lstm, 696, 696),
    "u-net": (NETWORKS["u-net"], 24, 22),
    "u-net of one image": (NETWORKS["u-net of one image"], 18, 18),
    "wave-net": (NETWORKS["wave-net"], 56, 32),
    "autoencoder": (NETWORKS["autoencoder"], 23, 15),
    "decoder": (NETWORKS["decoder"], 56, 30),
    "vit": (vit, 140, 80),
    "bert": (bert, 156, 87),
}
APPLICATIONS = {
    "ConvNeXtTiny": 671,
    "EfficientNetB0": 303,
    "EfficientNetV2B0": 334,
    "EfficientNetV2S": 624,
    "MobileNet": 33,
    "MobileNetV2": 65,
    "MobileNetV3Large": 123,
    "MobileNetV3Small": 110,
}
"""Of images of 32 by 32 pixels."""


def _count(model):
    return sum(len(graph.nodes) for graph in read(api.convert(model)).subgraphs)


def _alone(layer, shape, dtype="float32", batch=None):
    x = keras.Input(shape, batch, dtype)
    return keras.Model(x, layer(x))


@pytest.mark.parametrize("name", LAYERS)
def test_layers(name):
    row = LAYERS[name]
    assert _count(_alone(row.make(), row.shape, row.dtype)) == row.ours
    assert row.ours <= row.tensorflow


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_activations(name):
    model = _alone(layers.Activation(name), (8, 16))
    assert _count(model) == ACTIVATIONS[name]


@pytest.mark.parametrize("name", RECURRENT)
def test_recurrent_layers(name):
    make, tensorflow, ours = RECURRENT[name]
    assert _count(_alone(make(), (6, 4), batch=1)) == ours
    assert ours < tensorflow


@pytest.mark.parametrize("name", MODELS)
def test_models(name):
    make, tensorflow, ours = MODELS[name]
    assert _count(make()) == ours
    assert ours <= tensorflow


@pytest.mark.slow
@pytest.mark.parametrize("name", APPLICATIONS)
def test_applications(name):
    make = getattr(keras.applications, name)
    shape = (32, 32, 3)
    model = zoo.build(lambda: make(weights=None, input_shape=shape, classes=10))
    assert _count(model) <= APPLICATIONS[name]
