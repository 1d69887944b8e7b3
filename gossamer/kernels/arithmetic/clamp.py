"""Activations that are clamps, and clamping."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gossamer.nest.build import Nest
    from gossamer.nest.expr import Value

ACTIVATION_LIMITS: dict[str, tuple[float, float]] = {
    "none": (-math.inf, math.inf),
    "relu": (0.0, math.inf),
    "relu6": (0.0, 6.0),
    "relu_n1_to_1": (-1.0, 1.0),
}
"""The range of each fused activation that is a clamp."""


def clamp(nest: Nest, value: Value, limits: tuple[float, float]) -> Value:
    """`value` held within `limits`; an infinite limit costs nothing.

    What is not a number stays so, and -0.0 keeps its sign: of two operands that do not
    differ, `maximum` and `minimum` take the second.
    """
    low, high = limits
    if low > -math.inf:
        value = nest.maximum(nest.constant(low, value.kind), value)
    if high < math.inf:
        value = nest.minimum(nest.constant(high, value.kind), value)
    return value
