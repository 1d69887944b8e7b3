"""Sizes that may be known only when the model runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from gossamer.frontends.emitter import dims
from gossamer.ir.types import DType, TensorType
from gossamer.ops.broadcast import BroadcastTo
from gossamer.ops.fill import Fill
from gossamer.ops.pack import Pack
from gossamer.ops.range import Range
from gossamer.ops.shape import Shape as ShapeOf
from gossamer.ops.strided_slice import StridedSlice

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gossamer.frontends.emitter import Emitter
    from gossamer.ir.graph import Tensor
    from gossamer.ir.types import Array

Size: TypeAlias = "int | tuple[Tensor, int]"
"""A number, or the size of a tensor along an axis."""

SMALL = 1024
"""Elements up to which zeros are stored, and not made when the model runs."""


def size(emitter: Emitter, x: Tensor, axis: int) -> Tensor:
    """The size along an axis as an int32 without dimensions."""
    known = dims(x)[axis]
    if known >= 0:
        return emitter.indices("size", known)
    return emitter.once((x, axis), lambda: _read(emitter, x, axis))


def _read(emitter: Emitter, x: Tensor, axis: int) -> Tensor:
    all_ = emitter.once(x, lambda: emitter.emit(ShapeOf(DType.INT32), x))
    ends = [emitter.indices(name, [axis + i]) for i, name in enumerate(("at", "end"))]
    op = StridedSlice(shrink_axis_mask=1)
    return emitter.emit(op, all_, *ends, emitter.indices("step", [1]))


def known(entry: Size) -> int:
    """The size, or -1 where only running tells it."""
    return entry if isinstance(entry, int) else dims(entry[0])[entry[1]]


def shape(emitter: Emitter, sizes: Sequence[Size]) -> Tensor:
    """Sizes as a vector of int32."""
    numbers = [known(entry) for entry in sizes]
    if min(numbers, default=0) >= 0:
        return emitter.indices("shape", numbers)
    parts = [
        emitter.indices("size", number)
        if number >= 0 or isinstance(entry, int)
        else size(emitter, *entry)
        for number, entry in zip(numbers, sizes, strict=True)
    ]
    return emitter.emit(Pack(len(parts), 0), *parts)


def spread(emitter: Emitter, x: Tensor, sizes: Sequence[Size]) -> Tensor:
    """`x` repeated along its axes of size one."""
    kind = TensorType(x.dtype, tuple(map(known, sizes)))
    return emitter.builder.nodes(
        BroadcastTo(),
        x,
        shape(emitter, sizes),
        names=(f"{emitter.path}/spread",),
        types=(kind,),
    )[0]


def spread_together(emitter: Emitter, *tensors: Tensor) -> list[Tensor]:
    """Tensors in the one shape that all of them broadcast to."""
    if len({dims(x) for x in tensors}) == 1:
        return list(tensors)
    rank = max(x.type.rank for x in tensors)
    common = [_common(tensors, axis - rank) for axis in range(rank)]
    wanted = tuple(known(entry) for entry in common)
    return [x if dims(x) == wanted else spread(emitter, x, common) for x in tensors]


def _common(tensors: Sequence[Tensor], axis: int) -> Size:
    """The size along an axis, counted from the end, of what tensors broadcast to."""
    there = [x for x in tensors if x.type.rank >= -axis]
    numbers = [dims(x)[axis] for x in there]
    if max(numbers) > 1 or min(numbers) >= 0:
        return 0 if 0 in numbers else max(numbers)
    x = there[numbers.index(-1)]
    return x, x.type.rank + axis


def like(x: Tensor) -> list[Size]:
    """The sizes of a tensor."""
    return [(x, axis) if n < 0 else n for axis, n in enumerate(dims(x))]


def counted(emitter: Emitter, entry: Size) -> Tensor:
    """The numbers from 0 up to a size, in int32."""
    number = known(entry)
    if number >= 0:
        return emitter.indices("places", np.arange(number))
    assert not isinstance(entry, int)
    ends = emitter.indices("zero", 0), size(emitter, *entry), emitter.indices("one", 1)
    return emitter.emit(Range(), *ends)


def zeros(
    emitter: Emitter, sizes: Sequence[Size], dtype: DType = DType.FLOAT32
) -> Tensor:
    """Zeros of these sizes."""
    return filled(emitter, sizes, np.zeros((), dtype.numpy))


def filled(emitter: Emitter, sizes: Sequence[Size], value: Array) -> Tensor:
    """One number, which has no dimensions, in every place of these sizes."""
    numbers = tuple(known(entry) for entry in sizes)
    if min(numbers, default=0) >= 0 and np.prod(numbers) <= SMALL:
        return emitter.constant("filled", np.full(numbers, value))
    key = (*sizes, value.item(), value.dtype)
    return emitter.once(key, lambda: _filled(emitter, sizes, value))


def _filled(emitter: Emitter, sizes: Sequence[Size], value: Array) -> Tensor:
    dtype = DType.of_numpy(value.dtype)
    return emitter.builder.nodes(
        Fill(),
        shape(emitter, sizes),
        emitter.constant("value", value),
        names=(f"{emitter.path}/filled",),
        types=(TensorType(dtype, tuple(map(known, sizes))),),
    )[0]
