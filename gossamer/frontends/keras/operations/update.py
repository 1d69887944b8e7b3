"""Rules of the operations of `keras.ops` that overwrite a part of a tensor."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gossamer.frontends.keras.framework import to_numpy
from gossamer.frontends.keras.registry import RuleResult, operation
from gossamer.frontends.keras.trace import as_list
from gossamer.frontends.parts.shaping import reshape
from gossamer.ir.graph import Tensor
from gossamer.ir.types import DType
from gossamer.ops.concatenation import Concatenation
from gossamer.ops.dynamic_update_slice import DynamicUpdateSlice

if TYPE_CHECKING:
    from gossamer.frontends.keras.call import Call


@operation("SliceUpdate")
def _slice_update(call: Call) -> RuleResult:
    x = call.argument("inputs", call.dtype)
    new = call.argument("updates", call.dtype)
    start = _vector(call, call.arguments["start_indices"])
    return call.emit(DynamicUpdateSlice(), x, new, start)


def _vector(call: Call, value: Any) -> Tensor:
    """Indices as one vector of int32: a tensor, or numbers and tensors in a list."""
    if isinstance(value, Tensor):
        return call.cast(value, DType.INT32)
    entries = as_list(value)
    if not any(isinstance(entry, Tensor) for entry in entries):
        return call.indices("start", to_numpy(value))
    parts = [
        reshape(call, call.cast(entry, DType.INT32), (1,))
        if isinstance(entry, Tensor)
        else call.indices("start", [int(entry)])
        for entry in entries
    ]
    return call.emit(Concatenation(0), *parts)
