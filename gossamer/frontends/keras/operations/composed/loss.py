"""Losses and measures of `keras.ops` by other operations."""

from __future__ import annotations

import math
from typing import Any

from gossamer.frontends.keras.composition import composed
from gossamer.frontends.keras.framework import keras


@composed("BinaryCrossentropy")
def _binary_crossentropy(target: Any, output: Any, *, from_logits: bool = False) -> Any:
    """-(target * log(p) + (1 - target) * log(1 - p))."""
    ops = keras().ops
    target, output = ops.cast(target, "float32"), ops.cast(output, "float32")
    if from_logits:
        return ops.softplus(output) - target * output
    p = _bounded(output)
    return -(target * ops.log(p) + (1.0 - target) * ops.log(1.0 - p))


@composed("CategoricalCrossentropy")
def _categorical_crossentropy(
    target: Any, output: Any, *, from_logits: bool = False, axis: int = -1
) -> Any:
    """-sum(target * log(p))."""
    logarithm = _logarithm(output, axis, from_logits=from_logits)
    return -keras().ops.sum(target * logarithm, axis=axis)


@composed("SparseCategoricalCrossentropy")
def _sparse_categorical_crossentropy(
    target: Any, output: Any, *, from_logits: bool = False, axis: int = -1
) -> Any:
    """-log(p) of the class that the target names."""
    ops = keras().ops
    if len(target.shape) == len(output.shape) and target.shape[-1] == 1:
        target = ops.squeeze(target, axis=-1)
    logarithm = _logarithm(output, axis, from_logits=from_logits)
    classes = ops.cast(target, "int32")
    chosen = ops.one_hot(classes, output.shape[axis], axis=axis, dtype="float32")
    return -ops.sum(chosen * logarithm, axis=axis)


def _logarithm(output: Any, axis: int, *, from_logits: bool) -> Any:
    ops = keras().ops
    if from_logits:
        return ops.log_softmax(output, axis=axis)
    share = output / ops.sum(output, axis=axis, keepdims=True)
    return ops.log(_bounded(share))


def _bounded(p: Any) -> Any:
    epsilon = keras().config.epsilon()
    return keras().ops.clip(p, epsilon, 1.0 - epsilon)


@composed("PSNR")
def _peak_signal_to_noise(x1: Any, x2: Any, *, max_val: float) -> Any:
    """20 * log10(max_val) - 10 * log10(mean((x1 - x2)²))."""
    ops = keras().ops
    error = ops.mean(ops.square(x1 - x2))
    most = 20 * math.log10(float(max_val))
    return most - ops.log(error) * (10 / math.log(10))


@composed("InTopK")
def _in_top_k(targets: Any, predictions: Any, *, k: int) -> Any:
    """Whether fewer than k predictions are above that of the target."""
    ops = keras().ops
    hot = ops.one_hot(targets, predictions.shape[-1], dtype="bool")
    own = ops.sum(ops.where(hot, predictions, 0.0), axis=-1, keepdims=True)
    above = ops.sum(ops.cast(predictions > own, "int32"), axis=-1)
    return above < k
