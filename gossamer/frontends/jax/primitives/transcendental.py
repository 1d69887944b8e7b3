"""Rules of exponentials, logarithms, roots, angles and the error function."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from gossamer.frontends.jax.registry import RuleResult, primitive
from gossamer.frontends.parts.error_function import erf, erfc
from gossamer.ops.arithmetic import Add, Div, Mul, Sub
from gossamer.ops.atan2 import Atan2
from gossamer.ops.pow import Pow
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


@primitive(*_UNARY)
def _unary(call: Call) -> RuleResult:
    return call.emit(_UNARY[call.step.name], call.loose(0))


@primitive("exp2")
def _exp2(call: Call) -> RuleResult:
    factor = call.scalar("log_2", math.log(2))
    return call.emit(Exp(), call.emit(Mul(), call.loose(0), factor))


@primitive("expm1")
def _expm1(call: Call) -> RuleResult:
    return call.emit(Sub(), call.emit(Exp(), call.loose(0)), _one(call))


@primitive("log1p")
def _log1p(call: Call) -> RuleResult:
    return call.emit(Log(), call.emit(Add(), call.loose(0), _one(call)))


@primitive("cbrt")
def _cube_root(call: Call) -> RuleResult:
    """The sign of x times the third root of its size."""
    x = call.loose(0)
    third = call.scalar("third", 1 / 3)
    return call.emit(
        Mul(), call.emit(Sign(), x), call.emit(Pow(), call.emit(Abs(), x), third)
    )


@primitive("tan")
def _tangent(call: Call) -> RuleResult:
    x = call.loose(0)
    return call.emit(Div(), call.emit(Sin(), x), call.emit(Cos(), x))


@primitive("atan2")
def _angle(call: Call) -> RuleResult:
    shape = call.step.results[0].shape
    y, x = (call.stretch(call.loose(index), shape) for index in (0, 1))
    return call.emit(Atan2(), y, x)


@primitive("atan")
def _arc_tangent(call: Call) -> RuleResult:
    x = call.loose(0)
    return call.emit(Atan2(), x, _ones(call, x))


@primitive("asin")
def _arc_sine(call: Call) -> RuleResult:
    x = call.loose(0)
    return call.emit(Atan2(), x, _other_leg(call, x))


@primitive("acos")
def _arc_cosine(call: Call) -> RuleResult:
    x = call.loose(0)
    return call.emit(Atan2(), _other_leg(call, x), x)


def _other_leg(call: Call, x: Tensor) -> Tensor:
    """sqrt(1 - x * x)."""
    return call.emit(Sqrt(), call.emit(Sub(), _one(call), call.emit(Square(), x)))


@primitive("sinh", "cosh")
def _hyperbolic(call: Call) -> RuleResult:
    """(exp(x) -+ exp(-x)) / 2."""
    x = call.loose(0)
    op = Sub() if call.step.name == "sinh" else Add()
    rising, falling = call.emit(Exp(), x), call.emit(Exp(), call.emit(Neg(), x))
    return call.emit(Mul(), call.emit(op, rising, falling), call.scalar("half", 0.5))


@primitive("asinh", "acosh")
def _inverse_hyperbolic(call: Call) -> RuleResult:
    """log(|x| + sqrt(x * x +- 1)), with the sign of x for asinh."""
    x = call.loose(0)
    if call.step.name == "acosh":
        return _log_with_root(call, x, Sub())
    size = _log_with_root(call, call.emit(Abs(), x), Add())
    return call.emit(Mul(), call.emit(Sign(), x), size)


def _log_with_root(call: Call, x: Tensor, op: Op) -> Tensor:
    root = call.emit(Sqrt(), call.emit(op, call.emit(Square(), x), _one(call)))
    return call.emit(Log(), call.emit(Add(), x, root))


@primitive("atanh")
def _inverse_hyperbolic_tangent(call: Call) -> RuleResult:
    """log((1 + x) / (1 - x)) / 2."""
    x = call.loose(0)
    ratio = call.emit(
        Div(), call.emit(Add(), x, _one(call)), call.emit(Sub(), _one(call), x)
    )
    return call.emit(Mul(), call.emit(Log(), ratio), call.scalar("half", 0.5))


@primitive("erf")
def _erf(call: Call) -> RuleResult:
    return erf(call, call.loose(0))


@primitive("erfc")
def _erfc(call: Call) -> RuleResult:
    return erfc(call, call.loose(0))


def _one(call: Call) -> Tensor:
    return call.scalar("one", 1.0)


def _ones(call: Call, x: Tensor) -> Tensor:
    """Ones in the shape of x, which ATAN2 does not stretch."""
    nothing = call.emit(Mul(), x, call.scalar("zero", 0.0))
    return call.emit(Add(), nothing, _one(call))
