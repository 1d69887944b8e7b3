"""Rules of the operations of `keras.ops` that sort, search, and run along an axis."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from gossamer.frontends.emitter import axis_of, dims
from gossamer.frontends.keras.framework import to_numpy
from gossamer.frontends.keras.registry import RuleResult, operation
from gossamer.frontends.parts import running, sizes, sorting
from gossamer.frontends.parts.arithmetic import number_in
from gossamer.frontends.parts.formula import Formula
from gossamer.frontends.parts.shaping import expand_dims, reshape
from gossamer.frontends.report import Unsupported
from gossamer.ir.graph import Tensor
from gossamer.ir.types import DType
from gossamer.ops.bucketize import Bucketize
from gossamer.ops.compare import Greater, GreaterEqual
from gossamer.ops.gather import Gather
from gossamer.ops.reduce import Sum

if TYPE_CHECKING:
    from gossamer.frontends.keras.call import Call

_COMPARED = (DType.FLOAT32, DType.INT32, DType.INT64)


def along(call: Call, x: Tensor) -> tuple[Tensor, int]:
    """The tensor and the axis along which to go; flat where no axis is given."""
    axis = call.operation.axis
    if axis is None:
        return reshape(call, x, (-1,)), 0
    return x, axis_of(int(axis), x.type.rank)


@operation("Sort")
def _sort(call: Call) -> RuleResult:
    return sorting.rising(call, *along(call, call.x))[0]


@operation("Argsort", "Argpartition")
def _places(call: Call) -> RuleResult:
    """Where each element of the sorted axis comes from; that is a partition too."""
    return sorting.rising(call, *along(call, call.x))[1]


@operation("Cumsum")
def _running_sum(call: Call) -> RuleResult:
    x, axis = along(call, call.cast(call.x, call.dtype))
    return running.total(call, x, axis)


@operation("Cumprod")
def _running_product(call: Call) -> RuleResult:
    x, axis = along(call, call.cast(call.x, call.dtype))
    return running.window(call, x, axis, "mul")


@operation("TakeAlongAxis")
def _take_along_axis(call: Call) -> RuleResult:
    """GATHER along the last axis, with all others as batches."""
    x, axis = along(call, call.argument("x"))
    places = _positive(call, x, axis)
    last = x.type.rank - 1
    pair = [sorting.to_end(call, side, axis) for side in (x, places)]
    values, indices = _same_batches(call, *pair)
    return sorting.to_end(call, call.emit(Gather(last, last), values, indices), axis)


def _positive(call: Call, x: Tensor, axis: int) -> Tensor:
    """The indices, those from the end counted from the front."""
    given: Any = call.arguments["indices"]
    size = dims(x)[axis]
    if not isinstance(given, Tensor):
        known = to_numpy(given).astype(np.int32)
        if size >= 0 or not np.any(known < 0):
            found = call.indices("indices", np.where(known < 0, known + size, known))
            return reshape(call, found, (-1,)) if call.operation.axis is None else found
    places = Formula(call, call.argument("indices", DType.INT32))
    count = Formula(call, sizes.size(call, x, axis))
    found = (places < 0).choose(places + count, places).tensor
    return reshape(call, found, (-1,)) if call.operation.axis is None else found


def _same_batches(call: Call, x: Tensor, places: Tensor) -> tuple[Tensor, Tensor]:
    """Both with the same sizes but the last."""
    if dims(x)[:-1] == dims(places)[:-1]:
        return x, places
    rows = [sizes.like(side)[:-1] for side in (x, places)]
    common = [
        other if sizes.known(one) == 1 else one
        for one, other in zip(*rows, strict=True)
    ]
    x, places = (
        side
        if list(map(sizes.known, common)) == list(dims(side)[:-1])
        else sizes.spread(call, side, [*common, sizes.like(side)[-1]])
        for side in (x, places)
    )
    return x, places


@operation("Digitize")
def _digitize(call: Call) -> RuleResult:
    return _counted(call, call.argument("x"), call.arguments["bins"], "right")


@operation("SearchSorted")
def _search(call: Call) -> RuleResult:
    values, sequence = call.argument("values"), call.arguments["sorted_sequence"]
    return _counted(call, values, sequence, call.operation.side)


def _counted(call: Call, x: Tensor, bounds: Any, side: str) -> Tensor:
    """How many bounds are below each element, or with "right" are not above it."""
    if not isinstance(bounds, Tensor):
        known = to_numpy(bounds)
        if np.all(known[:-1] <= known[1:]):
            return _bucketized(call, x, known, side)
        if np.all(known[:-1] >= known[1:]):  # falling bounds are counted from the end
            return _falling(call, x, known)
        raise Unsupported("its bounds neither rise nor fall", "Sort them.")
    op = GreaterEqual() if side == "right" else Greater()
    is_real = x.dtype.is_float or bounds.dtype.is_float
    dtype = DType.FLOAT32 if is_real else number_in(x.dtype)
    column = expand_dims(call, call.cast(x, dtype), x.type.rank)
    passed = call.cast(call.emit(op, column, call.cast(bounds, dtype)), DType.INT32)
    count = call.emit(Sum(), passed, call.indices("axis", [x.type.rank]))
    return call.cast(count, call.dtype)


def _bucketized(call: Call, x: Tensor, bounds: Any, side: str) -> Tensor:
    """BUCKETIZE; what is below a bound is not above the number just before it."""
    y = x if x.dtype in _COMPARED else call.real(x)
    floats = bounds.astype(np.float32)
    if side == "left":
        floats = np.nextafter(floats, np.float32(np.inf))
    found = call.emit(Bucketize(tuple(map(float, floats))), y)
    return call.cast(found, call.dtype)


def _falling(call: Call, x: Tensor, bounds: Any) -> Tensor:
    """How many falling bounds are above each element."""
    count = Formula(call, _bucketized(call, x, bounds[::-1], "right"))
    return (int(bounds.size) - count).tensor
