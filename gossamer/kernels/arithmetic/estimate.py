"""Reciprocals and roots from an instruction's estimate, made exact by Newton's step.

Dividing or taking a root of a whole vector takes as long as twenty other instructions.
Results are within 1 unit in the last place, or 2 where it is said; machines without
such an instruction divide.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gossamer.nest.build import Nest
    from gossamer.nest.expr import Value


def _is_estimated(nest: Nest, x: Value) -> bool:
    return x.kind.base == "f32" and x.kind.is_vector and nest.target.estimates


def reciprocal(nest: Nest, x: Value) -> Value:
    """1 / x for float32 whose size is from 2**-126 to 2**126."""
    one = nest.constant(1.0, x.kind)
    if not _is_estimated(nest, x):
        return one / x
    first = nest.unary("estimate_reciprocal", x)
    error = nest.fma(nest.unary("neg", x), first, one)
    return nest.fma(first, error, first)


def root(nest: Nest, x: Value) -> Value:
    """The square root; of numbers below 2**-126, within 2**-13 of itself."""
    if not _is_estimated(nest, x):
        return nest.unary("sqrt", x)
    inverse = nest.unary("estimate_inverse_root", x)
    first = x * inverse
    error = nest.fma(nest.unary("neg", first), first, x)
    result = nest.fma(error, inverse * 0.5, first)
    return nest.select(_is_end(nest, x), x, result)


def inverse_root(nest: Nest, x: Value) -> Value:
    """1 / sqrt(x), within 2 units in the last place."""
    if not _is_estimated(nest, x):
        return nest.constant(1.0, x.kind) / nest.unary("sqrt", x)
    first = nest.unary("estimate_inverse_root", x)
    product = nest.unary("neg", x * first)
    error = nest.fma(product, first, nest.constant(1.0, x.kind))
    result = nest.fma(first * 0.5, error, first)
    return nest.select(_is_end(nest, x), first, result)


def _is_end(nest: Nest, x: Value) -> Value:
    """Whether a number is 0 or infinite: the estimates are exact, the step is not."""
    return nest.compare("eq", x, 0.0) | nest.compare("eq", x, math.inf)
