"""Images of another height and width, channels last."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from gossamer.frontends.emitter import dims
from gossamer.frontends.parts.shaping import reshape
from gossamer.frontends.report import Unsupported
from gossamer.ir.types import DType
from gossamer.ops.arithmetic import Mul
from gossamer.ops.batch_matmul import BatchMatMul
from gossamer.ops.resize import ResizeBilinear, ResizeNearestNeighbor
from gossamer.ops.shape import Shape as ShapeOf
from gossamer.ops.strided_slice import StridedSlice
from gossamer.ops.tile import Tile

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gossamer.frontends.emitter import Emitter
    from gossamer.ir.graph import Tensor
    from gossamer.ir.op import Op
    from gossamer.ir.types import Array, Shape

Profile: TypeAlias = Callable[["Array"], "Array"]

_RESIZES: dict[str, Op] = {
    "bilinear": ResizeBilinear(half_pixel_centers=True),
    "nearest": ResizeNearestNeighbor(half_pixel_centers=True),
}


def resize(
    emitter: Emitter,
    x: Tensor,
    size: Shape,
    interpolation: str,
    *,
    antialias: bool = False,
) -> Tensor:
    """(batch, height, width, channels) with the height and width of `size`.

    One RESIZE_* for "nearest" and "bilinear"; for "bicubic", "lanczos3" and
    "lanczos5" a product with a constant matrix along each axis, and also for
    "bilinear" where it shrinks with `antialias`, so that each pixel counts.

    Raises:
        Unsupported: another interpolation, or one by matrices of a free size.
    """
    pairs = list(zip(dims(x)[1:3], size, strict=True))
    shrinks = antialias and any(old < 0 or old > new for old, new in pairs)
    is_copied = interpolation == "nearest" or not shrinks
    if interpolation in _RESIZES and is_copied:
        return emitter.emit(_RESIZES[interpolation], x, emitter.indices("size", size))
    if interpolation not in _PROFILES:
        raise Unsupported(
            f"it resizes with interpolation='{interpolation}'",
            f"Use one of {', '.join(map(repr, {**_RESIZES, **_PROFILES}))}.",
        )
    if min(dims(x)[1:]) < 0:
        raise Unsupported(
            f"it resizes with interpolation='{interpolation}' an image of which the "
            f"sizes are not known: {dims(x)}",
            "Fix height and width in keras.Input, or use 'bilinear' or 'nearest'.",
        )
    down, right = (
        mixing(old, new, interpolation, scale=new / old, antialias=antialias)
        for old, new in pairs
    )
    return _mixed(emitter, x, down, right)


def enlarge(
    emitter: Emitter, x: Tensor, factors: tuple[int, int], interpolation: str
) -> Tensor:
    """`resize` to multiples of height and width, which may be free."""
    sizes = dims(x)[1:3]
    if min(sizes) >= 0:
        size = (sizes[0] * factors[0], sizes[1] * factors[1])
        return resize(emitter, x, size, interpolation)
    if interpolation not in _RESIZES:
        return resize(emitter, x, sizes, interpolation)
    bounds = [emitter.indices("bounds", [bound]) for bound in (1, 3, 1)]
    shape = emitter.emit(ShapeOf(DType.INT32), x)
    known = emitter.emit(StridedSlice(), shape, *bounds)
    size = emitter.emit(Mul(), known, emitter.indices("factors", factors))
    return emitter.emit(_RESIZES[interpolation], x, size)


def repeat(emitter: Emitter, x: Tensor, factors: Sequence[int]) -> Tensor:
    """Each cell `factors[i]` times in a row along axis `i`, by one TILE.

    Raises:
        Unsupported: more than one size is not known.
    """
    shape = dims(x)
    inner: list[int] = []
    counts: list[int] = []
    for size, factor in zip(shape, factors, strict=True):
        inner += [size] if factor == 1 else [size, 1]
        counts += [1] if factor == 1 else [1, factor]
    spread = reshape(emitter, x, inner)
    tiled = emitter.emit(Tile(), spread, emitter.indices("multiples", counts))
    target = [
        size if size < 0 else size * factor
        for size, factor in zip(shape, factors, strict=True)
    ]
    return reshape(emitter, tiled, target)


def _mixed(emitter: Emitter, x: Tensor, down: Array, right: Array) -> Tensor:
    """Rows mixed by one matrix, (new, old), then columns by another."""
    batch, height, width, channels = dims(x)
    size = (down.shape[0], right.shape[0])
    rows = reshape(emitter, x, (batch, height, width * channels))
    y = emitter.emit(BatchMatMul(), emitter.constant("rows", down[np.newaxis]), rows)
    count = -1 if batch < 0 else batch * size[0]
    columns = reshape(emitter, y, (count, width, channels))
    mixed = emitter.constant("columns", right[np.newaxis])
    y = emitter.emit(BatchMatMul(), mixed, columns)
    return reshape(emitter, y, (batch, *size, channels))


def mixing(
    size: int,
    new: int,
    interpolation: str,
    *,
    scale: float,
    shift: float = 0.0,
    antialias: bool = False,
) -> Array:
    """(new, size): what each old pixel gives to each new one.

    New pixels are `scale` times as close, and moved by `shift` of them. One whose
    middle lies outside of all old ones is given nothing.
    """
    places = (np.arange(new) + 0.5 - shift) / scale - 0.5
    stretch = max(1 / scale, 1.0) if antialias else 1.0
    distance = np.abs(places[:, np.newaxis] - np.arange(size)) / stretch
    weights = _PROFILES[interpolation](distance)
    inside = ((places >= -0.5) & (places <= size - 0.5))[:, np.newaxis]
    total = np.where(inside, weights.sum(axis=1, keepdims=True), 1)
    return np.where(inside, weights / total, 0).astype(np.float32)


def _linear(distance: Array) -> Array:
    return np.maximum(1 - distance, 0)


def _cubic(distance: Array) -> Array:
    """Keys's cubic with a slope of -1/2 at distance one."""
    near = (1.5 * distance - 2.5) * distance**2 + 1
    far = ((-0.5 * distance + 2.5) * distance - 4) * distance + 2
    return np.where(distance < 1, near, np.where(distance < 2, far, 0.0))


def _lanczos(radius: int) -> Profile:
    def profile(distance: Array) -> Array:
        inside = np.sinc(distance) * np.sinc(distance / radius)
        return np.where(distance < radius, inside, 0.0)

    return profile


_PROFILES: dict[str, Profile] = {
    "bilinear": _linear,
    "bicubic": _cubic,
    "lanczos3": _lanczos(3),
    "lanczos5": _lanczos(5),
}
