"""What of `keras.ops` weights are changed with, for arrays outside of any graph.

JAX compiles each function anew for each shape that it meets. While a network is traced
that is paid once; for the weights of a trained one, which are of many shapes and are
computed once, NumPy has them at once: to the last bit, where a back end may differ.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from gossamer.training.framework import keras
from gossamer.training.state import array_of


class Arrays:
    """Functions of `keras.ops` by their names, on arrays and on variables' values."""

    absolute = staticmethod(np.absolute)
    arange = staticmethod(np.arange)
    clip = staticmethod(np.clip)
    floor = staticmethod(np.floor)
    reshape = staticmethod(np.reshape)
    searchsorted = staticmethod(np.searchsorted)
    sort = staticmethod(np.sort)
    take = staticmethod(np.take)
    where = staticmethod(np.where)
    zeros = staticmethod(np.zeros)

    @staticmethod
    def convert_to_tensor(x: Any) -> Any:
        """The value of a variable; an array as it is."""
        return x if _is_array(x) else array_of(x)

    @classmethod
    def cast(cls, x: Any, dtype: Any) -> Any:
        """The numbers in another type."""
        return cls.convert_to_tensor(x).astype(dtype)

    @staticmethod
    def stop_gradient(x: Any) -> Any:
        """The same: arrays have no gradients."""
        return x

    @staticmethod
    def min(x: Any, axis: Any) -> Any:
        """The least numbers along axes."""
        return np.min(x, axis=axis)

    @staticmethod
    def max(x: Any, axis: Any) -> Any:
        """The greatest numbers along axes."""
        return np.max(x, axis=axis)

    @staticmethod
    def minimum(x: Any, y: Any) -> Any:
        """The lesser of two numbers each, in the type of the first."""
        return np.asarray(np.minimum(x, y), x.dtype)

    @staticmethod
    def maximum(x: Any, y: Any) -> Any:
        """The greater of two numbers each, in the type of the first."""
        return np.asarray(np.maximum(x, y), x.dtype)


def ops_for(x: Any) -> Any:
    """What computes with a value: `keras.ops`, or the same for arrays."""
    return Arrays if _is_array(x) else keras.ops


def _is_array(x: Any) -> bool:
    return isinstance(x, np.ndarray | np.generic)
