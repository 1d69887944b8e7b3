"""Rules of the convolutions, poolings and normalizations of `keras.ops`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from gossamer.frontends.emitter import axis_of
from gossamer.frontends.keras.framework import to_numpy
from gossamer.frontends.keras.pooling import pool
from gossamer.frontends.keras.registry import RuleResult, operation
from gossamer.frontends.parts.arithmetic import affine
from gossamer.frontends.parts.convolution import (
    convolve,
    depthwise,
    require_channels_last,
    window,
)
from gossamer.frontends.parts.pooling import AVERAGE, LARGEST
from gossamer.frontends.report import Unsupported
from gossamer.ir.graph import Tensor

if TYPE_CHECKING:
    from gossamer.frontends.keras.call import Call
    from gossamer.frontends.parts.convolution import Window


@operation("Conv")
def _conv(call: Call) -> RuleResult:
    kernel = _constant(call, "kernel")
    return convolve(call, call.real(call.x), kernel, None, _window(call, kernel))


@operation("DepthwiseConv")
def _depthwise_conv(call: Call) -> RuleResult:
    kernel = _constant(call, "kernel")
    return depthwise(call, call.real(call.x), kernel, None, _window(call, kernel))


@operation("SeparableConv")
def _separable_conv(call: Call) -> RuleResult:
    first = _constant(call, "depthwise_kernel")
    second = _constant(call, "pointwise_kernel")
    moves = _window(call, first)
    x = depthwise(call.under("depthwise"), call.real(call.x), first, None, moves)
    still = window(len(moves.strides), 1, "valid", 1)
    return convolve(call.under("pointwise"), x, second, None, still)


def _window(call: Call, kernel: Any) -> Window:
    used = call.operation
    require_channels_last(used.data_format)
    rank = len(kernel.shape) - 2
    return window(rank, used.strides, used.padding, used.dilation_rate)


@operation("MaxPool")
def _max_pool(call: Call) -> RuleResult:
    return pool(call, LARGEST)


@operation("AveragePool")
def _average_pool(call: Call) -> RuleResult:
    return pool(call, AVERAGE)


@operation("BatchNorm")
def _batch_normalization(call: Call) -> RuleResult:
    used = call.operation
    names = ("mean", "variance", "offset", "scale")
    given = {name: call.arguments.get(name) for name in names}
    mean, variance, offset, scale = (
        None if value is None else to_numpy(_known(name, value))
        for name, value in given.items()
    )
    assert mean is not None
    assert variance is not None
    factor = 1 / np.sqrt(variance.astype(np.float64) + used.epsilon)
    if scale is not None:
        factor = factor * scale
    shift = -mean * factor
    if offset is not None:
        shift = shift + offset
    x = call.real(call.x)
    axis = axis_of(int(used.axis), x.type.rank)
    shape = (-1,) + (1,) * (x.type.rank - 1 - axis)
    return affine(call, x, factor.reshape(shape), shift.reshape(shape))


def _constant(call: Call, name: str) -> Any:
    return _known(name, call.arguments[name])


def _known(name: str, value: Any) -> Any:
    """A weight, which must not be computed from the model's input."""
    if not isinstance(value, Tensor):
        return value
    raise Unsupported(
        f"its {name} is computed while the model runs (shape {value.shape})",
        f"Make the {name} a weight of a layer.",
    )
