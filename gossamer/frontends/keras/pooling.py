"""Pooling by operators, over one or two axes."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from gossamer.frontends.keras.call import dims
from gossamer.frontends.keras.convolution import (
    lowered,
    raised,
    require_channels_last,
    spread,
)
from gossamer.frontends.keras.report import Unsupported
from gossamer.ops.pool import AveragePool2D, MaxPool2D

if TYPE_CHECKING:
    from gossamer.frontends.keras.call import Call
    from gossamer.ir.graph import Tensor

AVERAGE = AveragePool2D()
LARGEST = MaxPool2D()


def pool(call: Call, kind: AveragePool2D | MaxPool2D, x: Tensor, used: Any) -> Tensor:
    """A window that slides over the spatial axes; `used` has Keras's parameters."""
    require_channels_last(used.data_format)
    rank = len(dims(x)) - 2
    if rank not in (1, 2):
        raise Unsupported(
            f"pooling over {rank} axes has no operator here",
            "Use pooling over one or two axes.",
        )
    size = (1, *spread(used.pool_size, rank))[-2:]
    given = used.pool_size if used.strides is None else used.strides
    strides = (1, *spread(given, rank))[-2:]
    op = replace(
        kind,
        padding=used.padding,
        stride_h=strides[0],
        stride_w=strides[1],
        filter_height=size[0],
        filter_width=size[1],
    )
    if rank == 2:
        return call.emit(op, x)
    return lowered(call, call.emit(op, raised(call, x)))
