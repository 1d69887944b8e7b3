"""Functions of one float32, as polynomials; each with the error it keeps within."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from gossamer.nest.expr import I32, Value

if TYPE_CHECKING:
    from gossamer.nest.build import Nest

_LOG2_E = 1.4426950408889634
_LN2_HIGH = 0.693359375
_LN2_LOW = -2.12194440e-4
_LEAST, _MOST = -87.33654, 88.37626
_EXP_TERMS = tuple(1 / math.factorial(n) for n in range(7, -1, -1))
"""Taylor's coefficients of exp, the highest first; |x| stays below ln(2) / 2."""


def exp(nest: Nest, x: Value) -> Value:
    """The exponential, within 2 units in the last place; saturates out of range.

    x = n * ln(2) + r; 2**n goes into the exponent, exp(r) is a polynomial.
    """
    x = nest.minimum(nest.maximum(x, _LEAST), _MOST)
    n = nest.unary("rint", x * _LOG2_E)
    r = nest.fma(n, -_LN2_HIGH, x)
    r = nest.fma(n, -_LN2_LOW, r)
    result = nest.constant(_EXP_TERMS[0], x.kind)
    for term in _EXP_TERMS[1:]:
        result = nest.fma(result, r, nest.constant(term, x.kind))
    kind = I32.of(x.kind.lanes)
    exponent = (nest.convert(n, kind) + 127) << 23
    return result * nest.bits(exponent, x.kind)


def logistic(nest: Nest, x: Value) -> Value:
    """1 / (1 + exp(-x)), within 1e-7."""
    one = nest.constant(1.0, x.kind)
    return one / (exp(nest, nest.unary("neg", x)) + 1.0)


def tanh(nest: Nest, x: Value) -> Value:
    """The hyperbolic tangent, within 2e-7: 1 - 2 / (exp(2x) + 1)."""
    one = nest.constant(1.0, x.kind)
    two = nest.constant(2.0, x.kind)
    return one - two / (exp(nest, x + x) + 1.0)


def gelu_by_tanh(nest: Nest, x: Value) -> Value:
    """GELU, approximated: x / 2 * (1 + tanh(sqrt(2 / pi) (x + 0.044715 x**3)))."""
    cube = x * x * x
    bent = (x + cube * 0.044715) * 0.7978845608028654
    return x * 0.5 * (tanh(nest, bent) + 1.0)
