"""Rules of the layers that join several tensors."""

from __future__ import annotations

from functools import reduce
from typing import TYPE_CHECKING

from gossamer.frontends.keras.activations import scalar
from gossamer.frontends.keras.call import axis_of
from gossamer.frontends.keras.registry import ENTER, RuleResult, layer
from gossamer.ops.arithmetic import Add, Mul, Sub
from gossamer.ops.concatenation import Concatenation
from gossamer.ops.maximum import Maximum, Minimum

if TYPE_CHECKING:
    from gossamer.frontends.keras.call import Call
    from gossamer.ir.graph import Tensor
    from gossamer.ir.op import Op

_OPERATORS: dict[str, Op] = {
    "Add": Add(),
    "Average": Add(),
    "Maximum": Maximum(),
    "Minimum": Minimum(),
    "Multiply": Mul(),
    "Subtract": Sub(),
}


@layer("Add", "Maximum", "Minimum", "Multiply", "Subtract")
def _merge(call: Call) -> RuleResult:
    if _has_ranks_to_match(call):
        return ENTER
    return _folded(call)


@layer("Average")
def _average(call: Call) -> RuleResult:
    if _has_ranks_to_match(call):
        return ENTER
    share = scalar(call, "share", 1 / len(call.inputs))
    return call.emit(Mul(), _folded(call), share)


@layer("Concatenate")
def _concatenate(call: Call) -> RuleResult:
    axis = axis_of(int(call.operation.axis), call.x.type.rank)
    tensors = [call.cast(x, call.dtype) for x in call.inputs]
    return call.emit(Concatenation(axis), *tensors)


def _has_ranks_to_match(call: Call) -> bool:
    """Whether Keras inserts axes before it merges."""
    return len({x.type.rank for x in call.inputs}) > 1


def _folded(call: Call) -> Tensor:
    kind = next(
        kind.__name__
        for kind in type(call.operation).__mro__
        if kind.__name__ in _OPERATORS
    )
    tensors = [call.cast(x, call.dtype) for x in call.inputs]
    return reduce(lambda x, y: call.emit(_OPERATORS[kind], x, y), tensors)
