"""Rules of the operations of `keras.ops` that turn numbers into vectors."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gossamer.frontends.emitter import axis_of
from gossamer.frontends.keras.framework import dtype_of
from gossamer.frontends.keras.registry import RuleResult, operation
from gossamer.frontends.parts.category import one_hot
from gossamer.ir.types import DType
from gossamer.ops.reduce import ReduceMax

if TYPE_CHECKING:
    from gossamer.frontends.keras.call import Call
    from gossamer.ir.graph import Tensor


@operation("OneHot")
def _one_hot(call: Call) -> RuleResult:
    return call.cast(_hot(call), call.dtype)


@operation("MultiHot")
def _multi_hot(call: Call) -> RuleResult:
    """ONE_HOT, and the greatest of each row."""
    axis = call.indices("axis", [1 if call.x.type.rank > 1 else 0])
    # Keras declares the type of the numbers, and gives the stated one.
    stated = dtype_of(call.operation.dtype)
    return call.cast(call.emit(ReduceMax(), _hot(call), axis), stated)


def _hot(call: Call) -> Tensor:
    used = call.operation
    stated = call.dtype if used.dtype is None else dtype_of(used.dtype)
    dtype = DType.FLOAT32 if stated is DType.BOOL else stated
    axis = axis_of(int(used.axis), call.x.type.rank + 1)
    return one_hot(call, call.x, int(used.num_classes), dtype, axis)
