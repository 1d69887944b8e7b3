"""Division by known scales as two products: x / scale = x * high + x * low.

The reciprocal in two float32 is almost exact, and so is the fused sum; where rounding
it to whole numbers gives other results than rounding the quotient, there is none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    from gossamer.ir.types import Array

_LEAST, _GREATEST = 2.0**-60, 2.0**60
"""Scales between these neither overflow nor lose bits on the way."""
_NEIGHBOURS = np.arange(-3, 4)


def reciprocals(scales: Array, reach: int) -> tuple[Array, Array] | None:
    """1 / scale as `high` and `low`, in the shape of `scales`.

    Quotients of up to `reach` are rounded, halves away from zero, as those of the
    division are; None where some are not. Both parts are positive.
    """
    single = np.asarray(scales, np.float32)
    if not np.all((single > _LEAST) & (single < _GREATEST)):
        return None
    real = 1.0 / single.astype(np.float64)
    high = np.nextafter(real.astype(np.float32), np.float32(0))
    low = (real - high).astype(np.float32)
    for scale, one, other in zip(single.flat, high.flat, low.flat, strict=True):
        if not _divides(scale, one, other, reach):
            return None
    return high, low


def _divides(scale: np.float32, high: np.float32, low: np.float32, reach: int) -> bool:
    """Whether the numbers on both sides of every half stay on their side.

    A quotient is at least a half when it is at least the middle between that half and
    the float before it. All differences here are exact.
    """
    half = (np.arange(1, reach + 1) - 0.5).astype(np.float32)
    before = np.nextafter(half, np.float32(0))
    middle = ((half.astype(np.float64) + before) / 2)[:, None]
    x = _around((half * scale).astype(np.float32))
    wide = x.astype(np.float64)
    right = wide >= middle * float(scale)
    found = (wide * float(high) - middle) + (x * low) >= 0
    crosses = ~right[:, 0] & right[:, -1]
    return bool(np.all(right == found) and np.all(crosses))


def _around(values: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Each value between its neighbours, as rows."""
    bits = values.view(np.int32)[:, None] + _NEIGHBOURS.astype(np.int32)
    return bits.view(np.float32)
