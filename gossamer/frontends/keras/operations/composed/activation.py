"""Activation functions of `keras.ops` by others, and what divides like a softmax."""

from __future__ import annotations

from typing import Any

import numpy as np

from gossamer.frontends.keras.composition import composed
from gossamer.frontends.keras.framework import keras
from gossamer.frontends.report import Unsupported


@composed("SparseSigmoid")
def _sparse_sigmoid(x: Any) -> Any:
    """(x + 1) / 2 between 0 and 1."""
    return keras().ops.clip(x * 0.5 + 0.5, 0.0, 1.0)


@composed("SparsePlus")
def _sparse_plus(x: Any) -> Any:
    """Zero below -1, x above 1, and the parabola (x + 1)² / 4 that joins them."""
    ops = keras().ops
    bend = ops.square(ops.hard_tanh(x) + 1.0) * 0.25
    return bend + ops.relu(x - 1.0)


@composed("SoftShrink")
def _soft_shrink(x: Any, *, threshold: float = 0.5) -> Any:
    """Nearer to zero by `threshold`."""
    return x - keras().ops.clip(x, -threshold, threshold)


@composed("HardShrink")
def _hard_shrink(x: Any, *, threshold: float = 0.5) -> Any:
    """Zero within `threshold` of it."""
    ops = keras().ops
    return ops.where(ops.abs(x) > threshold, x, 0.0)


@composed("TanhShrink")
def _tanh_shrink(x: Any) -> Any:
    """As x - tanh(x)."""
    return x - keras().ops.tanh(x)


@composed("Threshold")
def _threshold(x: Any, *, threshold: float, default_value: float) -> Any:
    """As x above the threshold, else the default."""
    return keras().ops.where(x > threshold, x, default_value)


@composed("Squareplus")
def _squareplus(x: Any, *, b: float = 4) -> Any:
    """(x + sqrt(x² + b)) / 2."""
    ops = keras().ops
    return (x + ops.sqrt(ops.square(x) + float(b))) * 0.5


@composed("Celu")
def _celu(x: Any, *, alpha: float = 1.0) -> Any:
    """As x above zero, and alpha * (exp(x / alpha) - 1) below."""
    ops = keras().ops
    return ops.elu(x) if alpha == 1 else ops.elu(x * (1 / alpha)) * alpha


@composed("Glu")
def _glu(x: Any, *, axis: int = -1) -> Any:
    """One half of an axis times the sigmoid of the other."""
    ops = keras().ops
    values, gates = ops.split(x, 2, axis=axis)
    return values * ops.sigmoid(gates)


@composed("Sparsemax")
def _sparsemax(x: Any, *, axis: int = -1) -> Any:
    """max(x - t, 0) with Keras's t, which adds up running sums of the k greatest."""
    ops = keras().ops
    last = ops.moveaxis(x, axis, -1)
    count = last.shape[-1]
    if count is None:
        raise Unsupported(
            f"the size of axis {axis} is not known", "Fix that size in keras.Input."
        )
    falling, _ = ops.top_k(last, count)
    sums = ops.matmul(falling, np.triu(np.ones((count, count), np.float32)))
    places = np.arange(1, count + 1, dtype=np.float32)
    above = ops.cast(falling - (sums - 1.0) / places > 0, "float32")
    k = ops.sum(above, axis=-1, keepdims=True)
    limit = (ops.sum(sums * above, axis=-1, keepdims=True) - 1.0) / k
    return ops.moveaxis(ops.relu(last - limit), -1, axis)
