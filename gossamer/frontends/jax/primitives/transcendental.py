"""Rules of exponentials, logarithms, roots, angles and the error function."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gossamer.frontends.jax.registry import RuleResult, primitive
from gossamer.frontends.parts import elementary
from gossamer.ops.arithmetic import Add, Div, Mul, Sub
from gossamer.ops.atan2 import Atan2
from gossamer.ops.sigmoid import Logistic, Tanh
from gossamer.ops.unary import (
    Abs,
    Cos,
    Exp,
    Log,
    Neg,
    Rsqrt,
    Sign,
    Sin,
    Sqrt,
    Square,
)

if TYPE_CHECKING:
    from gossamer.frontends.jax.call import Call
    from gossamer.ir.graph import Tensor
    from gossamer.ir.op import Op

_UNARY: dict[str, Op] = {
    "cos": Cos(),
    "exp": Exp(),
    "log": Log(),
    "logistic": Logistic(),
    "rsqrt": Rsqrt(),
    "sin": Sin(),
    "sqrt": Sqrt(),
    "tanh": Tanh(),
}
# erf(x) = 1 - (a1 t + ... + a5 t**5) exp(-x*x) with t = 1 / (1 + p x), for x >= 0:
# Abramowitz and Stegun, 7.1.26; the error is below 1.5e-7.
_ERF_P = 0.3275911
_ERF = (0.254829592, -0.284496736, 1.421413741, -1.453152027, 1.061405429)


@primitive(*_UNARY)
def _unary(call: Call) -> RuleResult:
    return call.emit(_UNARY[call.step.name], call.loose(0))


@primitive(*elementary.BY_NAME)
def _elementary(call: Call) -> RuleResult:
    return elementary.BY_NAME[call.step.name](call, call.loose(0))


@primitive("atan2")
def _angle(call: Call) -> RuleResult:
    shape = call.step.results[0].shape
    y, x = (call.stretch(call.loose(index), shape) for index in (0, 1))
    return call.emit(Atan2(), y, x)


@primitive("erf")
def _erf(call: Call) -> RuleResult:
    return _error(call)


def _error(call: Call) -> Tensor:
    x = call.loose(0)
    below = call.emit(Sub(), _one(call), _erf_rest(call, call.emit(Abs(), x)))
    return call.emit(Mul(), call.emit(Sign(), x), below)


@primitive("erfc")
def _erfc(call: Call) -> RuleResult:
    """1 - erf(x)."""
    return call.emit(Sub(), _one(call), _error(call))


def _erf_rest(call: Call, x: Tensor) -> Tensor:
    """1 - erf(x) for x >= 0."""
    scaled = call.emit(Mul(), x, call.scalar("p", _ERF_P))
    t = call.emit(Div(), _one(call), call.emit(Add(), scaled, _one(call)))
    total = call.emit(Mul(), t, call.scalar("a5", _ERF[4]))
    for index in range(3, -1, -1):
        more = call.emit(Add(), total, call.scalar(f"a{index + 1}", _ERF[index]))
        total = call.emit(Mul(), more, t)
    falling = call.emit(Exp(), call.emit(Neg(), call.emit(Square(), x)))
    return call.emit(Mul(), total, falling)


def _one(call: Call) -> Tensor:
    return call.scalar("one", 1.0)
