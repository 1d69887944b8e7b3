"""Keras as this folder sees it: imported on first use, and never at module level."""

from __future__ import annotations

import importlib.util
import os
import sys
from typing import TYPE_CHECKING, Any

import numpy as np

from gossamer.errors import ConversionError
from gossamer.ir.types import DType

if TYPE_CHECKING:
    from gossamer.ir.types import Array

_HALF_AND_DOUBLE = frozenset({"float16", "bfloat16", "float32", "float64"})


def keras() -> Any:
    """The module `keras`.

    Where nothing names a backend, and Keras's default (TensorFlow) is not installed,
    the variable KERAS_BACKEND is set to one that is: any of them traces alike.

    Raises:
        ConversionError: Keras 3 is not installed, or its backend is not.
    """
    if "keras" not in sys.modules:
        _choose_backend()
    try:
        module: Any = importlib.import_module("keras")
    except ImportError as error:
        raise ConversionError(
            f"Keras cannot be imported ({error}). Reading a Keras model needs Keras 3 "
            "and one backend: pip install 'gossamer[keras]'. Where another backend "
            "than JAX is installed, name it in the variable KERAS_BACKEND."
        ) from error
    version = str(module.__version__)
    if int(version.partition(".")[0]) < 3:
        raise ConversionError(
            f"Keras {version} is installed, and Gossamer reads models through Keras 3. "
            "Install it with: pip install 'keras>=3.5'. Files that Keras 2 wrote "
            "(.h5) load in Keras 3."
        )
    return module


def _choose_backend() -> None:
    if "KERAS_BACKEND" in os.environ or importlib.util.find_spec("tensorflow"):
        return
    for backend in ("jax", "torch"):
        if importlib.util.find_spec(backend):
            os.environ["KERAS_BACKEND"] = backend
            return


def dtype_of(name: Any) -> DType:
    """The element type in which a Keras value of type `name` is computed.

    Every float is computed in float32, whatever the mixed-precision policy stores.

    Raises:
        TypeError: a tensor in a file cannot have this type.
    """
    title = str(name)
    if title in _HALF_AND_DOUBLE:
        return DType.FLOAT32
    for dtype in DType:
        if dtype.title == title:
            return dtype
    raise TypeError(f"no tensor type stands for Keras's dtype '{title}'")


def to_numpy(value: Any) -> Array:
    """A Keras variable, backend tensor, array or number as an array, floats in f32."""
    if isinstance(value, (bool, int, float, list, tuple, np.ndarray, np.generic)):
        array: Array = np.asarray(value)
    elif isinstance(value, keras().Variable):
        return to_numpy(value.value)
    else:
        array = np.asarray(keras().ops.convert_to_numpy(value))
    if str(array.dtype) in _HALF_AND_DOUBLE:
        return array.astype(np.float32)
    return array
