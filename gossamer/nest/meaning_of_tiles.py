"""What the operators on the matrix unit's registers compute, in NumPy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from gossamer.nest.target import Tiles

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import numpy.typing as npt

    Registers: TypeAlias = npt.NDArray[np.uint8]
    """(count, rows, row bytes)."""

_SHAPE = Tiles()


def registers() -> Registers:
    """All registers, filled with nonsense."""
    shape = (_SHAPE.count, _SHAPE.rows, _SHAPE.row_bytes)
    return np.full(shape, 0xA5, np.uint8)


def _zero(tiles: Registers, numbers: Any) -> None:
    tiles[numbers[0]] = 0


def _load(tiles: Registers, numbers: Any, pointer: Any, stride: Any) -> None:
    tile = tiles[numbers[0]]
    for row in range(_SHAPE.rows):
        tile[row] = _row(pointer, row * int(stride))


def _store(tiles: Registers, numbers: Any, pointer: Any, stride: Any) -> None:
    tile = tiles[numbers[0]]
    for row in range(_SHAPE.rows):
        _row(pointer, row * int(stride))[:] = tile[row]


def _row(pointer: Any, distance: int) -> Any:
    buffer, start = pointer
    first = start + distance
    last = first + _SHAPE.row_bytes
    if first < 0 or last > len(buffer):
        raise IndexError(
            f"bytes {first} to {last} of a buffer of {len(buffer)} are accessed"
        )
    return buffer[first:last]


def _dot(tiles: Registers, numbers: Any) -> None:
    total, left, right = (tiles[number] for number in numbers)
    words = right.view(np.int8).reshape(_SHAPE.rows, _SHAPE.columns, 4)
    columns = words.transpose(0, 2, 1).reshape(-1, _SHAPE.columns).astype(np.int32)
    total.view(np.int32)[:] += left.view(np.int8).astype(np.int32) @ columns


def _dot_floats(tiles: Registers, numbers: Any) -> None:
    """Sums of products that are exact, rounded once; the machine rounds each sum."""
    total, left, right = (tiles[number] for number in numbers)
    rows = _bfloats(left).reshape(_SHAPE.rows, -1)
    words = _bfloats(right).reshape(_SHAPE.rows, _SHAPE.columns, 2)
    columns = words.transpose(0, 2, 1).reshape(-1, _SHAPE.columns)
    total.view(np.float32)[:] += rows @ columns


def _bfloats(tile: Any) -> npt.NDArray[np.float64]:
    wide = tile.view(np.uint16).astype(np.uint32) << 16
    return wide.view(np.float32).astype(np.float64)


TILE_MEANINGS: Mapping[str, Callable[..., None]] = {
    "tile_dot": _dot,
    "tile_dot_floats": _dot_floats,
    "tile_load": _load,
    "tile_store": _store,
    "tile_zero": _zero,
}
"""By operator: from the registers, the numbers in the attribute, and the operands."""
