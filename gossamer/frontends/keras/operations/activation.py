"""Rules of the activation functions of `keras.ops`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gossamer.frontends.keras.registry import RuleResult, operation
from gossamer.frontends.keras.trace import flatten
from gossamer.frontends.parts import activations
from gossamer.frontends.parts.softmax import log_softmax_over, softmax_over

if TYPE_CHECKING:
    from gossamer.frontends.keras.call import Call

_PLAIN = {
    "HardSigmoid": activations.hard_sigmoid,
    "HardSilu": activations.BY_NAME["hard_silu"],
    "HardTanh": activations.BY_NAME["hard_tanh"],
    "LogSigmoid": activations.log_sigmoid,
    "Relu": activations.relu,
    "Relu6": activations.BY_NAME["relu6"],
    "Selu": activations.selu,
    "Sigmoid": activations.BY_NAME["sigmoid"],
    "Silu": activations.silu,
    "Softplus": activations.softplus,
    "Softsign": activations.softsign,
    "Tanh": activations.BY_NAME["tanh"],
}


@operation(*_PLAIN)
def _plain(call: Call) -> RuleResult:
    return _PLAIN[type(call.operation).__name__](call, call.real(call.x))


@operation("ReLU")
def _relu(call: Call) -> RuleResult:
    used = call.operation
    return activations.relu(
        call,
        call.real(call.x),
        negative_slope=used.negative_slope,
        max_value=used.max_value,
        threshold=used.threshold,
    )


@operation("LeakyRelu")
def _leaky_relu(call: Call) -> RuleResult:
    slope = call.operation.negative_slope
    return activations.leaky_relu(call, call.real(call.x), slope)


@operation("Elu")
def _elu(call: Call) -> RuleResult:
    return activations.elu(call, call.real(call.x), float(call.operation.alpha))


@operation("Gelu")
def _gelu(call: Call) -> RuleResult:
    approximate = bool(call.operation.approximate)
    return activations.gelu(call, call.real(call.x), approximate=approximate)


@operation("Softmax")
def _softmax(call: Call) -> RuleResult:
    return softmax_over(call, call.real(call.x), _axes(call))


@operation("LogSoftmax")
def _log_softmax(call: Call) -> RuleResult:
    return log_softmax_over(call, call.real(call.x), _axes(call))


def _axes(call: Call) -> list[int]:
    axis = call.operation.axis
    if axis is None:
        return list(range(call.x.type.rank))
    return [int(one) for one in flatten(axis)]
