"""Pooling by operators, over one or two axes."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from gossamer.frontends.parts.convolution import lowered, raised
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
    """A window that slides over the spatial axes; one size and stride for each."""
    rank = len(size)
    if rank not in (1, 2):
        raise Unsupported(
            f"pooling over {rank} axes has no operator here",
            "Use pooling over one or two axes.",
        )
    height, width = (1, *size)[-2:]
    down, right = (1, *strides)[-2:]
    op = replace(
        kind,
        padding=padding,
        stride_h=down,
        stride_w=right,
        filter_height=height,
        filter_width=width,
    )
    if rank == 2:
        return emitter.emit(op, x)
    return lowered(emitter, emitter.emit(op, raised(emitter, x)))
