"""Activation functions by operators."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gossamer.frontends.emitter import axis_of
from gossamer.ops.arithmetic import Add, Div, Mul, Sub
from gossamer.ops.compare import Greater
from gossamer.ops.hard_swish import HardSwish
from gossamer.ops.log_softmax import LogSoftmax
from gossamer.ops.maximum import Minimum
from gossamer.ops.relu import LeakyRelu, Relu, Relu6, ReluN1To1
from gossamer.ops.select import SelectV2
from gossamer.ops.sigmoid import Elu, Gelu, Logistic, Tanh
from gossamer.ops.softmax import Softmax
from gossamer.ops.transpose import Transpose
from gossamer.ops.unary import Abs, Exp, Log, Neg

if TYPE_CHECKING:
    from collections.abc import Callable

    from gossamer.frontends.emitter import Emitter
    from gossamer.ir.graph import Tensor
    from gossamer.ir.op import Op

_SELU_ALPHA = 1.6732632423543772
_SELU_SCALE = 1.0507009873554805


def relu(
    emitter: Emitter,
    x: Tensor,
    *,
    negative_slope: float = 0.0,
    max_value: float | None = None,
    threshold: float = 0.0,
) -> Tensor:
    """min(max_value, x if x > threshold else negative_slope * (x - threshold))."""
    slope, limit = float(negative_slope), float(threshold)
    if limit != 0:
        y = _thresholded(emitter, x, slope, limit)
    elif slope != 0:
        y = emitter.emit(LeakyRelu(slope), x)
    elif max_value == 6:
        return emitter.emit(Relu6(), x)
    else:
        y = emitter.emit(Relu(), x)
    if max_value is None:
        return y
    return emitter.emit(Minimum(), y, emitter.scalar("max_value", max_value))


def _thresholded(emitter: Emitter, x: Tensor, slope: float, threshold: float) -> Tensor:
    limit = emitter.scalar("threshold", threshold)
    is_above = emitter.emit(Greater(), x, limit)
    below = emitter.scalar("zero", 0.0)
    if slope != 0:
        scaled = emitter.emit(Mul(), x, emitter.scalar("negative_slope", slope))
        below = emitter.emit(
            Add(), scaled, emitter.scalar("offset", -slope * threshold)
        )
    return emitter.emit(SelectV2(), is_above, x, below)


def softmax(emitter: Emitter, x: Tensor, axis: int = -1) -> Tensor:
    """exp(x) / sum(exp(x)) along one axis, brought to the end where it is not there."""
    return _along_last(emitter, Softmax(1.0), x, axis)


def log_softmax(emitter: Emitter, x: Tensor, axis: int = -1) -> Tensor:
    return _along_last(emitter, LogSoftmax(), x, axis)


def _along_last(emitter: Emitter, op: Op, x: Tensor, axis: int) -> Tensor:
    rank = x.type.rank
    front = axis_of(axis, rank)
    if front == rank - 1:
        return emitter.emit(op, x)
    swapped = list(range(rank))
    swapped[front], swapped[-1] = swapped[-1], swapped[front]
    axes = emitter.indices("axes", swapped)
    moved = emitter.emit(Transpose(), x, axes)
    return emitter.emit(Transpose(), emitter.emit(op, moved), axes)


def elu(emitter: Emitter, x: Tensor, alpha: float = 1.0) -> Tensor:
    """Linear where x > 0, else alpha * (exp(x) - 1)."""
    if alpha == 1:
        return emitter.emit(Elu(), x)
    negative = emitter.emit(Minimum(), x, emitter.scalar("zero", 0.0))
    scaled = emitter.emit(
        Mul(), emitter.emit(Elu(), negative), emitter.scalar("alpha", alpha)
    )
    return emitter.emit(Add(), emitter.emit(Relu(), x), scaled)


def selu(emitter: Emitter, x: Tensor) -> Tensor:
    shaped = elu(emitter, x, _SELU_ALPHA)
    return emitter.emit(Mul(), shaped, emitter.scalar("scale", _SELU_SCALE))


def silu(emitter: Emitter, x: Tensor) -> Tensor:
    """As x * sigmoid(x)."""
    return emitter.emit(Mul(), x, emitter.emit(Logistic(), x))


def hard_sigmoid(emitter: Emitter, x: Tensor) -> Tensor:
    """relu6(x + 3) / 6."""
    shifted = emitter.emit(Add(), x, emitter.scalar("three", 3.0))
    clipped = emitter.emit(Relu6(), shifted)
    return emitter.emit(Mul(), clipped, emitter.scalar("sixth", 1 / 6))


def softplus(emitter: Emitter, x: Tensor) -> Tensor:
    """log(1 + exp(x)) as relu(x) - log(sigmoid(|x|)), which cannot overflow."""
    share = emitter.emit(Logistic(), emitter.emit(Abs(), x))
    log = emitter.emit(Log(), share)
    return emitter.emit(Sub(), emitter.emit(Relu(), x), log)


def log_sigmoid(emitter: Emitter, x: Tensor) -> Tensor:
    """log(1 / (1 + exp(-x))) = -softplus(-x)."""
    opposite = emitter.emit(Neg(), x)
    return emitter.emit(Neg(), softplus(emitter, opposite))


def mish(emitter: Emitter, x: Tensor) -> Tensor:
    """As x * tanh(softplus(x))."""
    return emitter.emit(Mul(), x, emitter.emit(Tanh(), softplus(emitter, x)))


def softsign(emitter: Emitter, x: Tensor) -> Tensor:
    """As x / (1 + |x|)."""
    divisor = emitter.emit(Add(), emitter.emit(Abs(), x), emitter.scalar("one", 1.0))
    return emitter.emit(Div(), x, divisor)


def leaky_relu(emitter: Emitter, x: Tensor, negative_slope: float = 0.2) -> Tensor:
    return emitter.emit(LeakyRelu(float(negative_slope)), x)


def gelu(emitter: Emitter, x: Tensor, *, approximate: bool = False) -> Tensor:
    return emitter.emit(Gelu(approximate), x)


def single(op: Op) -> Callable[[Emitter, Tensor], Tensor]:
    """The activation that is one operator."""

    def activation(emitter: Emitter, x: Tensor) -> Tensor:
        return emitter.emit(op, x)

    return activation


def _linear(_emitter: Emitter, x: Tensor) -> Tensor:
    return x


BY_NAME: dict[str, Callable[[Emitter, Tensor], Tensor]] = {
    "elu": elu,
    "exponential": single(Exp()),
    "gelu": gelu,
    "hard_sigmoid": hard_sigmoid,
    "hard_silu": single(HardSwish()),
    "hard_tanh": single(ReluN1To1()),
    "leaky_relu": leaky_relu,
    "linear": _linear,
    "log_sigmoid": log_sigmoid,
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
