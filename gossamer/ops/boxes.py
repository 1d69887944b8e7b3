"""Boxes of elements to move, found from what an operator does to an index."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from gossamer.kernels.movement.move import Box, strides_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy.typing as npt

    from gossamer.ir.types import Array, Shape

EMPTY = Box((0,), 0, (1,), 0, (1,))
"""Nothing to move."""

Offsets = np.ndarray[tuple[int, ...], np.dtype[np.int64]]


def box_of_view(view: Array, phantom: Array) -> Box | None:
    """What a view of `phantom`, an array of one byte per element, shows.

    None where it is no view, so that strides do not tell its elements.
    """
    if not np.may_share_memory(view, phantom):
        return None
    start = view.ctypes.data - phantom.ctypes.data
    return Box(view.shape, start, view.strides, 0, strides_of(view.shape))


def box_of_picks(shape: Shape, picks: Mapping[int, Sequence[int] | Array]) -> Box:
    """The box that reads the given indices along some dimensions of `shape`."""
    strides = strides_of(shape)
    tables: list[Offsets | int] = []
    sizes: list[int] = []
    for axis, (size, stride) in enumerate(zip(shape, strides, strict=True)):
        if axis not in picks:
            sizes.append(size)
            tables.append(stride)
            continue
        offsets = np.asarray(picks[axis], np.int64).reshape(-1) * stride
        sizes.append(offsets.size)
        tables.append(offsets)
    return _box(tuple(sizes), 0, tables)


def box_of_indices(indices: Array) -> Box:
    """The box that reads the element `indices[i]` into place i of the output."""
    wide = indices.astype(np.int64)
    start = int(wide.reshape(-1)[0])
    parts = [wide[_line(wide.ndim, axis)] - start for axis in range(wide.ndim)]
    total: Offsets = np.full((1,) * wide.ndim, start, np.int64)
    for axis, part in enumerate(parts):
        shape = [1] * wide.ndim
        shape[axis] = part.size
        total = total + part.reshape(shape)
    if np.array_equal(total, wide):
        return _box(wide.shape, start, parts)
    row = _row_length(wide)
    rows = wide.reshape(-1, row)[:, 0]
    return _box((rows.size, row), 0, [rows, 1])


def _line(rank: int, axis: int) -> tuple[int | slice, ...]:
    """The elements along one axis, at the start of all others."""
    return (0,) * axis + (slice(None),) + (0,) * (rank - axis - 1)


def _row_length(indices: Offsets) -> int:
    """How many elements at the end of each row of the output adjoin in the input."""
    for axis in range(indices.ndim):
        length = math.prod(indices.shape[axis:])
        rows = indices.reshape(-1, length)
        if np.array_equal(rows, rows[:, :1] + np.arange(length)):
            return length
    return 1


def _box(
    sizes: Shape, start: int, tables: Sequence[npt.NDArray[np.int64] | int]
) -> Box:
    """A box whose regular tables are strides."""
    split: list[int] = []
    strides: list[int] = []
    irregular: list[npt.NDArray[np.int64] | None] = []
    for size, table in zip(sizes, tables, strict=True):
        if isinstance(table, int):
            parts: list[tuple[int, Offsets | int]] = [(size, table)]
        else:
            start += int(table[0])
            parts = _levels(table - table[0])
        for count, part in parts:
            split.append(count)
            strides.append(part if isinstance(part, int) else 0)
            irregular.append(None if isinstance(part, int) else part)
    whole = tuple(split)
    return Box(whole, start, tuple(strides), 0, strides_of(whole), tuple(irregular))


def _levels(offsets: Offsets) -> list[tuple[int, Offsets | int]]:
    """Offsets from 0 as loops in one another: sizes with a stride or a table."""
    count = offsets.size
    stride = int(offsets[1]) if count > 1 else 0
    line: Offsets = np.arange(count, dtype=np.int64) * stride
    (others,) = np.nonzero(offsets != line)
    if not others.size:
        return [(count, stride)]
    length = int(others[0])
    if length > 1 and count % length == 0:
        rows = offsets.reshape(-1, length)
        if np.array_equal(rows, rows[:, :1] + line[:length]):
            return [*_levels(rows[:, 0]), (length, stride)]
    return [(count, offsets)]
