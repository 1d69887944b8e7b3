"""Activation functions by operators, for layers and `keras.ops` alike."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from gossamer.frontends.keras.call import axis_of
from gossamer.ops.arithmetic import Add, Div, Mul
from gossamer.ops.compare import Greater
from gossamer.ops.hard_swish import HardSwish
from gossamer.ops.log_softmax import LogSoftmax
from gossamer.ops.maximum import Minimum
from gossamer.ops.relu import LeakyRelu, Relu, Relu6
from gossamer.ops.select import SelectV2
from gossamer.ops.sigmoid import Elu, Gelu, Logistic, Tanh
from gossamer.ops.softmax import Softmax
from gossamer.ops.transpose import Transpose
from gossamer.ops.unary import Abs, Exp, Log, Neg

if TYPE_CHECKING:
    from collections.abc import Callable

    from gossamer.frontends.keras.call import Call
    from gossamer.ir.graph import Tensor
    from gossamer.ir.op import Op

_SELU_ALPHA = 1.6732632423543772
_SELU_SCALE = 1.0507009873554805


def scalar(call: Call, name: str, value: float) -> Tensor:
    """A float32 constant without dimensions."""
    return call.constant(name, np.float32(value))


def relu(
    call: Call,
    x: Tensor,
    *,
    negative_slope: float = 0.0,
    max_value: float | None = None,
    threshold: float = 0.0,
) -> Tensor:
    """min(max_value, x if x > threshold else negative_slope * (x - threshold))."""
    slope, limit = float(negative_slope), float(threshold)
    if limit != 0:
        y = _thresholded(call, x, slope, limit)
    elif slope != 0:
        y = call.emit(LeakyRelu(slope), x)
    elif max_value == 6:
        return call.emit(Relu6(), x)
    else:
        y = call.emit(Relu(), x)
    if max_value is None:
        return y
    return call.emit(Minimum(), y, scalar(call, "max_value", max_value))


def _thresholded(call: Call, x: Tensor, slope: float, threshold: float) -> Tensor:
    limit = scalar(call, "threshold", threshold)
    is_above = call.emit(Greater(), x, limit)
    below = scalar(call, "zero", 0.0)
    if slope != 0:
        scaled = call.emit(Mul(), x, scalar(call, "negative_slope", slope))
        below = call.emit(Add(), scaled, scalar(call, "offset", -slope * threshold))
    return call.emit(SelectV2(), is_above, x, below)


def softmax(call: Call, x: Tensor, axis: int = -1) -> Tensor:
    """exp(x) / sum(exp(x)) along one axis, brought to the end where it is not there."""
    return _along_last(call, Softmax(1.0), x, axis)


def log_softmax(call: Call, x: Tensor, axis: int = -1) -> Tensor:
    return _along_last(call, LogSoftmax(), x, axis)


def _along_last(call: Call, op: Op, x: Tensor, axis: int) -> Tensor:
    rank = x.type.rank
    front = axis_of(axis, rank)
    if front == rank - 1:
        return call.emit(op, x)
    swapped = list(range(rank))
    swapped[front], swapped[-1] = swapped[-1], swapped[front]
    axes = call.indices("axes", swapped)
    moved = call.emit(Transpose(), x, axes)
    return call.emit(Transpose(), call.emit(op, moved), axes)


def elu(call: Call, x: Tensor, alpha: float = 1.0) -> Tensor:
    """Linear where x > 0, else alpha * (exp(x) - 1)."""
    if alpha == 1:
        return call.emit(Elu(), x)
    negative = call.emit(Minimum(), x, scalar(call, "zero", 0.0))
    scaled = call.emit(Mul(), call.emit(Elu(), negative), scalar(call, "alpha", alpha))
    return call.emit(Add(), call.emit(Relu(), x), scaled)


def selu(call: Call, x: Tensor) -> Tensor:
    shaped = elu(call, x, _SELU_ALPHA)
    return call.emit(Mul(), shaped, scalar(call, "scale", _SELU_SCALE))


def silu(call: Call, x: Tensor) -> Tensor:
    """As x * sigmoid(x)."""
    return call.emit(Mul(), x, call.emit(Logistic(), x))


def hard_sigmoid(call: Call, x: Tensor) -> Tensor:
    """relu6(x + 3) / 6."""
    shifted = call.emit(Add(), x, scalar(call, "three", 3.0))
    clipped = call.emit(Relu6(), shifted)
    return call.emit(Mul(), clipped, scalar(call, "sixth", 1 / 6))


def softplus(call: Call, x: Tensor) -> Tensor:
    """log(1 + exp(x)) as relu(x) + log(1 + exp(-|x|)), which cannot overflow."""
    decaying = call.emit(Exp(), call.emit(Neg(), call.emit(Abs(), x)))
    log = call.emit(Log(), call.emit(Add(), decaying, scalar(call, "one", 1.0)))
    return call.emit(Add(), call.emit(Relu(), x), log)


def mish(call: Call, x: Tensor) -> Tensor:
    """As x * tanh(softplus(x))."""
    return call.emit(Mul(), x, call.emit(Tanh(), softplus(call, x)))


def softsign(call: Call, x: Tensor) -> Tensor:
    """As x / (1 + |x|)."""
    divisor = call.emit(Add(), call.emit(Abs(), x), scalar(call, "one", 1.0))
    return call.emit(Div(), x, divisor)


def leaky_relu(call: Call, x: Tensor, negative_slope: float = 0.2) -> Tensor:
    return call.emit(LeakyRelu(float(negative_slope)), x)


def gelu(call: Call, x: Tensor, *, approximate: bool = False) -> Tensor:
    return call.emit(Gelu(approximate), x)


def single(op: Op) -> Callable[[Call, Tensor], Tensor]:
    """The activation that is one operator."""

    def activation(call: Call, x: Tensor) -> Tensor:
        return call.emit(op, x)

    return activation


def _linear(_call: Call, x: Tensor) -> Tensor:
    return x


BY_NAME: dict[str, Callable[[Call, Tensor], Tensor]] = {
    "elu": elu,
    "exponential": single(Exp()),
    "gelu": gelu,
    "hard_sigmoid": hard_sigmoid,
    "hard_silu": single(HardSwish()),
    "leaky_relu": leaky_relu,
    "linear": _linear,
    "log_softmax": log_softmax,
    "mish": mish,
    "relu": relu,
    "relu6": single(Relu6()),
    "selu": selu,
    "sigmoid": single(Logistic()),
    "silu": silu,
    "softmax": softmax,
    "softplus": softplus,
    "softsign": softsign,
    "tanh": single(Tanh()),
}
"""The functions of `keras.activations`, with their default parameters."""


def activate(call: Call, function: Any, x: Tensor) -> Tensor:
    """A layer's `activation`: one of Keras's by name, any other by tracing it."""
    if function is None:
        return x
    name = str(getattr(function, "__name__", ""))
    module = str(getattr(function, "__module__", ""))
    if module.partition(".")[0] == "keras" and name in BY_NAME:
        return BY_NAME[name](call, x)
    return call.walk.function(call.path, function, x, str(call.outputs[0].dtype))
