"""Axes merged and split, also where several sizes are known only at run time."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from gossamer.frontends.emitter import dims
from gossamer.frontends.parts.shaping import reshape
from gossamer.ir.types import DType, TensorType
from gossamer.ops.concatenation import Concatenation
from gossamer.ops.reshape import Reshape
from gossamer.ops.shape import Shape as ShapeOf
from gossamer.ops.strided_slice import StridedSlice

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gossamer.frontends.emitter import Emitter
    from gossamer.ir.graph import Tensor


@dataclass(frozen=True, slots=True)
class Axis:
    """The size of the input along an axis."""

    index: int


Entry: TypeAlias = "int | Axis"
"""A size of the result: a number, -1 for what remains, or a size of the input."""


def regroup(emitter: Emitter, x: Tensor, entries: Sequence[Entry]) -> Tensor:
    """RESHAPE by one constant where at most one size is free, else by SHAPE of `x`.

    At most one entry is -1.
    """
    shape = dims(x)
    sizes = [
        shape[entry.index] if isinstance(entry, Axis) else entry for entry in entries
    ]
    if tuple(sizes) == shape:
        return x
    if sum(size < 0 for size in sizes) <= 1:
        return reshape(emitter, x, sizes)
    type_ = TensorType(x.dtype, tuple(sizes))
    target = _shape_vector(emitter, x, entries)
    name = f"{emitter.path}/reshape"
    return emitter.builder.nodes(Reshape(), x, target, names=(name,), types=(type_,))[0]


def merge(emitter: Emitter, x: Tensor, first: int, count: int) -> Tensor:
    """`count` axes from `first` on as one; with a count of 0, a new axis of size 1."""
    shape = dims(x)
    merged = shape[first : first + count]
    size = -1 if any(dim < 0 for dim in merged) else math.prod(merged)
    before = [Axis(axis) for axis in range(first)]
    after = [Axis(axis) for axis in range(first + count, len(shape))]
    return x if count == 1 else regroup(emitter, x, [*before, size, *after])


def split(emitter: Emitter, x: Tensor, axis: int, sizes: Sequence[int]) -> Tensor:
    """One axis as several, of which one size may be -1; with no sizes, dropped."""
    before = [Axis(index) for index in range(axis)]
    after = [Axis(index) for index in range(axis + 1, x.type.rank)]
    return regroup(emitter, x, [*before, *sizes, *after])


def _shape_vector(emitter: Emitter, x: Tensor, entries: Sequence[Entry]) -> Tensor:
    """The entries as int32: neighbouring sizes of `x` in one slice of its shape."""
    source = emitter.emit(ShapeOf(DType.INT32), x)
    parts: list[Tensor] = []
    for run in _runs(entries):
        first = run[0]
        if isinstance(first, Axis):
            bounds = ([first.index], [first.index + len(run)], [1])
            names = ("begin", "end", "strides")
            slices = map(emitter.indices, names, bounds)
            parts.append(emitter.emit(StridedSlice(), source, *slices))
        else:
            numbers = [entry for entry in run if isinstance(entry, int)]
            parts.append(emitter.indices("sizes", numbers))
    return parts[0] if len(parts) == 1 else emitter.emit(Concatenation(0), *parts)


def _runs(entries: Sequence[Entry]) -> list[list[Entry]]:
    """Numbers next to each other, and axes that follow each other."""
    runs: list[list[Entry]] = []
    for entry in entries:
        last = runs[-1][-1] if runs else None
        if isinstance(entry, Axis):
            joins = isinstance(last, Axis) and entry.index == last.index + 1
        else:
            joins = isinstance(last, int)
        if joins:
            runs[-1].append(entry)
        else:
            runs.append([entry])
    return runs


def size_of(emitter: Emitter, x: Tensor, axis: int) -> Tensor:
    """The size along an axis as an int32 without dimensions."""
    known = dims(x)[axis]
    if known >= 0:
        return emitter.indices("size", known)
    bounds = map(
        emitter.indices, ("begin", "end", "strides"), ([axis], [axis + 1], [1])
    )
    shape = emitter.emit(ShapeOf(DType.INT32), x)
    return emitter.emit(StridedSlice(shrink_axis_mask=1), shape, *bounds)
