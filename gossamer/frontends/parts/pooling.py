"""Pooling by operators, over one to three axes, channels last."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from gossamer.frontends.emitter import dims
from gossamer.frontends.parts.convolution import lowered, raised
from gossamer.frontends.parts.shaping import reshape
from gossamer.frontends.report import Unsupported
from gossamer.ops.pool import AveragePool2D, MaxPool2D

if TYPE_CHECKING:
    from gossamer.frontends.emitter import Emitter
    from gossamer.ir.graph import Tensor
    from gossamer.ir.types import Shape

AVERAGE = AveragePool2D()
LARGEST = MaxPool2D()


def pool(
    emitter: Emitter,
    kind: AveragePool2D | MaxPool2D,
    x: Tensor,
    size: Shape,
    strides: Shape,
    padding: str,
) -> Tensor:
    """A window that slides over the spatial axes; one size and stride for each.

    An average counts the cells of the window that are inside of the input.

    Raises:
        Unsupported: there are more than three axes, or a volume's sizes are free.
    """
    rank = len(size)
    if rank not in (1, 2, 3):
        raise Unsupported(
            f"pooling over {rank} axes has no operator",
            "Use pooling over one, two or three axes.",
        )
    if rank == 3:
        return _over_volume(emitter, kind, x, size, strides, padding)
    if rank == 2:
        return _over_plane(emitter, kind, x, size, strides, padding)
    window, step = (1, *size), (1, *strides)
    flat = raised(emitter, x)
    return lowered(emitter, _over_plane(emitter, kind, flat, window, step, padding))


def _over_plane(
    emitter: Emitter,
    kind: AveragePool2D | MaxPool2D,
    x: Tensor,
    size: Shape,
    strides: Shape,
    padding: str,
) -> Tensor:
    op = replace(
        kind,
        padding=padding,
        stride_h=strides[0],
        stride_w=strides[1],
        filter_height=size[0],
        filter_width=size[1],
    )
    return emitter.emit(op, x)


def _over_volume(
    emitter: Emitter,
    kind: AveragePool2D | MaxPool2D,
    x: Tensor,
    size: Shape,
    strides: Shape,
    padding: str,
) -> Tensor:
    """Slice by slice over height and width, then over depth.

    An average of averages is the average: how many cells of a window are inside is
    the product of how many are along each axis.
    """
    batch, depth, height, width, channels = dims(x)
    if -1 in (depth, height, width, channels):
        raise Unsupported(
            f"it pools a volume whose sizes are not known: {dims(x)}",
            "Fix all sizes but the batch in keras.Input.",
        )
    count = -1 if batch < 0 else batch * depth
    slices = reshape(emitter, x, (count, height, width, channels))
    flat = _over_plane(emitter, kind, slices, size[1:], strides[1:], padding)
    _, high, wide, _ = dims(flat)
    columns = reshape(emitter, flat, (batch, depth, high * wide, channels))
    down, step = (size[0], 1), (strides[0], 1)
    y = _over_plane(emitter, kind, columns, down, step, padding)
    return reshape(emitter, y, (batch, dims(y)[1], high, wide, channels))
