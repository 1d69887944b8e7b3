"""The activation functions that operators have, as functions of one number."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from gossamer.ir.types import Array

_FAR = np.logspace(1.1, 36, 60)
GRID = np.concatenate(
    [[1.0, -1.0, -1e30], np.linspace(-12.0, 12.0, 481), _FAR, -_FAR, 10.0 ** -_FAR[:8]]
)
"""Numbers at which functions are compared; the first three tell parameters."""

TOLERANCE = 2e-6
"""How far a function may be off, beside and relative to its own size."""


@dataclass(frozen=True, slots=True)
class Curve:
    """An activation function.

    Attributes:
        name: which one.
        cost: operators that it takes.
        alpha: a slope or a scale, where it has one.
        scale: what it is multiplied with.
    """

    name: str
    cost: int
    alpha: float = 0.0
    scale: float = 1.0


def find(grid: Array, found: Array) -> Curve | None:
    """The activation that has the values `found` at `grid`.

    Both are vectors of float64; `grid` begins with `GRID`.
    """
    with np.errstate(all="ignore"):
        for curve, expected in _candidates(grid, found):
            if np.allclose(found, expected, TOLERANCE, TOLERANCE, equal_nan=True):
                return curve
    return None


def _candidates(grid: Array, found: Array) -> list[tuple[Curve, Array]]:
    plain = [(Curve(name, cost), f(grid)) for name, (cost, f) in _PLAIN.items()]
    return plain + _with_parameters(grid, float(found[0]), found[1], found[2])


def _with_parameters(
    x: Array, at_one: float, at_minus_one: float, far: float
) -> list[tuple[Curve, Array]]:
    """The functions whose parameters three values tell."""
    made: list[tuple[Curve, Array]] = []
    slope = -float(at_minus_one)
    if np.isfinite(slope) and slope not in (0.0, 1.0):
        leaky = np.where(x > 0, x, slope * x)
        made.append((Curve("leaky_relu", 1, slope), leaky))
    alpha = -float(far) / at_one if at_one else 0.0
    if np.isfinite(alpha) and alpha != 0:
        below = alpha * np.expm1(np.minimum(x, 0))
        cost = 1 if alpha == 1 else 5
        curve = Curve("elu", cost + (at_one != 1), alpha, at_one)
        made.append((curve, at_one * np.where(x > 0, x, below)))
    return made


def _phi(x: Array) -> Array:
    """The normal distribution up to x."""
    return np.array([0.5 * math.erfc(-each / math.sqrt(2)) for each in x])


def _gelu_tanh(x: Array) -> Array:
    inner = math.sqrt(2 / math.pi) * (x + 0.044715 * x * x * x)
    return 0.5 * x * (1 + np.tanh(inner))


def _softplus(x: Array) -> Array:
    return np.logaddexp(x, 0)


_PLAIN: dict[str, tuple[int, Callable[[Array], Array]]] = {
    "relu": (1, lambda x: np.maximum(x, 0)),
    "relu6": (1, lambda x: np.clip(x, 0, 6)),
    "relu_n1_to_1": (1, lambda x: np.clip(x, -1, 1)),
    "relu_0_to_1": (1, lambda x: np.clip(x, 0, 1)),
    "sigmoid": (1, lambda x: 1 / (1 + np.exp(-x))),
    "gelu": (1, lambda x: x * _phi(x)),
    "gelu_tanh": (1, _gelu_tanh),
    "hard_silu": (1, lambda x: x * np.clip(x + 3, 0, 6) / 6),
    "hard_sigmoid": (3, lambda x: np.clip(x + 3, 0, 6) / 6),
    "softplus": (5, _softplus),
    "log_sigmoid": (7, lambda x: -_softplus(-x)),
    "mish": (7, lambda x: x * np.tanh(_softplus(x))),
    "softsign": (3, lambda x: x / (1 + np.abs(x))),
}
"""Functions without parameters, and the operators that each takes."""
