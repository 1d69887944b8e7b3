"""Rules of the convolution layers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gossamer.frontends.keras.activate import activate
from gossamer.frontends.keras.quantized import require_plain_weights
from gossamer.frontends.keras.registry import RuleResult, layer
from gossamer.frontends.parts.convolution import convolve, depthwise, window
from gossamer.frontends.parts.layout import channels_last, restored
from gossamer.frontends.parts.transposed import convolve_transposed

if TYPE_CHECKING:
    from gossamer.frontends.keras.call import Call
    from gossamer.frontends.parts.convolution import Window
    from gossamer.ir.graph import Tensor


@layer("Conv1D", "Conv2D", "Conv3D")
def _convolution(call: Call) -> RuleResult:
    used = call.operation
    require_plain_weights(used)
    y = convolve(call, _input(call), used.kernel, _bias(call), _window(call))
    return _finished(call, y)


@layer("DepthwiseConv1D", "DepthwiseConv2D")
def _depthwise(call: Call) -> RuleResult:
    kernel = call.operation.kernel
    y = depthwise(call, _input(call), kernel, _bias(call), _window(call))
    return _finished(call, y)


@layer("SeparableConv1D", "SeparableConv2D")
def _separable(call: Call) -> RuleResult:
    used = call.operation
    first = _window(call)
    second = window(len(first.strides), 1, "valid", 1)
    inner = call.under("depthwise")
    x = depthwise(inner, _input(call), used.depthwise_kernel, None, first)
    outer = call.under("pointwise")
    y = convolve(outer, x, used.pointwise_kernel, _bias(call), second)
    return _finished(call, y)


@layer("Conv1DTranspose", "Conv2DTranspose", "Conv3DTranspose")
def _transposed(call: Call) -> RuleResult:
    used = call.operation
    more = used.output_padding or (None,) * used.rank
    bias, moves = _bias(call), _window(call)
    y = convolve_transposed(call, _input(call), used.kernel, bias, moves, more)
    return _finished(call, y)


def _window(call: Call) -> Window:
    used = call.operation
    return window(used.rank, used.strides, used.padding, used.dilation_rate)


def _bias(call: Call) -> object | None:
    used = call.operation
    return used.bias if used.use_bias else None


def _input(call: Call) -> Tensor:
    return channels_last(call, call.real(call.x), call.operation.data_format)


def _finished(call: Call, y: Tensor) -> Tensor:
    used = call.operation
    return activate(call, used.activation, restored(call, y, used.data_format))
