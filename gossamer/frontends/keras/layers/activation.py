"""Rules of the activation layers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gossamer.frontends.keras.activate import activate
from gossamer.frontends.keras.registry import RuleResult, layer
from gossamer.frontends.keras.trace import flatten
from gossamer.frontends.keras.truth import as_truth
from gossamer.frontends.parts import activations
from gossamer.frontends.parts.softmax import softmax_over
from gossamer.ir.graph import Tensor
from gossamer.ops.relu import PRelu
from gossamer.ops.select import SelectV2

if TYPE_CHECKING:
    from gossamer.frontends.keras.call import Call

MASKED = -1e9
"""What Keras puts in the place of a masked number before a softmax."""


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


@layer("Softmax", masks=True)
def _softmax(call: Call) -> RuleResult:
    x = call.real(call.x)
    axes = [int(axis) for axis in flatten(call.operation.axis)]
    mask = as_truth(call, call.arguments.get("mask"))
    if mask is None:
        return softmax_over(call, x, axes)
    kept = mask if isinstance(mask, Tensor) else call.constant("mask", mask)
    shown = call.emit(SelectV2(), kept, x, call.scalar("masked", MASKED))
    y = softmax_over(call, shown, axes)
    return call.emit(SelectV2(), kept, y, call.scalar("zero", 0.0))
