"""Hyperbolic functions by exponentials."""

from __future__ import annotations

from typing import Any

from gossamer.frontends.keras.composition import composed
from gossamer.frontends.keras.framework import keras


@composed("Cosh")
def _cosh(x: Any) -> Any:
    """(exp(x) + exp(-x)) / 2."""
    ops = keras().ops
    return (ops.exp(x) + ops.exp(-x)) * 0.5
