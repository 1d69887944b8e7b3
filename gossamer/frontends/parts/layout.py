"""Channels in front of the spatial axes, and behind them as operators have them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gossamer.frontends.parts.shaping import transpose

if TYPE_CHECKING:
    from gossamer.frontends.emitter import Emitter
    from gossamer.ir.graph import Tensor

FIRST = "channels_first"


def channels_last(emitter: Emitter, x: Tensor, data_format: str | None) -> Tensor:
    """(batch, *sizes, channels), of a tensor in `data_format`."""
    rank = x.type.rank
    if data_format != FIRST or rank < 3:
        return x
    return transpose(emitter, x, (0, *range(2, rank), 1))


def restored(emitter: Emitter, y: Tensor, data_format: str | None) -> Tensor:
    """(batch, *sizes, channels) in `data_format`."""
    rank = y.type.rank
    if data_format != FIRST or rank < 3:
        return y
    return transpose(emitter, y, (0, rank - 1, *range(1, rank - 1)))


def spatial_axes(rank: int, data_format: str | None) -> range:
    """Which axes are neither batch nor channels."""
    return range(2, rank) if data_format == FIRST else range(1, rank - 1)
