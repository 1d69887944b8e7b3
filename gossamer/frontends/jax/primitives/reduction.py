"""Rules of reductions and running sums."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gossamer.frontends.jax.registry import RuleResult, primitive
from gossamer.frontends.parts import running
from gossamer.frontends.parts.arithmetic import computed_in
from gossamer.ir.types import DType
from gossamer.ops.arg import ArgMax, ArgMin
from gossamer.ops.arithmetic import Add, Sub
from gossamer.ops.compare import NotEqual
from gossamer.ops.floor_div import FloorMod
from gossamer.ops.reduce import ReduceMax, ReduceMin, ReduceProd, Sum
from gossamer.ops.reduce_truth import ReduceAll, ReduceAny
from gossamer.ops.unary import Exp, Log

if TYPE_CHECKING:
    from collections.abc import Callable

    from gossamer.frontends.jax.call import Call
    from gossamer.ir.op import Op

_REDUCTIONS: dict[str, Callable[[], Op]] = {
    "reduce_and": ReduceAll,
    "reduce_max": ReduceMax,
    "reduce_min": ReduceMin,
    "reduce_or": ReduceAny,
    "reduce_prod": ReduceProd,
    "reduce_sum": Sum,
}
_RUNNING: dict[str, running.How] = {
    "cummax": "maximum",
    "cummin": "minimum",
    "cumprod": "mul",
}


@primitive(*_REDUCTIONS)
def _reduction(call: Call) -> RuleResult:
    axes = [int(axis) for axis in call.params["axes"]]
    inside = computed_in(call.dtype)
    x = call.wide(0, inside)
    if not axes:
        return call.cast(x, call.dtype)
    y = call.emit(_REDUCTIONS[call.step.name](), x, call.indices("axes", axes))
    return call.cast(y, call.dtype)


@primitive("reduce_xor")
def _parity(call: Call) -> RuleResult:
    axes = call.indices("axes", list(call.params["axes"]))
    total = call.emit(Sum(), call.wide(0, DType.INT32), axes)
    odd = call.emit(FloorMod(), total, call.constant("two", np.int32(2)))
    return call.emit(NotEqual(), odd, call.constant("zero", np.int32(0)))


@primitive("argmax", "argmin")
def _argument_of_extreme(call: Call) -> RuleResult:
    kind = ArgMax if call.step.name == "argmax" else ArgMin
    inside = computed_in(call.operand_dtype())
    (axis,) = call.params["axes"]
    found = call.emit(
        kind(DType.INT32), call.wide(0, inside), call.indices("axis", int(axis))
    )
    return call.cast(found, call.dtype)


@primitive("cumsum")
def _running_sum(call: Call) -> RuleResult:
    axis, is_reversed = int(call.params["axis"]), bool(call.params["reverse"])
    return running.total(call, call.wide(0), axis, reverse=is_reversed)


@primitive("cumlogsumexp")
def _running_log_sum(call: Call) -> RuleResult:
    """log(cumsum(exp(x - m))) + m, with m the greatest of all."""
    axis = int(call.params["axis"])
    x = call.x
    most = call.emit(ReduceMax(keep_dims=True), x, call.indices("axes", [axis]))
    powers = call.emit(Exp(), call.emit(Sub(), x, most))
    total = running.total(call, powers, axis, reverse=bool(call.params["reverse"]))
    return call.emit(Add(), call.emit(Log(), total), most)


@primitive(*_RUNNING)
def _running(call: Call) -> RuleResult:
    axis, is_reversed = int(call.params["axis"]), bool(call.params["reverse"])
    how = _RUNNING[call.step.name]
    return running.window(call, call.wide(0), axis, how, reverse=is_reversed)
