"""Rules of activation functions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gossamer.frontends.parts import activations
from gossamer.frontends.tensorflow.registry import operation

if TYPE_CHECKING:
    from gossamer.frontends.tensorflow.operation import Operation
    from gossamer.ir.graph import Tensor

_PLAIN = {
    "Elu": activations.BY_NAME["elu"],
    "Relu": activations.BY_NAME["relu"],
    "Relu6": activations.BY_NAME["relu6"],
    "Selu": activations.selu,
    "Sigmoid": activations.BY_NAME["sigmoid"],
    "Softplus": activations.softplus,
    "Softsign": activations.softsign,
    "Tanh": activations.BY_NAME["tanh"],
}


@operation(*_PLAIN)
def _plain(used: Operation) -> Tensor:
    return _PLAIN[used.kind](used, used.real(used.tensor()))


@operation("Softmax")
def _softmax(used: Operation) -> Tensor:
    return activations.softmax(used, used.real(used.tensor()))


@operation("LogSoftmax")
def _log_softmax(used: Operation) -> Tensor:
    return activations.log_softmax(used, used.real(used.tensor()))


@operation("LeakyRelu")
def _leaky_relu(used: Operation) -> Tensor:
    slope = float(used.attribute("alpha"))
    return activations.leaky_relu(used, used.real(used.tensor()), slope)
