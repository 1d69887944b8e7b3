"""Sine, cosine and the angle of a point, for float32 numbers."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from gossamer.kernels.arithmetic.math import horner
from gossamer.nest.expr import F64, I32, I64, Value

if TYPE_CHECKING:
    from gossamer.nest.build import Nest

_QUARTER = 0x1921FB54442D18469898CC51701B839A252049C1
"""pi / 2, with 156 binary places."""
_PLACES = 156
_PARTS = 28
"""Bits of the parts of pi / 2 whose multiples by 25 bits float64 holds exactly."""
_INVERSE = (0xA2F9836E4E441529, 0xFC2757D1F534DDC0, 0xDB6295993C439041)
"""2 / pi, 64 binary places each."""
_LARGE = 2.0**25
_SIN_TERMS = tuple((-1) ** n / math.factorial(2 * n + 1) for n in range(6, -1, -1))
_COS_TERMS = tuple((-1) ** n / math.factorial(2 * n) for n in range(7, -1, -1))
_ATAN_TERMS = tuple((-1) ** n / (2 * n + 1) for n in range(11, -1, -1))


def _signed(word: int) -> int:
    return word - (1 << 64) if word >> 63 else word


def _quarter_parts() -> tuple[float, float, float]:
    """Pi / 2 as a sum of two short numbers and a long one."""
    first = _QUARTER >> (_PLACES + 1 - _PARTS) << (_PLACES + 1 - _PARTS)
    second = (_QUARTER - first) >> (_PLACES + 1 - 2 * _PARTS)
    second <<= _PLACES + 1 - 2 * _PARTS
    parts = (first, second, _QUARTER - first - second)
    return parts[0] / 2**_PLACES, parts[1] / 2**_PLACES, parts[2] / 2**_PLACES


def sin(nest: Nest, x: Value) -> Value:
    """The sine of radians, within 4 units in the last place."""
    rest, quadrant = _reduced(nest, x)
    return _wave(nest, rest, quadrant, x)


def cos(nest: Nest, x: Value) -> Value:
    """The cosine of radians, within 4 units in the last place."""
    rest, quadrant = _reduced(nest, x)
    return _wave(nest, rest, quadrant + 1, x)


def _wave(nest: Nest, rest: Value, quadrant: Value, x: Value) -> Value:
    """The sine of `rest` radians (float64) plus quarters of a turn, as x's kind."""
    square = rest * rest
    sine = rest * horner(nest, square, _SIN_TERMS)
    cosine = horner(nest, square, _COS_TERMS)
    odd = nest.compare("ne", quadrant & 1, 0)
    chosen = nest.select(odd, cosine, sine)
    behind = nest.compare("ne", quadrant & 2, 0)
    signed = nest.select(behind, nest.unary("neg", chosen), chosen)
    return nest.convert(signed, x.kind)


def _reduced(nest: Nest, x: Value) -> tuple[Value, Value]:
    """What x leaves over quarters of a turn, as float64, and how many modulo 4.

    x - n * pi / 2, with pi / 2 in three parts; vectors with larger numbers take
    another way too.
    """
    lanes = x.kind.lanes
    wide = nest.convert(x, F64.of(lanes))
    n = nest.unary("rint", wide * (2 / math.pi))
    rest = wide
    for part in _quarter_parts():
        rest = nest.fma(n, -part, rest)
    quadrant = nest.convert(n, I32.of(lanes))
    large = nest.compare("ge", nest.unary("abs", x), _LARGE)
    any_large = nest.peak(nest.convert(large, quadrant.kind))
    again = nest.convert(any_large, I64)
    with nest.loop(again, carry=(rest, quadrant)) as loop:
        carried_rest, carried_quadrant = loop.values
        other = _reduced_large(nest, x)
        loop.carry(
            (
                nest.select(large, other[0], carried_rest),
                nest.select(large, other[1], carried_quadrant),
            )
        )
    return loop.results[0], loop.results[1]


def _reduced_large(nest: Nest, x: Value) -> tuple[Value, Value]:
    """`_reduced` of numbers from `_LARGE` on, in whole numbers.

    |x| is m * 2**e with a mantissa m of 24 bits. Of 2 / pi only the 64 bits that e
    moves around the binary point matter: those before count whole turns. The product
    has two bits before the point.
    """
    lanes = x.kind.lanes
    kind, wide = I32.of(lanes), I64.of(lanes)
    bits = nest.bits(x, kind)
    biased = (bits >> 23) & 0xFF
    mantissa = nest.convert((bits & 0x7FFFFF) | 0x800000, wide)
    turns = mantissa * _window(nest, nest.convert(biased, wide) - 152)
    quadrant = nest.logical_shift(turns + (1 << 61), 62)
    rest = nest.convert(turns - (quadrant << 62), F64.of(lanes))
    rest = rest * (math.pi / 2 / 2**62)
    number = nest.convert(quadrant, kind)
    negative = nest.compare("lt", bits, 0)
    finite = nest.compare("lt", biased, 0xFF)
    rest = nest.select(negative, nest.unary("neg", rest), rest)
    rest = nest.select(finite, rest, math.nan)
    return rest, nest.select(negative, -number, number)


def _window(nest: Nest, start: Value) -> Value:
    """64 bits of 2 / pi from binary place `start` on, 0 to 102."""
    words = [nest.constant(_signed(word), start.kind) for word in _INVERSE]
    first = nest.compare("lt", start, 64)
    high = nest.select(first, words[0], words[1])
    low = nest.select(first, words[1], words[2])
    within = start & 63
    behind = nest.logical_shift(low, 1)
    behind = nest.logical_shift(behind, nest.constant(63, start.kind) - within)
    return (high << within) | behind


def atan2(nest: Nest, y: Value, x: Value) -> Value:
    """The angle of the point (x, y), from -pi to pi, within 1e-7 of its size."""
    tall, wide = nest.unary("abs", y), nest.unary("abs", x)
    kind = F64.of(x.kind.lanes)
    least = nest.convert(nest.minimum(tall, wide), kind)
    most = nest.convert(nest.maximum(tall, wide), kind)
    slope = nest.select(nest.compare("eq", least, most), 1.0, least / most)
    slope = nest.select(nest.compare("eq", most, 0.0), 0.0, slope)
    angle = _atan(nest, slope)
    steep = nest.compare("gt", tall, wide)
    angle = nest.select(steep, nest.constant(math.pi / 2, kind) - angle, angle)
    bits = I32.of(x.kind.lanes)
    left = nest.compare("lt", nest.bits(x, bits), 0)
    angle = nest.select(left, nest.constant(math.pi, kind) - angle, angle)
    below = nest.compare("lt", nest.bits(y, bits), 0)
    angle = nest.select(below, nest.unary("neg", angle), angle)
    result = nest.convert(angle, x.kind)
    # `minimum` and `maximum` lose what is not a number.
    result = nest.select(nest.compare("eq", x, x), result, x)
    return nest.select(nest.compare("eq", y, y), result, y)


def _atan(nest: Nest, slope: Value) -> Value:
    """The angle of a slope from 0 to 1; beyond 1/2 by its distance from 1."""
    steep = nest.compare("gt", slope, 0.5)
    turned = (slope - 1.0) / (slope + 1.0)
    part = nest.select(steep, turned, slope)
    angle = part * horner(nest, part * part, _ATAN_TERMS)
    return nest.select(steep, angle + math.pi / 4, angle)
