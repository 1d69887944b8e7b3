"""The error function by operators, of which none computes it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gossamer.ops.arithmetic import Add, Div, Mul, Sub
from gossamer.ops.compare import Less
from gossamer.ops.select import SelectV2
from gossamer.ops.unary import Abs, Exp, Neg, Sign, Square

if TYPE_CHECKING:
    from gossamer.frontends.emitter import Emitter
    from gossamer.ir.graph import Tensor

# erf(x) = 1 - (a1 t + ... + a5 t**5) exp(-x*x) with t = 1 / (1 + p x), for x >= 0:
# Abramowitz and Stegun, 7.1.26; the error is below 1.5e-7.
_P = 0.3275911
_FACTORS = (0.254829592, -0.284496736, 1.421413741, -1.453152027, 1.061405429)


def erf(emitter: Emitter, x: Tensor) -> Tensor:
    """The error function, within 1.5e-7."""
    below = emitter.emit(Sub(), _one(emitter), _rest(emitter, x))
    return emitter.emit(Mul(), emitter.emit(Sign(), x), below)


def erfc(emitter: Emitter, x: Tensor) -> Tensor:
    """1 - erf(x), which keeps its digits where x is large."""
    rest = _rest(emitter, x)
    is_below = emitter.emit(Less(), x, emitter.scalar("zero", 0.0))
    other = emitter.emit(Sub(), emitter.scalar("two", 2.0), rest)
    return emitter.emit(SelectV2(), is_below, other, rest)


def _rest(emitter: Emitter, x: Tensor) -> Tensor:
    """1 - erf(|x|)."""
    scaled = emitter.emit(Mul(), emitter.emit(Abs(), x), emitter.scalar("p", _P))
    t = emitter.emit(Div(), _one(emitter), emitter.emit(Add(), scaled, _one(emitter)))
    total = emitter.emit(Mul(), t, emitter.scalar("a5", _FACTORS[4]))
    for index in range(3, -1, -1):
        factor = emitter.scalar(f"a{index + 1}", _FACTORS[index])
        total = emitter.emit(Mul(), emitter.emit(Add(), total, factor), t)
    falling = emitter.emit(Exp(), emitter.emit(Neg(), emitter.emit(Square(), x)))
    return emitter.emit(Mul(), total, falling)


def _one(emitter: Emitter) -> Tensor:
    return emitter.scalar("one", 1.0)
