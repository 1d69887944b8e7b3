"""What compositions are made of, beside the functions of `keras.ops`."""

from __future__ import annotations

from typing import Any

from gossamer.frontends.keras.framework import keras
from gossamer.frontends.keras.trace import flatten
from gossamer.frontends.report import Unsupported


def fixed(x: Any, axis: int) -> int:
    """The size along an axis.

    Raises:
        Unsupported: it is not known.
    """
    size = x.shape[axis]
    if size is None:
        raise Unsupported(
            f"the size of axis {axis} of {tuple(x.shape)} is not known",
            "Fix that size in keras.Input.",
        )
    return int(size)


def sizes(x: Any) -> list[int]:
    """The shape, with -1 for a size that is not known."""
    return [-1 if size is None else int(size) for size in x.shape]


def rank(x: Any) -> int:
    return len(x.shape)


def is_float(x: Any) -> bool:
    """Whether the elements are real numbers."""
    return bool(keras().backend.is_float_dtype(x.dtype))


def part(x: Any, axis: int, which: slice | int) -> Any:
    """`x` with an index or a slice along one axis."""
    return x[(slice(None),) * (axis % rank(x)) + (which,)]


def flat(x: Any) -> Any:
    return keras().ops.reshape(x, (-1,))


def in_type(dtype: str, *values: Any) -> list[Any]:
    """Tensors, arrays and numbers in one element type."""
    return [keras().ops.cast(value, dtype) for value in values]


def all_axes(axis: Any, x: Any) -> list[int]:
    """The axes that `axis` names, counted from the front; all of them for None."""
    if axis is None:
        return list(range(rank(x)))
    return sorted(int(one) % rank(x) for one in flatten(axis))
