"""Rules of what moves values: shapes, order, borders, slices, joining and cutting."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from gossamer.frontends.emitter import dims
from gossamer.frontends.jax import framework
from gossamer.frontends.jax.registry import RuleResult, primitive
from gossamer.frontends.parts import shaping
from gossamer.frontends.parts.slicing import cut
from gossamer.frontends.report import Unsupported
from gossamer.ops.concatenation import Concatenation
from gossamer.ops.dilate import Dilate
from gossamer.ops.pack import Pack, Unpack
from gossamer.ops.pad import Pad, PadV2
from gossamer.ops.range import Range
from gossamer.ops.reshape import Reshape
from gossamer.ops.reverse import ReverseV2
from gossamer.ops.split import SplitV
from gossamer.ops.tile import Tile

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gossamer.frontends.jax.call import Call
    from gossamer.ir.graph import Tensor


@primitive("broadcast_in_dim")
def _broadcast(call: Call) -> RuleResult:
    """The operand with ones in the new dimensions: its readers stretch it."""
    if call.is_known(0):
        return call.loose(0)
    x = call.loose(0)
    places = [int(dim) for dim in call.params["broadcast_dimensions"]]
    given = (1,) * (len(places) - x.type.rank) + dims(x)
    target = [1] * len(call.params["shape"])
    for place, size in zip(places, given, strict=True):
        target[place] = size
    while target and target[0] == 1 and len(target) > x.type.rank:
        target.pop(0)
    return reshaped(call, x, target, call.params["shape"])


@primitive("reshape")
def _reshape(call: Call) -> RuleResult:
    sizes = call.params["new_sizes"]
    return reshaped(call, call.x, framework.sizes_of(sizes), sizes)


def reshaped(
    call: Call, x: Tensor, target: Sequence[int], symbols: Sequence[Any]
) -> Tensor:
    """RESHAPE, with the sizes computed where several are free.

    `symbols` is the shape that the last of its sizes stand for, by number.
    """
    try:
        return shaping.reshape(call, x, target)
    except Unsupported:
        shape = [
            symbols[len(symbols) - len(target) + index] if size < 0 else size
            for index, size in enumerate(target)
        ]
        return call.emit_as(tuple(target), Reshape(), x, call.sizes(shape))


@primitive("squeeze", "expand_dims")
def _same_elements(call: Call) -> RuleResult:
    shape = call.step.results[0].shape
    return reshaped(call, call.x, call.result_shape(), shape)


@primitive("transpose")
def _transpose(call: Call) -> RuleResult:
    return shaping.transpose(call, call.x, call.params["permutation"])


@primitive("rev")
def _reverse(call: Call) -> RuleResult:
    axes = [int(axis) for axis in call.params["dimensions"]]
    return (
        call.emit(ReverseV2(), call.x, call.indices("axes", axes)) if axes else call.x
    )


@primitive("concatenate")
def _concatenate(call: Call) -> RuleResult:
    parts = [call.wide(index) for index in range(len(call.step.operands))]
    if len(parts) == 1:
        return parts[0]
    return call.emit(Concatenation(int(call.params["dimension"])), *parts)


@primitive("stack")
def _stack(call: Call) -> RuleResult:
    parts = [call.wide(index) for index in range(len(call.step.operands))]
    return call.emit(Pack(len(parts), int(call.params["axis"])), *parts)


@primitive("unstack")
def _unstack(call: Call) -> RuleResult:
    op = Unpack(len(call.step.results), int(call.params["axis"]))
    return call.emit_all(op, call.x)


@primitive("split")
def _split(call: Call) -> RuleResult:
    sizes = [int(size) for size in call.params["sizes"]]
    axis = call.indices("axis", int(call.params["axis"]))
    return call.emit_all(SplitV(len(sizes)), call.x, call.indices("sizes", sizes), axis)


@primitive("tile")
def _tile(call: Call) -> RuleResult:
    counts = [int(count) for count in call.params["reps"]]
    return call.emit(Tile(), call.x, call.indices("multiples", counts))


@primitive("slice")
def _slice(call: Call) -> RuleResult:
    shape = call.step.operands[0].shape
    starts, limits = call.params["start_indices"], call.params["limit_indices"]
    strides = call.params["strides"] or (1,) * len(shape)
    for bound in (*starts, *strides):
        call.require(
            framework.is_size(bound),
            f"it cuts from {bound}, which depends on a free size",
            "Fix that size, or cut with jax.lax.dynamic_slice.",
        )
    key = [
        slice(int(start) or None, _limit(limit, size), int(stride))
        for start, limit, size, stride in zip(
            starts, limits, shape, strides, strict=True
        )
    ]
    return cut(call, call.x, [_open(each) for each in key])


def _limit(limit: Any, size: Any) -> int | None:
    """Where a slice ends, None at the end of the axis."""
    if limit == size:
        return None
    if framework.is_size(limit):
        return int(limit)
    behind = limit - size
    if framework.is_size(behind) and int(behind) < 0:
        return int(behind)
    raise Unsupported(
        f"it cuts up to {limit} of {size}", "Fix that size, or cut from the end."
    )


def _open(part: slice) -> slice:
    return slice(None) if part == slice(None, None, 1) else part


@primitive("pad")
def _pad(call: Call) -> RuleResult:
    borders = call.params["padding_config"]
    for low, high, inside in borders:
        call.require(
            all(framework.is_size(x) for x in (low, high, inside)),
            f"it pads by {low} and {high}, which depend on a free size",
            "Fix that size.",
        )
    return padded(
        call, call.x, [(int(a), int(b), int(c)) for a, b, c in borders], call.loose(1)
    )


def padded(
    call: Call, x: Tensor, borders: Sequence[tuple[int, int, int]], value: Tensor
) -> Tensor:
    """`x` with `value` before, behind and between; what is negative is cut off."""
    if any(inside for *_, inside in borders):
        steps = call.constant(
            "steps", np.array([inside + 1 for *_, inside in borders], np.int32)
        )
        x = call.emit(Dilate(), x, steps, value)
    grown = [[max(low, 0), max(high, 0)] for low, high, _ in borders]
    if np.any(grown):
        paddings = call.indices("paddings", grown)
        if value.data is not None and not np.any(value.data):
            x = call.emit(Pad(), x, paddings)
        else:
            x = call.emit(PadV2(), x, paddings, value)
    if any(low < 0 or high < 0 for low, high, _ in borders):
        x = cut(call, x, [_cropped(low, high) for low, high, _ in borders])
    return x


def _cropped(low: int, high: int) -> slice:
    return slice(-low if low < 0 else None, high if high < 0 else None)


@primitive("iota")
def _iota(call: Call) -> RuleResult:
    """Numbers along one dimension, with ones for the others."""
    shape = call.params["shape"]
    axis = int(call.params["dimension"])
    zero, one = (call.constant("bound", np.int32(x)) for x in (0, 1))
    end = call.walk.size(shape[axis])
    numbers = call.cast(call.emit(Range(), zero, end, one), call.dtype)
    target = [-1] + [1] * (len(shape) - 1 - axis)
    return shaping.reshape(call, numbers, target)


@primitive("dimension_size", "dim_as_value")
def _dimension(call: Call) -> RuleResult:
    """A size as a number."""
    dim = call.params.get("dim")
    if dim is None:
        dim = call.step.operands[0].shape[int(call.params["dimension"])]
    if framework.is_size(dim):
        return call.constant("size", np.array(int(dim), call.dtype.numpy))
    return call.cast(call.walk.size(dim), call.dtype)
