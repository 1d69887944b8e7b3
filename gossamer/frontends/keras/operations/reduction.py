"""Rules of the reductions of `keras.ops`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gossamer.frontends.emitter import axis_of
from gossamer.frontends.keras.framework import to_numpy
from gossamer.frontends.keras.registry import RuleResult, operation
from gossamer.frontends.keras.trace import flatten
from gossamer.frontends.parts.arithmetic import number_in
from gossamer.frontends.parts.shaping import expand_dims, reshape
from gossamer.ir.types import DType
from gossamer.ops.arg import ArgMax, ArgMin
from gossamer.ops.maximum import Maximum, Minimum
from gossamer.ops.reduce import Mean, ReduceMax, ReduceMin, ReduceProd, Sum
from gossamer.ops.reduce_truth import ReduceAll, ReduceAny

if TYPE_CHECKING:
    from collections.abc import Callable

    from gossamer.frontends.keras.call import Call
    from gossamer.ir.op import Op

_REDUCTIONS: dict[str, Callable[[bool], Op]] = {
    "All": ReduceAll,
    "Amax": ReduceMax,
    "Amin": ReduceMin,
    "Any": ReduceAny,
    "Max": ReduceMax,
    "Mean": Mean,
    "Min": ReduceMin,
    "Prod": ReduceProd,
    "Sum": Sum,
}


_OF_TRUTH = frozenset({"All", "Any"})
_WITH_INITIAL = {
    "Amax": Maximum(),
    "Amin": Minimum(),
    "Max": Maximum(),
    "Min": Minimum(),
}


@operation(*_REDUCTIONS)
def _reduction(call: Call) -> RuleResult:
    used, name = call.operation, type(call.operation).__name__
    inside = call.dtype if name in _OF_TRUTH else number_in(call.dtype)
    x = call.cast(call.x, inside)
    axes = call.indices("axes", _axes(used.axis, x.type.rank))
    y = call.emit(_REDUCTIONS[name](bool(used.keepdims)), x, axes)
    initial: Any = getattr(used, "initial", None)
    if initial is not None:
        start = call.constant("initial", to_numpy(initial).astype(inside.numpy))
        y = call.emit(_WITH_INITIAL[name], y, start)
    return call.cast(y, call.dtype)


def _axes(axis: int | list[int] | tuple[int, ...] | None, rank: int) -> list[int]:
    if axis is None:
        return list(range(rank))
    return [axis_of(int(one), rank) for one in flatten(axis)]


@operation("Argmax", "Argmin")
def _argument_of_extreme(call: Call) -> RuleResult:
    """The place along one axis; without an axis, that in all elements in a row."""
    used, x = call.operation, call.x
    kind = ArgMax if type(used).__name__ == "Argmax" else ArgMin
    rank = x.type.rank
    x = call.cast(x, number_in(x.dtype))
    flat = reshape(call, x, (-1,)) if used.axis is None else x
    axis = 0 if used.axis is None else axis_of(int(used.axis), rank)
    found = call.emit(kind(DType.INT32), flat, call.indices("axis", axis))
    if used.keepdims:
        kept = range(rank) if used.axis is None else [axis]
        for one in kept:
            found = expand_dims(call, found, one)
    return call.cast(found, call.dtype)
