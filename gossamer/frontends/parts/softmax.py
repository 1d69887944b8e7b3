"""Softmax over several axes at once."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from gossamer.frontends.emitter import axis_of, dims
from gossamer.frontends.parts.activations import softmax
from gossamer.frontends.parts.shaping import reshape
from gossamer.ops.arithmetic import Div, Sub
from gossamer.ops.reduce import ReduceMax, Sum
from gossamer.ops.unary import Exp

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gossamer.frontends.emitter import Emitter
    from gossamer.ir.graph import Tensor


def softmax_over(emitter: Emitter, x: Tensor, axes: Sequence[int]) -> Tensor:
    """exp(x) / sum(exp(x)) over `axes`.

    The last axes, of known sizes, are made one for SOFTMAX; any others take
    REDUCE_MAX, SUB, EXP, SUM and DIV.
    """
    shape = dims(x)
    rank = len(shape)
    fronts = sorted(axis_of(axis, rank) for axis in axes)
    if len(fronts) == 1:
        return softmax(emitter, x, fronts[0])
    first = fronts[0]
    if fronts == list(range(first, rank)) and shape.count(-1) <= 1:
        size = -1 if -1 in shape[first:] else math.prod(shape[first:])
        flat = reshape(emitter, x, (*shape[:first], size))
        return reshape(emitter, softmax(emitter, flat), shape)
    where = emitter.indices("axes", fronts)
    largest = emitter.emit(ReduceMax(keep_dims=True), x, where)
    powers = emitter.emit(Exp(), emitter.emit(Sub(), x, largest))
    total = emitter.emit(Sum(keep_dims=True), powers, where)
    return emitter.emit(Div(), powers, total)
