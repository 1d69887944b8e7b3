"""Layers that have no operators, with what to do instead."""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

from gossamer.frontends.keras.registry import layer
from gossamer.frontends.report import Unsupported

if TYPE_CHECKING:
    from gossamer.frontends.keras.call import Call


@layer("IntegerLookup", "StringLookup", "TextVectorization")
def _lookup(call: Call) -> NoReturn:
    kind = type(call.operation).__name__
    raise Unsupported(
        f"{kind} looks its input up in a vocabulary by a table of TensorFlow's",
        "Apply the layer before the model, and begin the model with the numbers that "
        "it gives: keras.Input(shape, dtype='int32').",
    )


@layer("Hashing", "HashedCrossing")
def _hash(call: Call) -> NoReturn:
    kind = type(call.operation).__name__
    raise Unsupported(
        f"{kind} takes a hash of text, for which there is no operator",
        "Apply the layer before the model, and begin the model with the numbers that "
        "it gives: keras.Input(shape, dtype='int32').",
    )


@layer("ContrastLimitedAdaptiveHistogramEqualization", "MaxNumBoundingBoxes")
def _data(call: Call) -> NoReturn:
    kind = type(call.operation).__name__
    raise Unsupported(
        f"{kind} prepares data by histograms or lists of boxes",
        "Apply the layer before the model.",
    )
