"""GELU: x times the share of the normal distribution that lies below x."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gossamer.kernels.arithmetic.clamp import clamp

if TYPE_CHECKING:
    from gossamer.nest.build import Nest
    from gossamer.nest.expr import Value

_REACH = 5.0
"""Beyond it the share is 0 or 1, within 3e-7."""
_TERMS = (
    0.0004929697024635971,
    -0.0015141541371122003,
    0.002001859713345766,
    -0.0029156722594052553,
    0.006165430881083012,
    -0.010973232798278332,
    0.0164976567029953,
    -0.023336730897426605,
    0.03142622858285904,
    -0.040432948619127274,
    0.0515214204788208,
    -0.07029665261507034,
    0.14136378467082977,
)
"""(share - 1/2) / x as a polynomial of 2 (x / 5)**2 - 1, the highest power first."""


def gelu(nest: Nest, x: Value) -> Value:
    """GELU within 1e-6, or of the same share of a result that is greater than 1.

    A polynomial alone: no exponential, no division. It was fitted so that the greatest
    error of the result is least.
    """
    held = clamp(nest, x, (-_REACH, _REACH))
    scaled = held * (2 / _REACH**2)
    place = nest.fma(scaled, held, nest.constant(-1.0, x.kind))
    series = nest.constant(_TERMS[0], x.kind)
    for term in _TERMS[1:]:
        series = nest.fma(series, place, nest.constant(term, x.kind))
    share = nest.fma(held, series, nest.constant(0.5, x.kind))
    return x * nest.select(
        nest.compare("lt", x, -_REACH), nest.zero(x.kind.lanes), share
    )
