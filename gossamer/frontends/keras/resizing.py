"""Keras's parameters of resizing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from gossamer.frontends.emitter import dims
from gossamer.frontends.parts.layout import restored
from gossamer.frontends.parts.resizing import resize
from gossamer.frontends.parts.slicing import cut
from gossamer.frontends.report import Unsupported
from gossamer.ops.maximum import Maximum, Minimum
from gossamer.ops.pad import Pad, PadV2
from gossamer.ops.unary import Round

if TYPE_CHECKING:
    from gossamer.frontends.keras.call import Call
    from gossamer.ir.graph import Tensor


def resized(call: Call, x: Tensor, size: tuple[int, int]) -> Tensor:
    """(batch, height, width, channels) with the height and width of `size`.

    RESIZE_* of the image, of its middle, or of the image with borders, as the layer or
    operation states.
    """
    used = call.operation
    if used.crop_to_aspect_ratio:
        x = middle(call, x, shape_like(x, size, grows=False))
    elif used.pad_to_aspect_ratio:
        x = _bordered(call, x, shape_like(x, size, grows=True), used.fill_value)
    return resize(call, x, size, used.interpolation, antialias=bool(used.antialias))


def ended(call: Call, y: Tensor) -> Tensor:
    """In the layer's order of axes; whole numbers are rounded, and kept in range."""
    y = restored(call, y, call.operation.data_format)
    if call.dtype.is_float:
        return y
    limits = np.iinfo(call.dtype.numpy)
    low, high = (call.scalar("limit", float(x)) for x in (limits.min, limits.max))
    whole = call.emit(Round(), y)
    return call.cast(
        call.emit(Minimum(), call.emit(Maximum(), whole, low), high), call.dtype
    )


def known_size(x: Tensor) -> tuple[int, int]:
    """Height and width.

    Raises:
        Unsupported: one of them is free.
    """
    height, width = dims(x)[1:3]
    if min(height, width) < 0:
        raise Unsupported(
            f"the size of its images is not known: {dims(x)}",
            "Fix height and width in keras.Input.",
        )
    return height, width


def shape_like(x: Tensor, size: tuple[int, int], *, grows: bool) -> tuple[int, int]:
    """A size in the proportions of `size`, around the image or within it."""
    height, width = known_size(x)
    # Rounded as Keras does it.
    high = int(float(width * size[0]) / size[1])
    wide = int(float(height * size[1]) / size[0])
    if grows:
        return max(height, high), max(width, wide)
    return max(min(height, high), 1), max(min(width, wide), 1)


def middle(call: Call, x: Tensor, size: tuple[int, int]) -> Tensor:
    """The box of a size around the middle of the image."""
    known = known_size(x)
    starts = [int((known[0] - size[0]) / 2), int((known[1] - size[1]) / 2)]
    return box(call, x, starts, size)


def box(call: Call, x: Tensor, starts: list[int], size: tuple[int, int]) -> Tensor:
    """The part of the image that begins at `starts`."""
    bounds = zip(starts, size, known_size(x), strict=True)
    cuts = [
        slice(None) if length == whole else slice(start, start + length)
        for start, length, whole in bounds
    ]
    return cut(call, x, (slice(None), *cuts))


def _bordered(call: Call, x: Tensor, size: tuple[int, int], value: Any) -> Tensor:
    """Borders above and below, or else at the sides, each of one width."""
    height, width = known_size(x)
    above, beside = int((size[0] - height) / 2), int((size[1] - width) / 2)
    if not above and not beside:
        return x
    widths = (above, 0) if above else (0, beside)
    amounts = [(0, 0), *((border, border) for border in widths), (0, 0)]
    paddings = call.indices("paddings", amounts)
    if not value:
        return call.emit(Pad(), x, paddings)
    return call.emit(PadV2(), x, paddings, call.scalar("fill", float(value)))
