"""Exponentials, logarithms, roots and angles that operators do not have.

Each is a function of one float32 tensor, exact to a few units of the last place,
near 0 too, and overflows only where its result does.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from gossamer.frontends.parts import sizes
from gossamer.frontends.parts.formula import Formula
from gossamer.ops.atan2 import Atan2
from gossamer.ops.pow import Pow
from gossamer.ops.sigmoid import Elu
from gossamer.ops.unary import Cos, Sin

if TYPE_CHECKING:
    from collections.abc import Callable

    from gossamer.frontends.emitter import Emitter
    from gossamer.ir.graph import Tensor

_LARGE = 1e10
"""Above it, x + 1 and x are the same, and x * x does not overflow yet."""


def exp2(emitter: Emitter, x: Tensor) -> Tensor:
    """2 to the power of x."""
    return Formula(emitter, x).from_left(Pow(), 2.0).tensor


def expm1(emitter: Emitter, x: Tensor) -> Tensor:
    """exp(x) - 1: what ELU computes below 0, and -exp(x) times that of -x above."""
    z = Formula(emitter, x)
    falling = (-abs(z)).of(Elu())
    return (z < 0).choose(falling, -falling * z.exp()).tensor


def log1p(emitter: Emitter, x: Tensor) -> Tensor:
    """log(1 + x)."""
    return _log1p(Formula(emitter, x)).tensor


def _log1p(x: Formula) -> Formula:
    """Add to log(1 + x) what the rounding of the sum has lost, for |x| < 1."""
    total = x + 1
    log = total.log()
    lost = x - (total - 1)
    return (abs(x) < 1).choose(log + lost / total, log)


def log2(emitter: Emitter, x: Tensor) -> Tensor:
    """The logarithm to base 2."""
    return (Formula(emitter, x).log() * (1 / math.log(2))).tensor


def log10(emitter: Emitter, x: Tensor) -> Tensor:
    """The logarithm to base 10."""
    return (Formula(emitter, x).log() * (1 / math.log(10))).tensor


def cube_root(emitter: Emitter, x: Tensor) -> Tensor:
    """The sign of x times the third root of its size."""
    z = Formula(emitter, x)
    return (abs(z).of(Pow(), 1 / 3) * z.sign()).tensor


def tan(emitter: Emitter, x: Tensor) -> Tensor:
    """sin(x) / cos(x)."""
    z = Formula(emitter, x)
    return (z.of(Sin()) / z.of(Cos())).tensor


def atan(emitter: Emitter, x: Tensor) -> Tensor:
    """The angle of the point (1, x); ATAN2 does not stretch the 1."""
    ones = sizes.filled(emitter, sizes.like(x), np.ones((), np.float32))
    return emitter.emit(Atan2(), x, ones)


def asin(emitter: Emitter, x: Tensor) -> Tensor:
    """The angle of the point (sqrt(1 - x * x), x)."""
    z = Formula(emitter, x)
    return z.of(Atan2(), _other_leg(z)).tensor


def acos(emitter: Emitter, x: Tensor) -> Tensor:
    """The angle of the point (x, sqrt(1 - x * x))."""
    z = Formula(emitter, x)
    return _other_leg(z).of(Atan2(), z).tensor


def _other_leg(x: Formula) -> Formula:
    """sqrt(1 - x * x), as a product because that is exact near 1."""
    return ((1 - x) * (x + 1)).sqrt()


def sinh(emitter: Emitter, x: Tensor) -> Tensor:
    """(exp(x) - exp(-x)) / 2 = exp(x) * (1 - exp(-x)) * (1 + exp(-x)) / 2."""
    z = Formula(emitter, x)
    size = abs(z)
    root = (size * 0.5).exp()
    falling = (-size).of(Elu())
    half = falling * (falling + 2) * -0.5
    return (root * half * root * z.sign()).tensor


def cosh(emitter: Emitter, x: Tensor) -> Tensor:
    """(exp(x) + exp(-x)) / 2, from the roots of both."""
    root = (abs(Formula(emitter, x)) * 0.5).exp()
    inverse = 1 / root
    return (root * (root * 0.5) + inverse * (inverse * 0.5)).tensor


def asinh(emitter: Emitter, x: Tensor) -> Tensor:
    """log(x + sqrt(x * x + 1)) for x >= 0, and the same with the other sign below."""
    z = Formula(emitter, x)
    size = abs(z)
    square = size * size
    near = _log1p(size + square / ((square + 1).sqrt() + 1))
    return ((size > _LARGE).choose(_log_of_double(size), near) * z.sign()).tensor


def acosh(emitter: Emitter, x: Tensor) -> Tensor:
    """log(x + sqrt(x * x - 1)); not a number below 1."""
    z = Formula(emitter, x)
    above = z - 1
    near = _log1p(above + above.sqrt() * (z + 1).sqrt())
    return (z > _LARGE).choose(_log_of_double(z), near).tensor


def _log_of_double(x: Formula) -> Formula:
    return x.log() + math.log(2)


def atanh(emitter: Emitter, x: Tensor) -> Tensor:
    """log((1 + x) / (1 - x)) / 2."""
    z = Formula(emitter, x)
    size = abs(z)
    return (_log1p((size + size) / (1 - size)) * 0.5 * z.sign()).tensor


BY_NAME: dict[str, Callable[[Emitter, Tensor], Tensor]] = {
    "acos": acos,
    "acosh": acosh,
    "asin": asin,
    "asinh": asinh,
    "atan": atan,
    "atanh": atanh,
    "cbrt": cube_root,
    "cosh": cosh,
    "exp2": exp2,
    "expm1": expm1,
    "log10": log10,
    "log1p": log1p,
    "log2": log2,
    "sinh": sinh,
    "tan": tan,
}
"""By the names that JAX gives them."""
