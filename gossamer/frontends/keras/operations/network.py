"""Rules of the convolutions, poolings and normalizations of `keras.ops`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from gossamer.frontends.emitter import axis_of, dims
from gossamer.frontends.keras.framework import keras, to_numpy
from gossamer.frontends.keras.pooling import adaptive, pool
from gossamer.frontends.keras.registry import RuleResult, operation
from gossamer.frontends.parts.adaptive import adaptive_average, adaptive_max
from gossamer.frontends.parts.arithmetic import affine
from gossamer.frontends.parts.convolution import (
    convolve,
    depthwise,
    spread,
    window,
)
from gossamer.frontends.parts.layout import channels_last, restored
from gossamer.frontends.parts.pooling import AVERAGE, LARGEST
from gossamer.frontends.parts.transposed import convolve_transposed
from gossamer.frontends.report import Unsupported
from gossamer.ir.graph import Tensor
from gossamer.ir.types import DType

if TYPE_CHECKING:
    from gossamer.frontends.keras.call import Call
    from gossamer.frontends.parts.convolution import Window


@operation("Conv")
def _conv(call: Call) -> RuleResult:
    kernel = _kernel(call, "kernel")
    return _restored(
        call, convolve(call, _x(call), kernel, None, _window(call, kernel))
    )


@operation("DepthwiseConv")
def _depthwise_conv(call: Call) -> RuleResult:
    kernel = _kernel(call, "kernel")
    y = depthwise(call, _x(call), kernel, None, _window(call, kernel))
    return _restored(call, y)


@operation("SeparableConv")
def _separable_conv(call: Call) -> RuleResult:
    first = _kernel(call, "depthwise_kernel")
    second = _kernel(call, "pointwise_kernel")
    moves = _window(call, first)
    x = depthwise(call.under("depthwise"), _x(call), first, None, moves)
    still = window(len(moves.strides), 1, "valid", 1)
    return _restored(call, convolve(call.under("pointwise"), x, second, None, still))


@operation("ConvTranspose")
def _conv_transpose(call: Call) -> RuleResult:
    kernel = _constant(call, "kernel")
    moves = _window(call, kernel)
    more = call.operation.output_padding
    rank = len(moves.strides)
    extra = (None,) * rank if more is None else spread(more, rank)
    y = convolve_transposed(call, _x(call), kernel, None, moves, extra)
    return _restored(call, y)


def _x(call: Call) -> Tensor:
    return channels_last(call, call.real(call.x), call.operation.data_format)


def _restored(call: Call, y: Tensor) -> Tensor:
    return restored(call, y, call.operation.data_format)


def _window(call: Call, kernel: Any) -> Window:
    used = call.operation
    rank = len(kernel.shape) - 2
    return window(rank, used.strides, used.padding, used.dilation_rate)


@operation("MaxPool")
def _max_pool(call: Call) -> RuleResult:
    return pool(call, LARGEST)


@operation("AveragePool")
def _average_pool(call: Call) -> RuleResult:
    return pool(call, AVERAGE)


@operation("AdaptiveAveragePool")
def _adaptive_average_pool(call: Call) -> RuleResult:
    return adaptive(call, adaptive_average)


@operation("AdaptiveMaxPool")
def _adaptive_max_pool(call: Call) -> RuleResult:
    return adaptive(call, adaptive_max)


@operation("BatchNorm")
def _batch_normalization(call: Call) -> RuleResult:
    """MUL and ADD with constants, where all but `x` are known."""
    used = call.operation
    names = ("mean", "variance", "offset", "scale")
    given = [call.arguments.get(name) for name in names]
    x = call.real(call.argument("x"))
    axis = axis_of(int(used.axis), x.type.rank)
    shape = (-1,) + (1,) * (x.type.rank - 1 - axis)
    if any(isinstance(value, Tensor) for value in given):
        tensors = [
            None if value is None else call.argument(name, DType.FLOAT32)
            for name, value in zip(names, given, strict=True)
        ]
        return call.walk.traced(call, _normalized, [x, *tensors, shape, used.epsilon])
    mean, variance, offset, scale = (
        None if value is None else to_numpy(value) for value in given
    )
    assert mean is not None
    assert variance is not None
    factor = 1 / np.sqrt(variance.astype(np.float64) + used.epsilon)
    if scale is not None:
        factor = factor * scale
    shift = -mean * factor
    if offset is not None:
        shift = shift + offset
    return affine(call, x, factor.reshape(shape), shift.reshape(shape))


def _normalized(
    x: Any,
    mean: Any,
    variance: Any,
    offset: Any,
    scale: Any,
    shape: Any,
    epsilon: float,
) -> Any:
    """The same with statistics that are computed while the model runs."""
    ops = keras().ops
    factor = ops.rsqrt(variance + epsilon)
    if scale is not None:
        factor = factor * scale
    shift = -mean * factor
    if offset is not None:
        shift = shift + offset
    return x * ops.reshape(factor, shape) + ops.reshape(shift, shape)


def _kernel(call: Call, name: str) -> Any:
    """A weight, or what is computed while the model runs, of known sizes."""
    value = call.arguments[name]
    if not isinstance(value, Tensor):
        return value
    if -1 in dims(value):
        raise Unsupported(
            f"the size of its {name} is not known: {dims(value)}",
            f"Fix all sizes of the {name}.",
        )
    return call.real(value)


def _constant(call: Call, name: str) -> Any:
    """A weight, which must not be computed from the model's input."""
    value = call.arguments[name]
    if not isinstance(value, Tensor):
        return value
    raise Unsupported(
        f"its {name} is computed while the model runs (shape {value.shape})",
        f"Make the {name} a weight of a layer.",
    )
