"""Rules of the operations of `keras.ops` that pick or place by index."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from gossamer.frontends.emitter import dims
from gossamer.frontends.keras.framework import to_numpy
from gossamer.frontends.keras.registry import RuleResult, operation
from gossamer.frontends.keras.trace import as_list, flatten
from gossamer.frontends.parts.scatter import scatter_into, scattered
from gossamer.frontends.parts.shaping import reshape
from gossamer.frontends.parts.slicing import cut, window
from gossamer.frontends.report import Unsupported
from gossamer.ir.graph import Tensor
from gossamer.ir.types import DType
from gossamer.ops.segment import (
    SegmentSum,
    UnsortedSegmentMax,
    UnsortedSegmentMin,
    UnsortedSegmentProd,
    UnsortedSegmentSum,
)
from gossamer.ops.top_k import TopKV2

if TYPE_CHECKING:
    from gossamer.frontends.keras.call import Call
    from gossamer.frontends.parts.sizes import Size
    from gossamer.ir.op import Op

_SEGMENTS: dict[str, Op] = {
    "SegmentMax": UnsortedSegmentMax(),
    "SegmentMin": UnsortedSegmentMin(),
    "SegmentProd": UnsortedSegmentProd(),
    "SegmentSum": UnsortedSegmentSum(),
}


@operation("Slice")
def _slice(call: Call) -> RuleResult:
    """The box of a stated shape, moved so that it lies inside."""
    x = call.argument("inputs")
    starts = _starts(call, call.arguments["start_indices"], x.type.rank)
    stated: Any = call.operation.shape
    sizes = [-1 if size is None else int(size) for size in flatten(stated)]
    return window(call, x, starts, _lengths(x, starts, sizes))


def _lengths(
    x: Tensor, starts: list[int | Tensor], sizes: list[int]
) -> tuple[int, ...]:
    """The box, with -1 for the whole of an axis; stated as -1 it is what remains."""
    lengths: list[int] = []
    for start, size, n in zip(starts, sizes, dims(x), strict=True):
        if start == 0 and size in (-1, n):
            lengths.append(-1)
        elif n < 0:
            raise Unsupported(
                f"it cuts a part out of an axis whose size is not known: {dims(x)}",
                "Fix that size in keras.Input, or index with a slice.",
            )
        elif size >= 0:
            lengths.append(size)
        elif isinstance(start, int):
            lengths.append(n - start)
        else:
            raise Unsupported(
                "it cuts all from a place on that is computed while the model runs",
                "State the size of the part.",
            )
    return tuple(lengths)


def _starts(call: Call, value: Any, rank: int) -> list[int | Tensor]:
    """Each as a number where it is known, else as int32 without dimensions."""
    if isinstance(value, Tensor):
        every = call.cast(value, DType.INT32)
        return [cut(call, every, [axis]) for axis in range(rank)]
    return [
        reshape(call, call.cast(entry, DType.INT32), ())
        if isinstance(entry, Tensor)
        else int(to_numpy(entry))
        for entry in (as_list(value) if isinstance(value, list | tuple) else value)
    ]


@operation("Scatter")
def _scatter(call: Call) -> RuleResult:
    places = _coordinates(call, list(_stated(call)))
    values = call.argument("values", call.dtype)
    return scattered(call, places, values, _stated(call))


def _stated(call: Call) -> list[Size]:
    return [int(size) for size in flatten(call.operation.shape)]


@operation("ScatterUpdate")
def _scatter_update(call: Call) -> RuleResult:
    x = call.argument("inputs", call.dtype)
    values = call.argument("updates", call.dtype)
    places = _coordinates(call, list(dims(x)))
    return scatter_into(call, x, places, values, call.operation.reduction or "set")


def _coordinates(call: Call, shape: list[Any]) -> Tensor:
    """The indices in int32; known ones below zero are counted from the front."""
    value = call.arguments["indices"]
    if isinstance(value, Tensor):
        return call.cast(value, DType.INT32)
    array = to_numpy(value).astype(np.int64)
    sizes = np.array(shape[: array.shape[-1]])
    return call.indices("indices", np.where(array < 0, array + sizes, array))


@operation("TopK")
def _top_k(call: Call) -> RuleResult:
    count = call.indices("k", int(call.operation.k))
    values, places = call.emit_all(TopKV2(), call.x, count)
    return [values, places]


@operation(*_SEGMENTS)
def _segments(call: Call) -> RuleResult:
    """The rows of each segment joined; without a number of them, they must rise."""
    used = call.operation
    name = type(used).__name__
    x = call.argument("data")
    x = x if x.dtype in (DType.FLOAT32, DType.INT32) else call.real(x)
    ids = call.argument("segment_ids", DType.INT32)
    if used.num_segments is not None:
        count = call.indices("count", int(used.num_segments))
        return call.cast(call.emit(_SEGMENTS[name], x, ids, count), call.dtype)
    if name == "SegmentSum" and used.sorted:
        return call.cast(call.emit(SegmentSum(), x, ids), call.dtype)
    raise Unsupported(
        "it does not state how many segments there are",
        "Give num_segments.",
    )
