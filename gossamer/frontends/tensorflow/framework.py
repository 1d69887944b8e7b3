"""TensorFlow as this folder sees it: an extra, imported on first use."""

from __future__ import annotations

import importlib
import os
from typing import TYPE_CHECKING, Any

import numpy as np

from gossamer.errors import ConversionError
from gossamer.ir.types import DType

if TYPE_CHECKING:
    from gossamer.ir.types import Array, Shape

_HALF_AND_DOUBLE = frozenset({"float16", "bfloat16", "float64"})


def tensorflow() -> Any:
    """The module `tensorflow`.

    Raises:
        ConversionError: it is not installed.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    try:
        return importlib.import_module("tensorflow")
    except ImportError as error:
        raise ConversionError(
            f"TensorFlow cannot be imported ({error}). SavedModels, concrete functions "
            "and GraphDef files hold TensorFlow's own operations, so that reading them "
            "needs it: pip install 'gossamer[tensorflow]'. A Keras model needs no "
            "TensorFlow: TFLiteConverter.from_keras_model(model), or a .keras file."
        ) from error


def dtype_of(kind: Any) -> DType:
    """The element type in which a value of TensorFlow's type is computed.

    Raises:
        TypeError: a tensor in a file cannot have this type.
    """
    title = str(kind.name)
    if title in _HALF_AND_DOUBLE:
        return DType.FLOAT32
    for dtype in DType:
        if dtype.title == title:
            return dtype
    raise TypeError(f"no tensor type stands for TensorFlow's '{title}'")


def as_array(value: Any) -> Array:
    """A value as an array, floats in float32, text as objects."""
    array = np.asarray(value)
    if str(array.dtype) in _HALF_AND_DOUBLE:
        return array.astype(np.float32)
    return array


def shape_of(tensor: Any) -> Shape | None:
    """The static shape with -1 for free sizes; None where the rank is not known."""
    if tensor.shape.rank is None:
        return None
    return tuple(-1 if dim is None else int(dim) for dim in tensor.shape.as_list())
