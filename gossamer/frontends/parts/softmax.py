"""Softmax and its logarithm over several axes at once."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from gossamer.frontends.emitter import axis_of, dims
from gossamer.frontends.parts.activations import log_softmax, softmax
from gossamer.frontends.parts.shaping import reshape
from gossamer.ops.arithmetic import Div, Sub
from gossamer.ops.reduce import ReduceMax, Sum
from gossamer.ops.unary import Exp, Log

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from gossamer.frontends.emitter import Emitter
    from gossamer.ir.graph import Tensor


def softmax_over(emitter: Emitter, x: Tensor, axes: Sequence[int]) -> Tensor:
    """exp(x) / sum(exp(x)) over `axes`.

    The last axes, of known sizes, are made one for SOFTMAX; any others take
    REDUCE_MAX, SUB, EXP, SUM and DIV.
    """
    found = _as_one_axis(emitter, softmax, x, axes)
    if found is not None:
        return found
    where = emitter.indices("axes", axes)
    powers = emitter.emit(Exp(), _below_largest(emitter, x, where))
    total = emitter.emit(Sum(keep_dims=True), powers, where)
    return emitter.emit(Div(), powers, total)


def log_softmax_over(emitter: Emitter, x: Tensor, axes: Sequence[int]) -> Tensor:
    """The logarithm of `softmax_over`, by LOG_SOFTMAX where that has SOFTMAX."""
    found = _as_one_axis(emitter, log_softmax, x, axes)
    if found is not None:
        return found
    where = emitter.indices("axes", axes)
    shifted = _below_largest(emitter, x, where)
    total = emitter.emit(Sum(keep_dims=True), emitter.emit(Exp(), shifted), where)
    return emitter.emit(Sub(), shifted, emitter.emit(Log(), total))


def _as_one_axis(
    emitter: Emitter,
    function: Callable[[Emitter, Tensor, int], Tensor],
    x: Tensor,
    axes: Sequence[int],
) -> Tensor | None:
    """`function` over one axis, or over the last ones made one; None for others."""
    shape = dims(x)
    rank = len(shape)
    fronts = sorted(axis_of(axis, rank) for axis in axes)
    if len(fronts) == 1:
        return function(emitter, x, fronts[0])
    first = fronts[0]
    if fronts != list(range(first, rank)) or shape.count(-1) > 1:
        return None
    size = -1 if -1 in shape[first:] else math.prod(shape[first:])
    flat = reshape(emitter, x, (*shape[:first], size))
    return reshape(emitter, function(emitter, flat, -1), shape)


def _below_largest(emitter: Emitter, x: Tensor, axes: Tensor) -> Tensor:
    largest = emitter.emit(ReduceMax(keep_dims=True), x, axes)
    return emitter.emit(Sub(), x, largest)
