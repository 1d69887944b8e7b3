"""Rules of exponentials, logarithms, roots, angles and the error function."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gossamer.frontends.jax.registry import RuleResult, primitive
from gossamer.frontends.parts import elementary
from gossamer.frontends.parts.error_function import erf, erfc
from gossamer.ops.atan2 import Atan2
from gossamer.ops.sigmoid import Logistic, Tanh
from gossamer.ops.unary import (
    Cos,
    Exp,
    Log,
    Rsqrt,
    Sin,
    Sqrt,
)

if TYPE_CHECKING:
    from gossamer.frontends.jax.call import Call
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
    return erf(call, call.loose(0))


@primitive("erfc")
def _erfc(call: Call) -> RuleResult:
    return erfc(call, call.loose(0))
