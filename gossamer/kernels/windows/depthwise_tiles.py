"""How a depthwise convolution is cut into tiles, and the weights of one of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from gossamer.kernels.windows.depthwise import Window
    from gossamer.nest.expr import Value

_NARROW = 14
"""Output columns that two tiles cover."""
_KEPT_TAPS = 9
"""Weights that stay in registers; of larger filters those of a row or two do."""


def tile_shape(window: Window, registers: int) -> tuple[int, int]:
    """Output rows and columns of a tile.

    Two rows share the weights and the input between them. Narrow images are cut into
    one or two tiles: those with columns beside the image are the larger part of them.
    """
    strides = window.stride[0] > 1 or window.stride[1] > 1
    rows = 2 if window.out_height % 2 == 0 else 1
    if registers >= 32:
        most = 7 if window.out_width <= _NARROW and (rows == 1 or not strides) else 4
    else:
        rows = 1 if strides else rows
        most = 4 if rows == 1 and window.stride[1] == 1 else 2
    tiles = -(-window.out_width // most)
    return rows, -(-window.out_width // tiles)


def _cut(start: int, stop: int, size: int) -> list[range]:
    return [range(at, min(at + size, stop)) for at in range(start, stop, size)]


def column_tiles(window: Window, size: int) -> tuple[list[range], range, list[range]]:
    """Columns in tiles: from the left border, in a loop, and up to the right border.

    Of those in the loop only the first columns are given; all their taps are inside.
    """
    first, last = window.inner_columns()
    start = min(-(-first // size) * size, window.out_width)
    stop = max(start + (last - start) // size * size, start)
    return (
        _cut(0, start, size),
        range(start, stop, size),
        _cut(stop, window.out_width, size),
    )


@dataclass(slots=True)
class Weights:
    """The weights of a channel group, read when they are first asked for.

    Unless they are `kept` they are read again for each row of the input.
    """

    read: Callable[[int], Value]
    kept: bool
    known: dict[int, Value] = field(default_factory=dict[int, "Value"])

    @staticmethod
    def of(window: Window, read: Callable[[int], Value]) -> Weights:
        return Weights(read, window.filter[0] * window.filter[1] <= _KEPT_TAPS)

    def next_row(self) -> None:
        if not self.kept:
            self.known.clear()

    def at(self, tap: int) -> Value:
        if tap not in self.known:
            self.known[tap] = self.read(tap)
        return self.known[tap]
