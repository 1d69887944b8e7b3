"""Rules of the activation layers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gossamer.frontends.keras.activate import activate
from gossamer.frontends.keras.registry import RuleResult, layer
from gossamer.frontends.keras.trace import flatten
from gossamer.frontends.parts import activations
from gossamer.frontends.parts.softmax import softmax_over
from gossamer.ir.types import DType
from gossamer.ops.compare import Greater
from gossamer.ops.relu import PRelu
from gossamer.ops.select import SelectV2

if TYPE_CHECKING:
    from gossamer.frontends.keras.call import Call
    from gossamer.ir.graph import Tensor

_EXCLUDED = -1e9
"""What Keras puts in the place of a value that the mask excludes."""


@layer("Activation")
def _activation(call: Call) -> RuleResult:
    return activate(call, call.operation.activation, call.real(call.x))


@layer("ReLU")
def _relu(call: Call) -> RuleResult:
    used = call.operation
    return activations.relu(
        call,
        call.real(call.x),
        negative_slope=used.negative_slope,
        max_value=used.max_value,
        threshold=used.threshold,
    )


@layer("LeakyReLU")
def _leaky_relu(call: Call) -> RuleResult:
    return activations.leaky_relu(
        call, call.real(call.x), call.operation.negative_slope
    )


@layer("ELU")
def _elu(call: Call) -> RuleResult:
    return activations.elu(call, call.real(call.x), float(call.operation.alpha))


@layer("PReLU")
def _prelu(call: Call) -> RuleResult:
    alpha = call.weight("alpha", call.operation.alpha)
    return call.emit(PRelu(), call.real(call.x), alpha)


@layer("Softmax")
def _softmax(call: Call) -> RuleResult:
    x = call.real(call.x)
    axes = [int(axis) for axis in flatten(call.operation.axis)]
    mask = call.arguments.get("mask")
    if mask is None:
        return softmax_over(call, x, axes)
    kept = _truth(call)
    masked = call.emit(SelectV2(), kept, x, call.scalar("excluded", _EXCLUDED))
    y = softmax_over(call, masked, axes)
    return call.emit(SelectV2(), kept, y, call.scalar("zero", 0.0))


def _truth(call: Call) -> Tensor:
    """The mask as booleans: numbers above a half are true."""
    mask = call.argument("mask")
    if mask.dtype is DType.BOOL:
        return mask
    half = call.scalar("half", 0.5)
    return call.emit(Greater(), call.cast(mask, DType.FLOAT32), half)
