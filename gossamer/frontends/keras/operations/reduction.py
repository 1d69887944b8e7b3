"""Rules of the reductions of `keras.ops`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gossamer.frontends.emitter import axis_of
from gossamer.frontends.keras.registry import RuleResult, operation
from gossamer.frontends.keras.trace import flatten
from gossamer.frontends.report import Unsupported
from gossamer.ir.types import DType
from gossamer.ops.arg import ArgMax, ArgMin
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


@operation(*_REDUCTIONS)
def _reduction(call: Call) -> RuleResult:
    used = call.operation
    if getattr(used, "initial", None) is not None:
        raise Unsupported(
            f"it reduces with initial={used.initial}",
            "Leave `initial` out, and take keras.ops.maximum with it afterwards.",
        )
    x = call.cast(call.x, call.dtype)
    axes = call.indices("axes", _axes(used.axis, x.type.rank))
    made = _REDUCTIONS[type(used).__name__](bool(used.keepdims))
    return call.emit(made, x, axes)


def _axes(axis: int | list[int] | tuple[int, ...] | None, rank: int) -> list[int]:
    if axis is None:
        return list(range(rank))
    return [axis_of(int(one), rank) for one in flatten(axis)]


@operation("Argmax", "Argmin")
def _argument_of_extreme(call: Call) -> RuleResult:
    used = call.operation
    if used.axis is None or used.keepdims:
        raise Unsupported(
            f"it has axis={used.axis} and keepdims={used.keepdims}",
            "Give one axis, and add the kept axis with keras.ops.expand_dims.",
        )
    kind = ArgMax if type(used).__name__ == "Argmax" else ArgMin
    axis = call.indices("axis", axis_of(int(used.axis), call.x.type.rank))
    return call.cast(call.emit(kind(DType.INT32), call.x, axis), call.dtype)
