"""Rules of reductions and running sums."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gossamer.frontends.jax.primitives.arithmetic import computed_in
from gossamer.frontends.jax.registry import RuleResult, primitive
from gossamer.frontends.report import Unsupported
from gossamer.ir.types import DType
from gossamer.ops.arg import ArgMax, ArgMin
from gossamer.ops.compare import NotEqual
from gossamer.ops.cumsum import Cumsum
from gossamer.ops.floor_div import FloorMod
from gossamer.ops.pad import PadV2
from gossamer.ops.reduce import ReduceMax, ReduceMin, ReduceProd, Sum
from gossamer.ops.reduce_truth import ReduceAll, ReduceAny
from gossamer.ops.reduce_window import ReduceWindow
from gossamer.ops.reverse import ReverseV2
from gossamer.ops.unary import Exp, Log

if TYPE_CHECKING:
    from collections.abc import Callable

    from gossamer.frontends.jax.call import Call
    from gossamer.ir.graph import Tensor
    from gossamer.ir.op import Op

_REDUCTIONS: dict[str, Callable[[], Op]] = {
    "reduce_and": ReduceAll,
    "reduce_max": ReduceMax,
    "reduce_min": ReduceMin,
    "reduce_or": ReduceAny,
    "reduce_prod": ReduceProd,
    "reduce_sum": Sum,
}
_RUNNING = {"cumprod": "mul", "cummax": "maximum", "cummin": "minimum"}
_START = {"cumprod": 1.0, "cummax": -np.inf, "cummin": np.inf}


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
    inside = computed_in(call.dtype)
    axis = call.indices("axis", int(call.params["axis"]))
    op = Cumsum(reverse=bool(call.params["reverse"]))
    return call.cast(call.emit(op, call.wide(0, inside), axis), call.dtype)


@primitive("cumlogsumexp")
def _running_log_sum(call: Call) -> RuleResult:
    """log(cumsum(exp(x - m))) + m, with m the greatest of all."""
    from gossamer.ops.arithmetic import Add, Sub  # noqa: PLC0415

    index = int(call.params["axis"])
    axis = call.indices("axis", index)
    x = call.x
    most = call.emit(ReduceMax(keep_dims=True), x, call.indices("axes", [index]))
    powers = call.emit(Exp(), call.emit(Sub(), x, most))
    total = call.emit(Cumsum(reverse=bool(call.params["reverse"])), powers, axis)
    return call.emit(Add(), call.emit(Log(), total), most)


@primitive(*_RUNNING)
def _running(call: Call) -> RuleResult:
    """A window that reaches back to the beginning, over a padded axis."""
    axis = int(call.params["axis"])
    shape = call.shape()
    size = shape[axis]
    if size < 0:
        raise Unsupported(
            f"it runs along axis {axis}, whose size is free",
            "Fix that size.",
        )
    inside = computed_in(call.dtype)
    x = call.wide(0, inside)
    is_reversed = bool(call.params["reverse"])
    if is_reversed:
        x = call.emit(ReverseV2(), x, call.indices("axes", [axis]))
    y = _window_to_start(call, x, axis, size)
    if is_reversed:
        y = call.emit(ReverseV2(), y, call.indices("axes", [axis]))
    return call.cast(y, call.dtype)


def _window_to_start(call: Call, x: Tensor, axis: int, size: int) -> Tensor:
    name, rank = call.step.name, x.type.rank
    start = call.constant("start", _start(name, x.dtype))
    paddings = np.zeros((rank, 2), np.int32)
    paddings[axis, 0] = size - 1
    padded = call.emit(PadV2(), x, call.constant("paddings", paddings), start)
    window = np.ones(rank, np.int64)
    ones = call.constant("ones", window)
    window = window.copy()
    window[axis] = size
    return call.emit(
        ReduceWindow(_RUNNING[name]),
        padded,
        start,
        call.constant("window", window),
        ones,
        ones,
    )


def _start(name: str, dtype: DType) -> np.ndarray:
    value = _START[name]
    if dtype.is_float or np.isfinite(value):
        return np.array(value, dtype.numpy)
    limits = np.iinfo(dtype.numpy)
    return np.array(limits.max if value > 0 else limits.min, dtype.numpy)
