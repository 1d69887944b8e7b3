"""Small integers times a factor, in float32, where that is proven to be exact.

Rounding twice, as `requantize.scale` does it, needs 64 bits for a product. With a right
shift of s bits it moves halves away from zero, and 2**-(s + 1) more:

    y = rint(x * factor + sign(x) * 2**-(s + 1))

In float32 this may still be the same for all numbers that can occur. They are all tried
when code is made, with the factors and addends nearest to these.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING

import numpy as np

from gossamer.nest.expr import F32, I32, Value

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy.typing as npt

    from gossamer.nest.build import Nest
    from gossamer.nest.target import Target

_ONES = 0x4B400000
"""The bits of 1.5 * 2**23: added to a float32, it leaves the nearest integer last."""
_FARTHEST = 1 << 21
_SIGN = -(1 << 31)
_FMA_BYTES = 32
"""Machines with vectors so wide multiply and add in one rounding."""
_FACTORS = (0, 1, -1, 2, -2)
_ADDENDS = (0, 1, -1, 2, -2, 4, -4, 8, -8)
_FINE = 20
"""Addends are tried in steps of 2**-20."""


@dataclass(frozen=True, slots=True)
class FloatScale:
    """A factor and what is added with the number's sign: the bits of both float32."""

    factor: int
    addend: int

    def apply(self, nest: Nest, value: Value, zero_point: int) -> Value:
        """int32 lanes times the factor, plus the zero point; int32."""
        kind, floats = value.kind, F32.of(value.kind.lanes)
        real = nest.convert(value, floats)
        signed = (nest.bits(real, kind) & _SIGN) | nest.number(self.addend, kind)
        factor = nest.bits(nest.number(self.factor, kind), floats)
        fine = nest.fma(real, factor, nest.bits(signed, floats))
        ones = nest.bits(nest.number(_ONES, kind), floats)
        start = nest.number(_ONES - zero_point, kind)
        return nest.bits(fine + ones, I32.of(kind.lanes)) - start

    def of(self, numbers: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
        """What `apply` makes of numbers of up to 24 bits, without the zero point."""
        factor, addend = (
            np.float64(np.int32(bits).view(np.float32))
            for bits in (self.factor, self.addend)
        )
        fine = (numbers * factor + np.sign(numbers) * addend).astype(np.float32)
        return np.rint(fine).astype(np.float64)


def scales_in_floats(target: Target) -> bool:
    """Whether the machine rounds as `FloatScale` needs it."""
    return target.vector_bytes >= _FMA_BYTES


def proven_scale(
    numbers: npt.NDArray[np.int64],
    wanted: npt.NDArray[np.int64],
    real: float,
    zero_point: int,
    limits: tuple[int, int],
) -> FloatScale | None:
    """What takes each of `numbers`, plus the zero point, to `wanted` within `limits`.

    None where there is nothing near the `real` factor.
    """
    furthest = float(np.abs(numbers).max(initial=0)) * abs(real) + abs(zero_point)
    if not furthest < _FARTHEST or abs(real) < float(np.finfo(np.float32).tiny):
        return None
    for made in _candidates(real):
        found = np.clip(made.of(numbers) + zero_point, *limits)
        if np.array_equal(found, wanted):
            return made
    return None


def _candidates(real: float) -> Iterator[FloatScale]:
    shift = -math.frexp(real)[1]
    addend = 2.0 ** -(shift + 1) if shift > 0 else 0.0
    for step, nudge in product(_FACTORS, _ADDENDS):
        moved = max(addend + nudge * 2.0**-_FINE, 0.0)
        yield FloatScale(_bits(real) + step, _bits(moved))


def _bits(real: float) -> int:
    return int(np.float32(real).view(np.int32))
