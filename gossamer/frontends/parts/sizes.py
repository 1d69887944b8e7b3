"""Sizes that may be known only when the model runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from gossamer.frontends.emitter import dims
from gossamer.ir.types import DType, TensorType
from gossamer.ops.broadcast import BroadcastTo
from gossamer.ops.fill import Fill
from gossamer.ops.pack import Pack
from gossamer.ops.shape import Shape as ShapeOf
from gossamer.ops.strided_slice import StridedSlice

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gossamer.frontends.emitter import Emitter
    from gossamer.ir.graph import Tensor

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


def zeros(
    emitter: Emitter, sizes: Sequence[Size], dtype: DType = DType.FLOAT32
) -> Tensor:
    """Zeros of these sizes."""
    numbers = tuple(known(entry) for entry in sizes)
    if min(numbers, default=0) >= 0 and np.prod(numbers) <= SMALL:
        return emitter.constant("zeros", np.zeros(numbers, dtype.numpy))
    return emitter.once((*sizes, dtype), lambda: _filled(emitter, sizes, dtype))


def _filled(emitter: Emitter, sizes: Sequence[Size], dtype: DType) -> Tensor:
    return emitter.builder.nodes(
        Fill(),
        shape(emitter, sizes),
        emitter.constant("zero", np.zeros((), dtype.numpy)),
        names=(f"{emitter.path}/zeros",),
        types=(TensorType(dtype, tuple(map(known, sizes))),),
    )[0]
