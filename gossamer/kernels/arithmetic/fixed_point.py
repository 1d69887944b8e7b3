"""Scalars in fixed point, as `gossamer.ir.fixed_point` defines them, in a kernel.

All values are int64 that fit 32 bits; Qm.n has n = 31 - m bits of fraction.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gossamer.nest.expr import I64, Operand, Value

if TYPE_CHECKING:
    from gossamer.nest.build import Nest

_LEAST, _MOST = -(1 << 31), (1 << 31) - 1
_48_OVER_17 = 1515870810
_MINUS_32_OVER_17 = -1010580540
_SQRT_HALF = 1518500250
_FOURTH_ROOT_HALF = 1805811301
_LOG_2 = 1488522236
_ALPHA = (117049297, 127690142, 1057819769, 638450708)
"""The logarithm's Padé coefficients n, d, i, f."""


def high(left: Value, right: Operand) -> Value:
    """The high half of twice the product, rounded; the factors are not both least."""
    return (left * right + (1 << 30)) >> 31


@dataclass(frozen=True, slots=True)
class FixedPoint:
    """Functions of a kernel's scalars."""

    nest: Nest

    def whole(self, number: int) -> Value:
        return self.nest.constant(number, I64)

    def saturate(self, value: Value) -> Value:
        """Held within 32 bits."""
        return self.nest.minimum(self.nest.maximum(value, _LEAST), _MOST)

    def divide(self, value: Value, exponent: Operand) -> Value:
        """`value / 2**exponent`, halves away from zero; lanes of int64 too."""
        one = self.nest.like(1, value.kind)
        half = (one << exponent) >> 1
        negative = self.nest.compare("lt", value, 0)
        correction = self.nest.select(negative, self.nest.minimum(half, 1), 0)
        return (value + half - correction) >> exponent

    def scale(self, value: Value, multiplier: Operand, shift: Value) -> Value:
        """`value` times the factor (multiplier, shift), rounded twice; lanes too."""
        left = self.nest.maximum(shift, 0)
        right = self.nest.maximum(-shift, 0)
        kept = ((value << left) << 32) >> 32
        return self.divide(high(kept, multiplier), right)

    def leading_zeros(self, value: Value) -> Value:
        """Leading zero bits of 32, of a positive number, by halving."""
        nest = self.nest
        count = self.whole(0)
        for bits in (16, 8, 4, 2, 1):
            small = nest.compare("lt", value, 1 << (32 - bits))
            count = nest.select(small, count + bits, count)
            value = nest.select(small, value << bits, value)
        return count

    def reciprocal(self, fraction: Value) -> Value:
        """1 / (1 + x) in Q0.31 for x in [0, 1) in Q0.31: Newton's division."""
        half = (fraction + (1 << 31)) >> 1
        x = high(half, _MINUS_32_OVER_17) + _48_OVER_17
        for _ in range(3):
            error = self.whole(1 << 29) - high(half, x)
            x = x + self.saturate(high(x, error) << 2)
        return self.nest.minimum(x << 1, _MOST)

    def logarithm(self, value: Value) -> Value:
        """log(x) in Q5.26 for x from 1 to below 4096 in Q12.19."""
        headroom = self.leading_zeros(value)
        quarter = 1 << 23
        r_a = high(self.saturate(value << (headroom - 1)), _SQRT_HALF)
        z_a = self.saturate(((self.whole(12) - headroom) << 25) + quarter)
        b_headroom = self.leading_zeros(high(value, _SQRT_HALF)) - 1
        z_b = self.saturate(((self.whole(12) - b_headroom) << 25) - quarter)
        r = self.nest.minimum(
            self.saturate(r_a << 1), self.saturate(value << b_headroom)
        )
        return self._log_from_parts(r, self.nest.maximum(z_a, z_b))

    def _log_from_parts(self, r: Value, z: Value) -> Value:
        """log(r * 2**z) in Q5.26 for r in Q0.31 and z in Q6.25."""
        n, d, i, f = _ALPHA
        p = (r + _FOURTH_ROOT_HALF + 1) >> 1
        q = (r - _FOURTH_ROOT_HALF) << 1
        square = high(q, q)
        numerator = high(q, r) + high(high(q, square), n)
        denominator = high(p, q + high(square, d) + i) + high(q, f)
        inverse = self.reciprocal(denominator)
        quotient = high(self.divide(numerator, 6), inverse)
        return self.saturate((high(z, _LOG_2) + quotient) << 1)

    def inverse_square_root(self, value: Value) -> tuple[Value, Value]:
        """1 / sqrt(value) of a whole number below 2**31 as (multiplier, shift)."""
        nest = self.nest
        is_large = nest.compare("ge", value, 1 << 29)
        shift = nest.select(is_large, self.whole(12), self.whole(11))
        reduced = nest.maximum(nest.select(is_large, value >> 2, value), 2)
        pairs = ((self.leading_zeros(reduced) - 1) >> 1) - 1
        shift = shift - pairs
        raw = (reduced << (pairs << 1)) >> 1
        half = self.divide(raw, 1)
        x = self.whole(1 << 28)
        for _ in range(5):
            cube = self.saturate(high(high(x, x), x) << 6)
            grown = high(x, (1 << 28) + (1 << 27))
            x = self.saturate((grown - high(half, cube)) << 3)
        root = high(x, _SQRT_HALF)
        grows = nest.compare("lt", shift, 0)
        multiplier = nest.select(grows, root << nest.maximum(-shift, 0), root)
        shift = nest.select(grows, self.whole(0), -shift)
        is_one = nest.compare("le", value, 1)
        return (
            nest.select(is_one, self.whole(_MOST), multiplier),
            nest.select(is_one, self.whole(0), shift),
        )
