"""Joining, splitting and turning."""

from __future__ import annotations

from typing import Any

import numpy as np

from gossamer.frontends.keras.composition import composed
from gossamer.frontends.keras.framework import keras
from gossamer.frontends.keras.operations.composed.pieces import (
    fixed,
    flat,
    part,
    rank,
    sizes,
)


@composed("Append")
def _append(x1: Any, x2: Any, *, axis: int | None = None) -> Any:
    ops = keras().ops
    if axis is None:
        return ops.concatenate([flat(x1), flat(x2)], axis=0)
    return ops.concatenate([x1, x2], axis=axis)


@composed("Hstack")
def _hstack(xs: Any) -> Any:
    return keras().ops.concatenate(xs, axis=min(rank(xs[0]) - 1, 1))


@composed("Vstack")
def _vstack(xs: Any) -> Any:
    ops = keras().ops
    rows = [ops.reshape(x, (1, -1)) if rank(x) < 2 else x for x in xs]
    return ops.concatenate(rows, axis=0)


@composed("Dstack")
def _dstack(xs: Any) -> Any:
    ops = keras().ops
    deep = [
        ops.reshape(x, (1, -1, 1)) if rank(x) < 2 else ops.expand_dims(x, -1)
        for x in xs
        if rank(x) < 3
    ]
    return ops.concatenate(deep or xs, axis=2)


@composed("Hsplit")
def _hsplit(x: Any, *, indices_or_sections: Any) -> Any:
    return keras().ops.split(x, indices_or_sections, axis=min(rank(x) - 1, 1))


@composed("Vsplit")
def _vsplit(x: Any, *, indices_or_sections: Any) -> Any:
    return keras().ops.split(x, indices_or_sections, axis=0)


@composed("Dsplit")
def _dsplit(x: Any, *, indices_or_sections: Any) -> Any:
    return keras().ops.split(x, indices_or_sections, axis=2)


@composed("ArraySplit")
def _array_split(x: Any, *, indices_or_sections: Any, axis: int = 0) -> Any:
    """Parts of which the first are longer by one where the size does not divide."""
    if not isinstance(indices_or_sections, int):
        return keras().ops.split(x, indices_or_sections, axis=axis)
    places = np.array_split(np.arange(fixed(x, axis)), indices_or_sections)
    ends = np.cumsum([len(each) for each in places])
    return keras().ops.split(x, [int(end) for end in ends[:-1]], axis=axis)


@composed("Fliplr")
def _fliplr(x: Any) -> Any:
    return keras().ops.flip(x, axis=1)


@composed("Flipud")
def _flipud(x: Any) -> Any:
    return keras().ops.flip(x, axis=0)


@composed("Rot90")
def _rot90(array: Any, *, k: int = 1, axes: Any = (0, 1)) -> Any:
    """Quarter turns: a flip and an exchange of axes."""
    ops = keras().ops
    first, second = axes
    turns = k % 4
    if turns == 0:
        return array
    if turns == 2:
        return ops.flip(ops.flip(array, axis=first), axis=second)
    if turns == 1:
        return ops.swapaxes(ops.flip(array, axis=second), first, second)
    return ops.flip(ops.swapaxes(array, first, second), axis=second)


@composed("UnravelIndex")
def _unravel_index(indices: Any, *, shape: Any) -> Any:
    """The coordinates of places in a flat array."""
    ops = keras().ops
    rest = indices
    found: list[Any] = []
    for size in reversed([int(size) for size in shape][1:]):
        found.append(ops.mod(rest, size))
        rest = ops.floor_divide(rest, size)
    return [rest, *reversed(found)]


@composed("Diagonal")
def _diagonal(x: Any, *, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Any:
    """Every (columns + 1)-th element of the two axes made one."""
    ops = keras().ops
    y = ops.moveaxis(x, (axis1, axis2), (-2, -1))
    rows, columns = fixed(y, -2), fixed(y, -1)
    count = max(min(rows + min(offset, 0), columns - max(offset, 0)), 0)
    first = offset if offset >= 0 else -offset * columns
    joined = ops.reshape(y, (*sizes(y)[:-2], rows * columns))
    end = min(first + count * (columns + 1), rows * columns)
    return part(
        joined, -1, slice(first, max(end, first) if count else first, columns + 1)
    )


@composed("Trace")
def _trace(x: Any, *, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Any:
    ops = keras().ops
    return ops.sum(ops.diagonal(x, offset=offset, axis1=axis1, axis2=axis2), axis=-1)


@composed("Diag")
def _diag(x: Any, *, k: int = 0) -> Any:
    if rank(x) == 1:
        return keras().ops.diagflat(x, k=k)
    return keras().ops.diagonal(x, offset=k)
