"""Rules of Dense and of layers that are a product with a matrix."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gossamer.frontends.keras.activate import activate
from gossamer.frontends.keras.quantized import weight_of
from gossamer.frontends.keras.registry import RuleResult, layer
from gossamer.frontends.parts.products import fully_connected

if TYPE_CHECKING:
    from gossamer.frontends.keras.call import Call


@layer("Dense")
def _dense(call: Call) -> RuleResult:
    used = call.operation
    y = fully_connected(call, call.real(call.x), weight_of(used), used.bias)
    return activate(call, used.activation, y)
