"""Networks for sequences, of plain layers and `keras.ops`."""

from __future__ import annotations

import os
from typing import Any

os.environ.setdefault("KERAS_BACKEND", "jax")

import keras

layers: Any = keras.layers
ops: Any = keras.ops
Layer: Any = keras.layers.Layer
Model: Any = keras.Model

EPSILON = 1e-3


class Normalization(Layer):
    """Layer normalization over the last axis."""

    def build(self, shape: Any) -> None:
        self.gamma = self.add_weight(
            shape=(shape[-1],), initializer="ones", name="gamma"
        )
        self.beta = self.add_weight(
            shape=(shape[-1],), initializer="zeros", name="beta"
        )

    def call(self, x: Any) -> Any:
        """Mean 0 and variance 1, then scaled and moved by weights."""
        mean = ops.mean(x, axis=-1, keepdims=True)
        distance = x - mean
        variance = ops.mean(distance * distance, axis=-1, keepdims=True)
        scaled = distance * ops.rsqrt(variance + EPSILON)
        return scaled * self.gamma + self.beta


def _heads(x: Any, frames: int, heads: int, size: int) -> Any:
    """A projection of x, as float32 [batch, heads, frames, size]."""
    projected = layers.Dense(heads * size)(x)
    return layers.Permute((2, 1, 3))(layers.Reshape((frames, heads, size))(projected))


def _attention(x: Any, frames: int, heads: int, size: int) -> Any:
    """Self-attention."""
    query, key, value = (_heads(x, frames, heads, size) for _ in range(3))
    scores = ops.matmul(query * size**-0.5, ops.transpose(key, (0, 1, 3, 2)))
    mixed = ops.matmul(layers.Softmax()(scores), value)
    joined = layers.Reshape((frames, heads * size))(layers.Permute((2, 1, 3))(mixed))
    return layers.Dense(heads * size)(joined)


def transformer(
    blocks: int = 4, frames: int = 128, heads: int = 4, size: int = 64
) -> Any:
    """An encoder: self-attention and a feed-forward part in each block."""
    width = heads * size
    x = start = layers.Input((frames, width))
    for _ in range(blocks):
        x = Normalization()(x + _attention(x, frames, heads, size))
        inner = layers.Dense(4 * width, activation="gelu")(x)
        x = Normalization()(x + layers.Dense(width)(inner))
    return Model(start, x)


class Recurrence(Layer):
    """An LSTM layer, every step of it written out; gives the last state."""

    def __init__(self, units: int) -> None:
        Layer.__init__(self)
        self.units = units

    def build(self, shape: Any) -> None:
        gates = 4 * self.units
        make = self.add_weight
        self.kernel = make(shape=(shape[-1], gates), initializer="he_normal", name="w")
        self.recurrent = make(
            shape=(self.units, gates), initializer="he_normal", name="u"
        )
        self.bias = make(shape=(gates,), initializer="zeros", name="bias")

    def call(self, x: Any) -> Any:
        """float32 [batch, frames, features] to [batch, units]."""
        state = memory = None
        for step in range(x.shape[1]):
            gates = ops.matmul(x[:, step], self.kernel) + self.bias
            if state is not None:
                gates = gates + ops.matmul(state, self.recurrent)
            first, forget, new, out = ops.split(gates, 4, axis=-1)
            kept = ops.sigmoid(first) * ops.tanh(new)
            memory = kept if memory is None else ops.sigmoid(forget) * memory + kept
            state = ops.sigmoid(out) * ops.tanh(memory)
        return state


def lstm(frames: int = 50, features: int = 32, units: int = 128) -> Any:
    """One recurrent layer over a sequence, and a dense one."""
    start = layers.Input((frames, features))
    return Model(start, layers.Dense(10)(Recurrence(units)(start)))
