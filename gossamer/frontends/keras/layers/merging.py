"""Rules of the layers that join several tensors."""

from __future__ import annotations

from functools import reduce
from typing import TYPE_CHECKING

import numpy as np

from gossamer.frontends.emitter import axis_of
from gossamer.frontends.keras.registry import RuleResult, layer
from gossamer.frontends.parts.normalization import unit
from gossamer.frontends.parts.products import batch_dot
from gossamer.frontends.parts.shaping import expand_dims
from gossamer.ops.arithmetic import Add, Mul, Sub
from gossamer.ops.concatenation import Concatenation
from gossamer.ops.logical import LogicalOr
from gossamer.ops.maximum import Maximum, Minimum
from gossamer.ops.select import SelectV2

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


@layer("Add", "Subtract")
def _merge(call: Call) -> RuleResult:
    return _folded(call)


@layer("Maximum", "Minimum", "Multiply")
def _merge_where_shown(call: Call) -> RuleResult:
    """These leave out what is masked in their inputs, unlike the others."""
    if not any(call.masks):
        return _folded(call)
    tensors = [call.cast(x, call.dtype) for x in call.inputs]
    masks = [
        None if mask is None else expand_dims(call, mask, -1) for mask in call.masks
    ]
    if isinstance(_operator(call), Mul):
        return _product_where_shown(call, tensors, masks)
    result, shown = tensors[0], masks[0]
    for x, mask in zip(tensors[1:], masks[1:], strict=True):
        other = x if mask is None else call.emit(SelectV2(), mask, x, result)
        if shown is not None:
            result = call.emit(SelectV2(), shown, result, other)
        result = call.emit(_operator(call), result, other)
        shown = _either(call, shown, mask)
    return result


def _product_where_shown(
    call: Call, tensors: list[Tensor], masks: list[Tensor | None]
) -> Tensor:
    """The product of what is shown, zero where every input is masked."""
    zero, one = (
        call.constant(name, np.asarray(value, call.dtype.numpy))
        for value, name in enumerate(("zero", "one"))
    )
    factors = [
        x if mask is None else call.emit(SelectV2(), mask, x, one)
        for x, mask in zip(tensors, masks, strict=True)
    ]
    product = reduce(lambda x, y: call.emit(Mul(), x, y), factors)
    shown = reduce(lambda x, y: _either(call, x, y), masks)
    if shown is None:
        return product
    return call.emit(SelectV2(), shown, product, zero)


def _either(call: Call, one: Tensor | None, two: Tensor | None) -> Tensor | None:
    """Where one mask or the other shows; None where there are not two."""
    if one is None or two is None:
        return None
    return call.emit(LogicalOr(), one, two)


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
    tensors = [call.cast(x, call.dtype) for x in _of_one_rank(call)]
    return reduce(lambda x, y: call.emit(_operator(call), x, y), tensors)


def _operator(call: Call) -> Op:
    names = (kind.__name__ for kind in type(call.operation).__mro__)
    return next(_OPERATORS[name] for name in names if name in _OPERATORS)
