"""Rules of the operations of `keras.ops` that move values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from gossamer.frontends.emitter import axis_of, dims
from gossamer.frontends.keras.framework import to_numpy
from gossamer.frontends.keras.registry import RuleResult, operation
from gossamer.frontends.keras.trace import as_list, flatten
from gossamer.frontends.parts import shaping
from gossamer.frontends.parts.slicing import cut
from gossamer.frontends.report import Unsupported
from gossamer.ir.graph import Tensor
from gossamer.ir.types import DType
from gossamer.ops.concatenation import Concatenation
from gossamer.ops.gather import Gather
from gossamer.ops.pack import Pack, Unpack
from gossamer.ops.pad import MirrorPad, Pad, PadV2
from gossamer.ops.reverse import ReverseV2
from gossamer.ops.split import SplitV
from gossamer.ops.tile import Tile

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gossamer.frontends.keras.call import Call


@operation("Reshape")
def _reshape(call: Call) -> RuleResult:
    return shaping.reshape(call, call.x, tuple(flatten_sizes(call.operation.newshape)))


def flatten_sizes(shape: Any) -> list[int | None]:
    """A target shape, in which a size of the input may stand as None."""
    sizes = [shape] if isinstance(shape, int) else list(shape)
    return [None if size is None else int(size) for size in sizes]


@operation("Ravel")
def _ravel(call: Call) -> RuleResult:
    return shaping.reshape(call, call.x, (-1,))


@operation("Transpose")
def _transpose(call: Call) -> RuleResult:
    axes: Any = call.operation.axes
    return shaping.transpose(
        call, call.x, range(call.x.type.rank)[::-1] if axes is None else axes
    )


@operation("Swapaxes")
def _swap_axes(call: Call) -> RuleResult:
    rank = call.x.type.rank
    first = axis_of(int(call.operation.axis1), rank)
    second = axis_of(int(call.operation.axis2), rank)
    axes = list(range(rank))
    axes[first], axes[second] = second, first
    return shaping.transpose(call, call.x, axes)


@operation("Moveaxis")
def _move_axes(call: Call) -> RuleResult:
    rank = call.x.type.rank
    sources = [axis_of(int(axis), rank) for axis in flatten(call.operation.source)]
    targets = [axis_of(int(axis), rank) for axis in flatten(call.operation.destination)]
    order = [axis for axis in range(rank) if axis not in sources]
    for target, source in sorted(zip(targets, sources, strict=True)):
        order.insert(target, source)
    return shaping.transpose(call, call.x, order)


@operation("ExpandDims")
def _expand_dims(call: Call) -> RuleResult:
    rank = call.x.type.rank
    axes = flatten(call.operation.axis)
    fronts = sorted(axis_of(int(axis), rank + len(axes)) for axis in axes)
    y = call.x
    for front in fronts:
        y = shaping.expand_dims(call, y, front)
    return y


@operation("Squeeze")
def _squeeze(call: Call) -> RuleResult:
    axis = call.operation.axis
    return shaping.squeeze(call, call.x, None if axis is None else flatten(axis))


@operation("Concatenate")
def _concatenate(call: Call) -> RuleResult:
    tensors = _tensors(call, call.arguments["xs"])
    axis = axis_of(int(call.operation.axis), call.x.type.rank)
    return call.emit(Concatenation(axis), *tensors)


@operation("Stack")
def _stack(call: Call) -> RuleResult:
    tensors = _tensors(call, call.arguments["x"])
    axis = axis_of(int(call.operation.axis), call.x.type.rank + 1)
    return call.emit(Pack(len(tensors), axis), *tensors)


def _tensors(call: Call, values: Sequence[Any]) -> list[Tensor]:
    """Tensors and constants of one list, all in the type of the result."""
    return [
        call.cast(value, call.dtype)
        if isinstance(value, Tensor)
        else call.constant("value", to_numpy(value).astype(call.dtype.numpy))
        for value in values
    ]


@operation("Unstack")
def _unstack(call: Call) -> RuleResult:
    axis = axis_of(int(call.operation.axis), call.x.type.rank)
    return call.emit_all(Unpack(len(call.outputs), axis), call.x)


@operation("Split")
def _split(call: Call) -> RuleResult:
    axis = axis_of(int(call.operation.axis), call.x.type.rank)
    size = dims(call.x)[axis]
    if size < 0:
        raise Unsupported(
            f"it splits axis {axis}, whose size is not known",
            "Fix that size in keras.Input.",
        )
    parts: Any = call.operation.indices_or_sections
    if isinstance(parts, int):
        sizes = [size // parts] * parts
    else:
        bounds = [0, *(int(place) for place in parts), size]
        sizes = [int(part) for part in np.diff(bounds)]
    return call.emit_all(
        SplitV(len(sizes)),
        call.x,
        call.indices("sizes", sizes),
        call.indices("axis", axis),
    )


@operation("Pad")
def _pad(call: Call) -> RuleResult:
    used = call.operation
    width = np.broadcast_to(np.asarray(used.pad_width, np.int32), (call.x.type.rank, 2))
    paddings = call.indices("paddings", width)
    if used.mode in ("reflect", "symmetric"):
        return call.emit(MirrorPad(used.mode), call.x, paddings)
    if used.mode != "constant":
        raise Unsupported(
            f"it pads with mode='{used.mode}'",
            "Use mode 'constant', 'reflect' or 'symmetric'.",
        )
    value = call.arguments.get("constant_values")
    if value is None or np.all(to_numpy(value) == 0):
        return call.emit(Pad(), call.x, paddings)
    filler = call.constant("value", to_numpy(value).astype(call.x.dtype.numpy))
    return call.emit(PadV2(), call.x, paddings, filler)


@operation("GetItem")
def _get_item(call: Call) -> RuleResult:
    key: Any = call.arguments["key"]
    return cut(call, call.x, as_list(key))


@operation("Take")
def _take(call: Call) -> RuleResult:
    x = call.argument("x")
    axis = call.operation.axis
    if axis is None:
        x, axis = shaping.reshape(call, x, (-1,)), 0
    front = axis_of(int(axis), x.type.rank)
    return call.emit(Gather(front), x, _places(call, dims(x)[front]))


def _places(call: Call, size: int) -> Tensor:
    """Indices; where they are known, those from the end counted from the front."""
    given: Any = call.arguments["indices"]
    if isinstance(given, Tensor) or size < 0:
        return call.argument("indices", DType.INT32)
    known = to_numpy(given).astype(np.int32)
    return call.indices("indices", np.where(known < 0, known + size, known))


@operation("Tile")
def _tile(call: Call) -> RuleResult:
    counts = [int(count) for count in flatten(call.operation.repeats)]
    rank = call.x.type.rank
    x = call.x
    for _ in range(len(counts) - rank):
        x = shaping.expand_dims(call, x, 0)
    full = [1] * (rank - len(counts)) + counts
    return call.emit(Tile(), x, call.indices("multiples", full))


@operation("Flip")
def _flip(call: Call) -> RuleResult:
    axis = call.operation.axis
    rank = call.x.type.rank
    axes = (
        range(rank) if axis is None else [axis_of(int(a), rank) for a in flatten(axis)]
    )
    return call.emit(ReverseV2(), call.x, call.indices("axes", axes))


@operation("Copy", "StopGradient", "ConvertToTensor", "Identity")
def _same(call: Call) -> RuleResult:
    return call.cast(call.x, call.dtype)
