"""Small networks of every make, and digits' stand-ins to train them on."""

from __future__ import annotations

import keras
import numpy as np

layers = keras.layers


def sequential():
    return keras.Sequential(
        [
            layers.Input((8, 8, 1)),
            layers.Conv2D(4, 3, activation="relu"),
            layers.BatchNormalization(),
            layers.DepthwiseConv2D(3),
            layers.Flatten(),
            layers.Dense(10),
        ]
    )


def functional():
    """With a model inside, and layers that hold layers."""
    start = layers.Input((8, 8, 1))
    inner = keras.Sequential(
        [layers.Input((8, 8, 8)), layers.Conv2D(4, 1, activation="relu")], name="inner"
    )
    x = inner(layers.Conv2D(8, 3, padding="same")(start))
    x = layers.Reshape((8, 32))(x)
    x = layers.Bidirectional(layers.LSTM(4, return_sequences=True))(x)
    x = layers.LayerNormalization()(layers.MultiHeadAttention(2, 4)(x, x))
    return keras.Model(start, layers.Dense(10)(layers.GlobalAveragePooling1D()(x)))


class Own(keras.Model):
    """A model that is a class, with layers in a list."""

    def __init__(self, **options):
        super().__init__(**options)
        self.first = layers.Conv2D(4, 3)
        self.flatten = layers.Flatten()
        self.rest = [layers.Dense(6, activation="relu"), layers.Dense(10)]

    def call(self, inputs):
        x = self.flatten(self.first(inputs))
        for layer in self.rest:
            x = layer(x)
        return x


def own():
    model = Own()
    model(np.zeros((1, 8, 8, 1), np.float32))
    return model


NETS = {"sequential": sequential, "functional": functional, "own": own}


def data(count=64):
    """Inputs and labels."""
    random = np.random.default_rng(0)
    x = random.normal(size=(count, 8, 8, 1)).astype(np.float32)
    return x, (np.arange(count) % 10).astype(np.int32)


def compiled(model):
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(1e-3), loss)
    return model


def outputs(model, x):
    return keras.ops.convert_to_numpy(model(x))
