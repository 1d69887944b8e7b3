"""Keras's parameters of pooling."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gossamer.frontends.parts import pooling
from gossamer.frontends.parts.convolution import spread
from gossamer.frontends.parts.layout import channels_last, restored

if TYPE_CHECKING:
    from collections.abc import Callable

    from gossamer.frontends.emitter import Emitter
    from gossamer.frontends.keras.call import Call
    from gossamer.ir.graph import Tensor
    from gossamer.ir.types import Shape
    from gossamer.ops.pool import AveragePool2D, MaxPool2D


def pool(call: Call, kind: AveragePool2D | MaxPool2D) -> Tensor:
    """The pooling that a layer or operation states."""
    used = call.operation
    x = channels_last(call, call.real(call.x), used.data_format)
    rank = x.type.rank - 2
    size = spread(used.pool_size, rank)
    strides = size if used.strides is None else spread(used.strides, rank)
    y = pooling.pool(call, kind, x, size, strides, used.padding)
    return restored(call, y, used.data_format)


def adaptive(
    call: Call, function: Callable[[Emitter, Tensor, Shape], Tensor]
) -> Tensor:
    """The pooling to a stated size that a layer or operation states."""
    used = call.operation
    x = channels_last(call, call.real(call.x), used.data_format)
    counts = spread(used.output_size, x.type.rank - 2)
    return restored(call, function(call, x, counts), used.data_format)
