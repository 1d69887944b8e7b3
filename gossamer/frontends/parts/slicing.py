"""Indexing with numbers, slices, `...` and `None`; boxes at computed places."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from gossamer.frontends.emitter import dims
from gossamer.frontends.parts.shaping import expand_dims
from gossamer.frontends.report import Unsupported
from gossamer.ir.types import TensorType
from gossamer.ops.maximum import Maximum, Minimum
from gossamer.ops.pack import Pack
from gossamer.ops.slice import Slice
from gossamer.ops.strided_slice import StridedSlice

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gossamer.frontends.emitter import Emitter
    from gossamer.ir.graph import Tensor
    from gossamer.ir.types import Shape


def cut(emitter: Emitter, x: Tensor, key: Sequence[Any]) -> Tensor:
    """`x[key]` by one STRIDED_SLICE.

    The key holds integers, slices, at most one `...`, and `None`s.

    Raises:
        Unsupported: the key holds something else.
    """
    entries = [entry for entry in _spelled_out(key, x.type.rank) if entry is not None]
    begin: list[int] = []
    end: list[int] = []
    strides: list[int] = []
    begin_mask = end_mask = shrink_mask = 0
    for axis, entry in enumerate(entries):
        start, stop, step = _bounds(entry)
        if start is None:
            begin_mask |= 1 << axis
        if stop is None:
            end_mask |= 1 << axis
        if not isinstance(entry, slice):
            shrink_mask |= 1 << axis
        begin.append(start or 0)
        end.append(stop or 0)
        strides.append(step)
    y = x
    if any(entry != slice(None) for entry in entries):
        op = StridedSlice(
            begin_mask=begin_mask, end_mask=end_mask, shrink_axis_mask=shrink_mask
        )
        y = emitter.emit(
            op,
            x,
            emitter.indices("begin", begin),
            emitter.indices("end", end),
            emitter.indices("strides", strides),
        )
    for axis in _new_axes(key, x.type.rank):
        y = expand_dims(emitter, y, axis)
    return y


def _spelled_out(key: Sequence[Any], rank: int) -> list[Any]:
    """One entry per axis of the input, and None for each new axis."""
    entries = list(key)
    taken = sum(entry is not None and entry is not Ellipsis for entry in entries)
    rest = [slice(None)] * (rank - taken)
    places = [index for index, entry in enumerate(entries) if entry is Ellipsis]
    if not places:
        return [*entries, *rest]
    return [*entries[: places[0]], *rest, *entries[places[0] + 1 :]]


def _new_axes(key: Sequence[Any], rank: int) -> list[int]:
    """Where the axes of `None` stand in the result."""
    kept: list[Any] = [
        entry
        for entry in _spelled_out(key, rank)
        if entry is None or isinstance(entry, slice)
    ]
    return [axis for axis, entry in enumerate(kept) if entry is None]


def _bounds(entry: Any) -> tuple[int | None, int | None, int]:
    """Start, stop and step of an entry; None for an end that is left open."""
    if isinstance(entry, slice):
        ends = cast("slice[Any, Any, Any]", entry)
        parts: tuple[Any, Any, Any] = (ends.start, ends.stop, ends.step)
        if all(part is None or isinstance(part, int) for part in parts):
            return parts[0], parts[1], parts[2] or 1
    elif isinstance(entry, int):
        return entry, None if entry == -1 else entry + 1, 1
    raise Unsupported(
        f"it is indexed with {entry!r}",
        "Index with integers, slices of integers, `...` and None; for indices that are "
        "tensors use keras.ops.take.",
    )


def window(
    emitter: Emitter, x: Tensor, starts: Sequence[int | Tensor], sizes: Shape
) -> Tensor:
    """A box of `x`, moved so that it lies inside.

    Args:
        emitter: where the nodes go.
        x: the tensor.
        starts: where the box begins along each axis, as numbers or as int32 without
            dimensions.
        sizes: of the box; -1 for the whole of an axis. The size of any other axis of
            `x` is known.
    """
    rows = list(zip(starts, sizes, dims(x), strict=True))
    if all(size < 0 or isinstance(start, int) for start, size, _ in rows):
        return cut(emitter, x, [_part(*row) for row in rows])
    begin = vector(
        emitter,
        [
            0 if size < 0 else _moved(emitter, start, n - size)
            for start, size, n in rows
        ],
    )
    kind = TensorType(x.dtype, tuple(n if size < 0 else size for _, size, n in rows))
    length = emitter.indices("size", sizes)
    name = f"{emitter.path}/slice"
    return emitter.builder.nodes(
        Slice(), x, begin, length, names=(name,), types=(kind,)
    )[0]


def _part(start: int | Tensor, size: int, n: int) -> slice:
    if size in (-1, n):
        return slice(None)
    assert isinstance(start, int)
    first = min(max(start, 0), n - size)
    return slice(first, first + size)


def _moved(emitter: Emitter, start: int | Tensor, last: int) -> int | Tensor:
    """A start, moved to at most `last` and at least zero."""
    if isinstance(start, int):
        return min(max(start, 0), last)
    below = emitter.emit(Minimum(), start, emitter.indices("last", last))
    return emitter.emit(Maximum(), below, emitter.indices("zero", 0))


def vector(emitter: Emitter, numbers: Sequence[int | Tensor]) -> Tensor:
    """Numbers, each without dimensions, as a vector of int32."""
    known = [x for x in numbers if isinstance(x, int)]
    if len(known) == len(numbers):
        return emitter.indices("numbers", known)
    parts = [emitter.indices("number", x) if isinstance(x, int) else x for x in numbers]
    return emitter.emit(Pack(len(parts), 0), *parts)
