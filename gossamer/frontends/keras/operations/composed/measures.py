"""Sums, means and distances of `keras.ops` by other operations."""

from __future__ import annotations

from typing import Any

import numpy as np

from gossamer.frontends.keras.composition import composed
from gossamer.frontends.keras.framework import keras
from gossamer.frontends.keras.trace import as_list
from gossamer.frontends.parts.patches import windows
from gossamer.frontends.report import Unsupported

_LARGEST = float(np.finfo(np.float32).max)


@composed("Moments")
def _moments(x: Any, *, axes: Any, keepdims: bool = False) -> Any:
    """Mean and variance."""
    ops = keras().ops
    mean = ops.mean(x, axis=axes, keepdims=True)
    variance = ops.mean(ops.square(x - mean), axis=axes, keepdims=keepdims)
    shown = mean if keepdims else ops.mean(x, axis=axes)
    return shown, variance


@composed("Logsumexp")
def _logsumexp(x: Any, *, axis: Any = None, keepdims: bool = False) -> Any:
    """log(sum(exp(x))), by exponentials of what x is below its largest."""
    ops = keras().ops
    largest = ops.clip(ops.max(x, axis=axis, keepdims=True), -_LARGEST, _LARGEST)
    total = ops.sum(ops.exp(x - largest), axis=axis, keepdims=True)
    y = ops.log(total) + largest
    return y if keepdims else ops.squeeze(y, _all_axes(x, axis))


def _all_axes(x: Any, axis: Any) -> Any:
    if axis is None:
        return tuple(range(len(x.shape)))
    return tuple(as_list(axis))


@composed("CDist")
def _distances(x: Any, y: Any) -> Any:
    """The distance of each row of one from each row of the other."""
    ops = keras().ops
    apart = ops.expand_dims(x, -2) - ops.expand_dims(y, -3)
    return ops.sqrt(ops.sum(ops.square(apart), axis=-1))


@composed("ExtractSequences")
def _extract_sequences(x: Any, *, sequence_length: int, sequence_stride: int) -> Any:
    """Windows of the last axis, by one GATHER."""
    size = x.shape[-1]
    if size is None:
        raise Unsupported(
            "the size of the last axis is not known", "Fix that size in keras.Input."
        )
    places = windows(int(size), sequence_length, sequence_stride, 1)
    return keras().ops.take(x, places.astype(np.int32), axis=-1)


@composed("ViewAsReal")
def _view_as_real(x: Any) -> Any:
    """Real and imaginary part, in a new last axis."""
    ops = keras().ops
    return ops.stack([ops.real(x), ops.imag(x)], axis=-1)


# The inverse error function is x * p(w), with w = -log(1 - x²): polynomials of M.
# Giles, "Approximating the erfinv function", for w below 5 and above.
_CENTRE = (
    2.81022636e-08,
    3.43273939e-07,
    -3.5233877e-06,
    -4.39150654e-06,
    0.00021858087,
    -0.00125372503,
    -0.00417768164,
    0.246640727,
    1.50140941,
)
_TAIL = (
    -0.000200214257,
    0.000100950558,
    0.00134934322,
    -0.00367342844,
    0.00573950773,
    -0.0076224613,
    0.00943887047,
    1.00167406,
    2.83297682,
)


@composed("Erfinv")
def _inverse_error_function(x: Any) -> Any:
    ops = keras().ops
    w = -ops.log((1.0 - x) * (1.0 + x))
    centre = _polynomial(_CENTRE, w - 2.5)
    tail = _polynomial(_TAIL, ops.sqrt(ops.maximum(w, 5.0)) - 3.0)
    y = ops.where(w < 5.0, centre, tail) * x
    return ops.where(ops.abs(x) >= 1.0, x / (1.0 - ops.abs(x)), y)


def _polynomial(factors: tuple[float, ...], x: Any) -> Any:
    total = factors[0] * x
    for factor in factors[1:-1]:
        total = (total + factor) * x
    return total + factors[-1]
