"""What the depthwise kernel of dot products works on: groups, tiles, packed filters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from gossamer.kernels.arithmetic.packing import packed_order

if TYPE_CHECKING:
    import numpy.typing as npt

    from gossamer.kernels.windows.depthwise import Window

QUAD = 4
"""Taps of one dot product."""
BLOCK = 16
"""Bytes of a block: the least group of channels."""


@dataclass(frozen=True, slots=True)
class Group:
    """Channels `first` to `first + size`; `valid` of them exist."""

    first: int
    size: int
    valid: int


def channel_groups(channels: int, widest: int) -> list[Group]:
    """Groups of channels as wide as a vector of bytes, and one for all that are left.

    Each width is code of its own, so that a last group is rather filled up than cut.
    """
    groups: list[Group] = []
    first = 0
    while first < channels:
        rest = channels - first
        size = widest
        while size > BLOCK and size // 2 >= rest:
            size //= 2
        groups.append(Group(first, size, min(size, rest)))
        first += size
    return groups


def padded_channels(channels: int, widest: int) -> int:
    """Channels with the last group filled up."""
    last = channel_groups(channels, widest)[-1]
    return last.first + last.size


def tile_shape(window: Window) -> tuple[int, int]:
    """Output rows and columns of a tile; two rows share their input where they can."""
    shares = (
        window.stride[0] == 1
        and window.dilation[0] == 1
        and window.filter[0] < QUAD
        and window.out_height % 2 == 0
    )
    rows = 2 if shares else 1
    return rows, min(4 // rows, window.out_width)


def quad_units(window: Window) -> int:
    return window.images * (window.out_height // tile_shape(window)[0])


def row_groups(window: Window) -> int:
    """Groups of up to four filter rows."""
    return -(-window.filter[0] // QUAD)


def pack_quads(
    weights: npt.NDArray[np.int8], window: Window, widest: int
) -> npt.NDArray[np.int8]:
    """Filters (rows, columns, channels) in kernel order.

    Per group of channels: [tile row][row group][column][lane][4 taps].
    """
    tile_rows, _ = tile_shape(window)
    count = padded_channels(window.channels, widest)
    filter_rows, columns = window.filter
    taps = row_groups(window) * QUAD
    filled = np.zeros((tile_rows, taps, columns, count), np.int8)
    for row in range(tile_rows):
        filled[row, row : row + filter_rows, :, : window.channels] = weights
    parts: list[npt.NDArray[np.int8]] = []
    for group in channel_groups(window.channels, widest):
        part = filled[..., group.first : group.first + group.size]
        part = part[..., packed_order(group.size)]
        part = part.reshape(tile_rows, -1, QUAD, columns, group.size)
        parts.append(part.transpose(0, 1, 3, 4, 2).ravel())
    return np.concatenate(parts)


def order_channels(values: npt.NDArray[np.int32], widest: int) -> npt.NDArray[np.int32]:
    """One value per channel, filled up and in `packed_order` group by group."""
    filled = np.zeros(padded_channels(len(values), widest), values.dtype)
    filled[: len(values)] = values
    return np.concatenate(
        [
            filled[group.first : group.first + group.size][packed_order(group.size)]
            for group in channel_groups(len(values), widest)
        ]
    )
