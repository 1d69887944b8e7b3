"""Rules of the convolution layers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gossamer.frontends.keras.activate import activate
from gossamer.frontends.keras.quantized import require_plain_weights
from gossamer.frontends.keras.registry import RuleResult, layer
from gossamer.frontends.parts.convolution import (
    convolve,
    depthwise,
    require_channels_last,
    window,
)

if TYPE_CHECKING:
    from gossamer.frontends.keras.call import Call
    from gossamer.frontends.parts.convolution import Window


@layer("Conv1D", "Conv2D", "Conv3D")
def _convolution(call: Call) -> RuleResult:
    used = call.operation
    moves = _window(call)
    bias = used.bias if used.use_bias else None
    y = convolve(call, call.real(call.x), used.kernel, bias, moves)
    return activate(call, used.activation, y)


@layer("DepthwiseConv1D", "DepthwiseConv2D")
def _depthwise(call: Call) -> RuleResult:
    used = call.operation
    bias = used.bias if used.use_bias else None
    moves = _window(call)
    y = depthwise(call, call.real(call.x), used.kernel, bias, moves)
    return activate(call, used.activation, y)


@layer("SeparableConv1D", "SeparableConv2D")
def _separable(call: Call) -> RuleResult:
    used = call.operation
    bias = used.bias if used.use_bias else None
    first = _window(call)
    second = window(len(first.strides), 1, "valid", 1)
    inner = call.under("depthwise")
    x = depthwise(inner, call.real(call.x), used.depthwise_kernel, None, first)
    y = convolve(call.under("pointwise"), x, used.pointwise_kernel, bias, second)
    return activate(call, used.activation, y)


def _window(call: Call) -> Window:
    used = call.operation
    require_channels_last(used.data_format)
    require_plain_weights(used)
    return window(used.rank, used.strides, used.padding, used.dilation_rate)
