"""A layer's `activation` argument."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gossamer.frontends.parts.activations import BY_NAME

if TYPE_CHECKING:
    from gossamer.frontends.keras.call import Call
    from gossamer.ir.graph import Tensor


def activate(call: Call, function: Any, x: Tensor) -> Tensor:
    """`function` of `x`: one of Keras's by name, any other by tracing it."""
    if function is None:
        return x
    name = str(getattr(function, "__name__", ""))
    module = str(getattr(function, "__module__", ""))
    if module.partition(".")[0] == "keras" and name in BY_NAME:
        return BY_NAME[name](call, x)
    return call.walk.traced(call, function, [x])
