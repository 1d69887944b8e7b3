"""The error function, and GELU, which graphs compute by it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from gossamer.frontends.parts.error_function import erf, erfc
from gossamer.frontends.tensorflow.registry import operation

if TYPE_CHECKING:
    from gossamer.frontends.tensorflow.operation import Operation, Values
    from gossamer.ir.graph import Tensor


@operation("Erf", "Erfc")
def _error_function(used: Operation) -> Tensor:
    function = erf if used.kind == "Erf" else erfc
    return function(used, used.real(used.tensor()))


def gelu_input(node: Any, values: Values) -> Any:
    """The x of which a Mul is the exact GELU, None where it is something else.

    x / 2 * (1 + erf(x / sqrt(2))), or x / 2 * erfc(-x / sqrt(2)), in either order.
    """
    for half, rest in (node.inputs, reversed(list(node.inputs))):
        x = _scaled(half.op, 0.5, values)
        if x is not None and _is_tail(rest.op, x, values):
            return x
    return None


def _is_tail(node: Any, x: Any, values: Values) -> bool:
    """Whether a node is twice the normal distribution's sum up to x."""
    if node.type == "Erfc":
        return _is(_scaled(node.inputs[0].op, -math.sqrt(0.5), values), x)
    if node.type not in ("Add", "AddV2"):
        return False
    for one, other in (node.inputs, reversed(list(node.inputs))):
        if _is_constant(one, 1.0, values) and other.op.type == "Erf":
            return _is(_scaled(other.op.inputs[0].op, math.sqrt(0.5), values), x)
    return False


def _scaled(node: Any, factor: float, values: Values) -> Any:
    """The x of x * factor, or of x / (1 / factor), or of -x * -factor."""
    if node.type == "Mul":
        for x, scale in (node.inputs, reversed(list(node.inputs))):
            if _is_constant(scale, factor, values):
                return x
            if _is_constant(scale, -factor, values) and x.op.type == "Neg":
                return x.op.inputs[0]
    if node.type == "RealDiv" and _is_constant(node.inputs[1], 1 / factor, values):
        return node.inputs[0]
    if node.type == "Neg":
        return _scaled(node.inputs[0].op, -factor, values)
    return None


def _is_constant(tensor: Any, value: float, values: Values) -> bool:
    known = values.known(tensor)
    return (
        known is not None
        and known.size == 1
        and bool(np.allclose(known, value, rtol=1e-6, atol=0))
    )


def _is(found: Any, x: Any) -> bool:
    return found is not None and str(found.name) == str(x.name)
