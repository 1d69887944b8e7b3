"""POW: a power."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gossamer.ir.op import operator, require
from gossamer.ops.binary import Binary

if TYPE_CHECKING:
    from gossamer.ir.types import Array


@operator("POW", code=78, options="PowOptions")
class Pow(Binary):
    """x to the power of y; whole numbers take no power below 0."""

    def apply(self, x: Array, y: Array) -> Array:
        negative = x.dtype.kind == "i" and bool((y < 0).any())
        require(not negative, self, "a whole number has a power below 0")
        return np.power(x, y)
