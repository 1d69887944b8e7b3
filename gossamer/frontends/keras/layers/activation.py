"""Rules of the activation layers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gossamer.frontends.keras.activate import activate
from gossamer.frontends.keras.registry import ENTER, RuleResult, layer
from gossamer.frontends.keras.trace import flatten
from gossamer.frontends.parts import activations
from gossamer.ops.relu import PRelu

if TYPE_CHECKING:
    from gossamer.frontends.keras.call import Call


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
    axes = flatten(call.operation.axis)
    if len(axes) > 1 or len(call.inputs) > 1:
        return ENTER
    return activations.softmax(call, call.real(call.x), int(axes[0]))
