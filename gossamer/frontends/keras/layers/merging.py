"""Rules of the layers that join several tensors."""

from __future__ import annotations

from functools import reduce
from typing import TYPE_CHECKING

from gossamer.frontends.emitter import axis_of
from gossamer.frontends.keras.registry import RuleResult, layer
from gossamer.frontends.parts.normalization import unit
from gossamer.frontends.parts.products import batch_dot
from gossamer.frontends.parts.shaping import expand_dims
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
    return _folded(call)


@layer("Average")
def _average(call: Call) -> RuleResult:
    share = call.scalar("share", 1 / len(call.inputs))
    return call.emit(Mul(), _folded(call), share)


@layer("Concatenate")
def _concatenate(call: Call) -> RuleResult:
    axis = axis_of(int(call.operation.axis), call.x.type.rank)
    tensors = [call.cast(x, call.dtype) for x in call.inputs]
    return call.emit(Concatenation(axis), *tensors)


@layer("Dot")
def _dot(call: Call) -> RuleResult:
    stated = call.operation.axes
    pair = [stated, stated] if isinstance(stated, int) else stated
    tensors = [call.real(x) for x in call.inputs]
    axes = [
        axis_of(int(axis), x.type.rank) for axis, x in zip(pair, tensors, strict=True)
    ]
    if call.operation.normalize:
        tensors = [unit(call, x, [axis]) for x, axis in zip(tensors, axes, strict=True)]
    return batch_dot(call, tensors[0], tensors[1], axes[0], axes[1])


def _of_one_rank(call: Call) -> list[Tensor]:
    """The inputs with axes of size one behind the batch, until all have one rank."""
    rank = max(x.type.rank for x in call.inputs)
    tensors: list[Tensor] = []
    for x in call.inputs:
        y = x
        while y.type.rank < rank:
            y = expand_dims(call, y, 1)
        tensors.append(y)
    return tensors


def _folded(call: Call) -> Tensor:
    kind = next(
        kind.__name__
        for kind in type(call.operation).__mro__
        if kind.__name__ in _OPERATORS
    )
    tensors = [call.cast(x, call.dtype) for x in _of_one_rank(call)]
    return reduce(lambda x, y: call.emit(_OPERATORS[kind], x, y), tensors)
