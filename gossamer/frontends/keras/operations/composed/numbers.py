"""Functions of numbers, one by one."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from gossamer.frontends.keras.composition import composed
from gossamer.frontends.keras.framework import keras, to_numpy
from gossamer.frontends.keras.operations.composed.pieces import in_type, is_float

_BESSEL_NEAR = (0.45813e-2, 0.360768e-1, 0.2659732, 1.2067492, 3.0899424, 3.5156229, 1)
_BESSEL_FAR = (
    *(0.392377e-2, -0.1647633e-1, 0.2635537e-1, -0.2057706e-1, 0.916281e-2),
    *(-0.157565e-2, 0.225319e-2, 0.1328592e-1, 0.39894228),
)
_BESSEL_EDGE = 3.75


@composed("Fabs")
def _fabs(x: Any, *, result: str) -> Any:
    """|x| as a real number."""
    return keras().ops.abs(keras().ops.cast(x, result))


@composed("Deg2rad")
def _deg2rad(x: Any, *, result: str) -> Any:
    return keras().ops.cast(x, result) * (math.pi / 180)


@composed("Rad2deg")
def _rad2deg(x: Any, *, result: str) -> Any:
    return keras().ops.cast(x, result) * (180 / math.pi)


@composed("Trunc")
def _trunc(x: Any) -> Any:
    """Rounded towards 0."""
    ops = keras().ops
    return ops.where(x < 0, ops.ceil(x), ops.floor(x)) if is_float(x) else x


@composed("Heaviside")
def _heaviside(x1: Any, x2: Any, *, result: str) -> Any:
    """0 below 0, x2 at 0, 1 above; what is no number stays so."""
    ops = keras().ops
    x, middle = in_type(result, x1, x2)
    at_zero = ops.where(ops.equal(x, 0), middle, x)
    return ops.where(x > 0, 1.0, ops.where(x < 0, 0.0, at_zero))


@composed("Hypot")
def _hypot(x1: Any, x2: Any, *, result: str) -> Any:
    """M * sqrt(1 + (n / m)**2), of the larger side m and the other, n."""
    ops = keras().ops
    x, y = (ops.abs(side) for side in in_type(result, x1, x2))
    is_first = x > y
    large, small = ops.where(is_first, x, y), ops.where(is_first, y, x)
    ratio = ops.where(ops.equal(large, small), 1.0, small / large)
    return large * ops.sqrt(ops.square(ratio) + 1)


@composed("Logaddexp")
def _logaddexp(x1: Any, x2: Any, *, result: str) -> Any:
    """The greater, and log(1 + exp(-distance)), which cannot overflow."""
    ops = keras().ops
    x, y = in_type(result, x1, x2)
    return ops.maximum(x, y) + ops.log1p(ops.exp(-_distance(x, y)))


@composed("Logaddexp2")
def _logaddexp2(x1: Any, x2: Any, *, result: str) -> Any:
    """The same to base 2."""
    ops = keras().ops
    x, y = in_type(result, x1, x2)
    falling = ops.exp(-_distance(x, y) * math.log(2))
    return ops.maximum(x, y) + ops.log1p(falling) / math.log(2)


def _distance(x: Any, y: Any) -> Any:
    """|x - y|, and 0 of two infinities with the same sign."""
    ops = keras().ops
    return ops.where(ops.equal(x, y), 0.0, ops.abs(x - y))


@composed("Sinc")
def _sinc(x: Any, *, result: str) -> Any:
    """sin(pi * x) / (pi * x), and 1 at 0."""
    ops = keras().ops
    turned = ops.cast(x, result) * math.pi
    is_zero = ops.equal(turned, 0)
    divisor = ops.where(is_zero, 1.0, turned)
    return ops.where(is_zero, 1.0, ops.sin(turned) / divisor)


@composed("Ldexp")
def _ldexp(x1: Any, x2: Any, *, result: str) -> Any:
    """As x1 * 2**x2 in two steps, as 2**x2 may be too large where the result is not."""
    ops = keras().ops
    x, power = in_type(result, x1, x2)
    half = ops.floor(power * 0.5)
    return x * ops.exp2(half) * ops.exp2(power - half)


@composed("Fmax")
def _fmax(x1: Any, x2: Any, *, result: str) -> Any:
    """The greater; the other one where one is no number."""
    x, y = in_type(result, x1, x2)
    return _unless_missing(x >= y, x, y)


@composed("Fmin")
def _fmin(x1: Any, x2: Any, *, result: str) -> Any:
    """The lesser; the other one where one is no number."""
    x, y = in_type(result, x1, x2)
    return _unless_missing(x <= y, x, y)


def _unless_missing(condition: Any, x: Any, y: Any) -> Any:
    ops = keras().ops
    return ops.where(ops.logical_or(condition, ops.isnan(y)), x, y)


@composed("DivideNoNan")
def _divide_no_nan(x1: Any, x2: Any, *, result: str) -> Any:
    """x1 / x2, and 0 where x2 is 0."""
    ops = keras().ops
    x, y = in_type(result, x1, x2)
    is_zero = ops.equal(y, 0)
    return ops.where(is_zero, 0.0, x / ops.where(is_zero, 1.0, y))


@composed("NanToNum")
def _nan_to_num(
    x: Any, *, nan: Any = 0.0, posinf: Any = None, neginf: Any = None
) -> Any:
    """What is no number, and the infinities, as given numbers."""
    if not is_float(x):
        return x
    ops, limits = keras().ops, np.finfo(np.float32)
    top, bottom = (
        float(limit if given is None else to_numpy(given))
        for given, limit in ((posinf, limits.max), (neginf, limits.min))
    )
    y = ops.where(ops.isnan(x), to_numpy(nan).astype(np.float32), x)
    y = ops.where(ops.isposinf(x), top, y)
    return ops.where(ops.isneginf(x), bottom, y)


@composed("I0")
def _bessel(x: Any, *, result: str) -> Any:
    """The modified Bessel function of order 0.

    Polynomials of x * x near 0 and of 1 / x far away: Abramowitz and Stegun, 9.8.1 and
    9.8.2. The factor exp(x) comes in two, as it may be too large alone.
    """
    ops = keras().ops
    size = ops.abs(ops.cast(x, result))
    near = _polynomial(ops.square(size / _BESSEL_EDGE), _BESSEL_NEAR)
    above = ops.maximum(size, _BESSEL_EDGE)
    root = ops.exp(size * 0.5)
    series = _polynomial(_BESSEL_EDGE / above, _BESSEL_FAR)
    far = root * (series / ops.sqrt(above)) * root
    return ops.where(size < _BESSEL_EDGE, near, far)


def _polynomial(x: Any, factors: tuple[float, ...]) -> Any:
    """By Horner's rule; the factor of the highest power comes first."""
    total = x * factors[0] + factors[1]
    for factor in factors[2:]:
        total = total * x + factor
    return total


@composed("Gcd")
def _gcd(x1: Any, x2: Any, *, result: str) -> Any:
    return _common_divisor(*in_type(result, x1, x2))


@composed("Lcm")
def _lcm(x1: Any, x2: Any, *, result: str) -> Any:
    """The product over the greatest common divisor, and 0 of 0."""
    ops = keras().ops
    x, y = in_type(result, x1, x2)
    divisor = ops.maximum(_common_divisor(x, y), 1)
    return ops.abs(ops.floor_divide(ops.abs(x), divisor) * y)


def _common_divisor(x: Any, y: Any) -> Any:
    """Euclid's rule, in a loop until the remainders of all pairs are 0."""
    ops = keras().ops
    start = ops.abs(x + y * 0), ops.abs(y + x * 0)

    def goes_on(_: Any, rest: Any) -> Any:
        return ops.any(ops.not_equal(rest, 0))

    def step(divisor: Any, rest: Any) -> Any:
        is_done = ops.equal(rest, 0)
        left = ops.mod(divisor, ops.maximum(rest, 1))
        return ops.where(is_done, divisor, rest), ops.where(is_done, rest, left)

    return ops.while_loop(goes_on, step, start)[0]
