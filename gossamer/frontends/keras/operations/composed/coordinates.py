"""Operations of `keras.ops.image` that fetch pixels at computed places, by others."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from gossamer.frontends.keras.composition import composed
from gossamer.frontends.keras.framework import keras, to_numpy
from gossamer.frontends.keras.trace import is_symbolic
from gossamer.frontends.parts.layout import FIRST
from gossamer.frontends.parts.resizing import mixing
from gossamer.frontends.report import Unsupported

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_ORDERS = {"nearest": 0, "bilinear": 1}


@dataclass(frozen=True, slots=True)
class _Sampling:
    """How values between and outside of cells follow from them.

    `order` is 0 for the nearest cell, and 1 for the mean of those around. `mode` says
    what is outside: "constant" for `fill`, or which cells stand for others.
    """

    order: int
    mode: str
    fill: float

    def sampled(
        self,
        places: Sequence[Any],
        sizes: Sequence[int],
        fetch: Callable[[Any], Any],
        shown: Callable[[Any], Any],
    ) -> Any:
        """The values at coordinates along each axis.

        Args:
            places: for each axis, coordinates in float32.
            sizes: of the axes.
            fetch: from numbers of cells, in float32, to their values.
            shown: from what is one number per place to what fits the values.
        """
        ops = _library(*places)
        total: Any = None
        axes = [
            self._cells(place, size) for place, size in zip(places, sizes, strict=True)
        ]
        for corner in itertools.product(*axes):
            cell: Any = 0.0
            weight: Any = None
            inside: Any = None
            for (index, is_inside, share), size in zip(corner, sizes, strict=True):
                cell = cell * float(size) + index
                weight = share if weight is None else weight * share
                if is_inside is not None:
                    inside = (
                        is_inside
                        if inside is None
                        else ops.logical_and(inside, is_inside)
                    )
            value = fetch(cell)
            if inside is not None:
                value = keras().ops.where(shown(inside), value, self.fill)
            if weight is not None:
                value = value * shown(weight)
            total = value if total is None else total + value
        return total

    def _cells(self, place: Any, size: int) -> list[tuple[Any, Any, Any]]:
        """The cells that count: which, whether it is inside, and its share."""
        ops = _library(place)
        if self.order == 0:
            nearest = ops.sign(place) * ops.floor(ops.abs(place) + 0.5)
            return [(*self._fixed(nearest, size), None)]
        lower = ops.floor(place)
        share = place - lower
        return [
            (*self._fixed(lower, size), 1.0 - share),
            (*self._fixed(lower + 1.0, size), share),
        ]

    def _fixed(self, index: Any, size: int) -> tuple[Any, Any]:
        """A number of a cell inside of the axis, and whether it was inside before."""
        ops = _library(index)
        last = size - 1
        if self.mode == "wrap":
            return _modulo(index, size), None
        if self.mode == "mirror":
            return _mirrored(index, size), None
        if self.mode == "reflect":
            return ops.floor(_mirrored(index * 2.0 + 1.0, 2 * size + 1) * 0.5), None
        inside = None
        if self.mode == "constant":
            inside = ops.logical_and(index >= 0.0, index <= float(last))
        return ops.clip(index, 0.0, float(last)), inside


def _library(*values: Any) -> Any:
    """What computes with these: Keras, or NumPy where all of them are known."""
    return keras().ops if any(map(is_symbolic, values)) else np


def _whole(cell: Any) -> Any:
    return keras().ops.cast(cell, "int32") if is_symbolic(cell) else np.int32(cell)


def _modulo(index: Any, size: int) -> Any:
    return index - _library(index).floor(index / float(size)) * float(size)


def _mirrored(index: Any, size: int) -> Any:
    if size == 1:
        return index * 0.0
    last = float(size - 1)
    return _library(index).abs(_modulo(index + last, 2 * (size - 1)) - last)


def _known(shape: Sequence[int | None]) -> list[int]:
    sizes = [-1 if size is None else int(size) for size in shape]
    if -1 in sizes:
        raise Unsupported(
            f"its pixels are found by sizes that are not known: {tuple(shape)}",
            "Fix these sizes in keras.Input.",
        )
    return sizes


@composed("MapCoordinates", known=("coordinates",))
def _map_coordinates(
    inputs: Any,
    coordinates: Any,
    *,
    order: int,
    fill_mode: str = "constant",
    fill_value: float = 0,
) -> Any:
    """GATHER of the cells around each place, and their mean."""
    ops = keras().ops
    sizes = _known(inputs.shape)
    places = [_real(coordinates)[axis, ...] for axis in range(len(sizes))]
    flat = ops.reshape(inputs, (-1,))
    sampling = _Sampling(order, fill_mode, float(fill_value))
    return sampling.sampled(
        places,
        sizes,
        lambda cell: ops.take(flat, _whole(cell), axis=0),
        lambda each: each,
    )


@composed("AffineTransform", known=("transform",))
def _affine_transform(
    images: Any,
    transform: Any,
    *,
    interpolation: str = "bilinear",
    fill_mode: str = "constant",
    fill_value: float = 0,
    data_format: str | None = None,
) -> Any:
    """The pixel at (x, y) is that at (a0 x + a1 y + a2, b0 x + b1 y + b2)."""
    sampling = _Sampling(_ORDERS[interpolation], fill_mode, float(fill_value))

    def places(x: Any, y: Any) -> tuple[Any, Any]:
        a0, a1, a2, b0, b1, b2 = _numbers(transform, 6)
        return b0 * x + b1 * y + b2, a0 * x + a1 * y + a2

    return _moved(images, places, sampling, data_format)


def _numbers(transforms: Any, count: int) -> list[Any]:
    """The first parameters: each (1,), or (batch, 1) where images differ in them."""
    given = _real(transforms)
    if not is_symbolic(given):
        is_shared = given.ndim == 2 and bool(np.all(given == given[:1]))
        given = given[0] if is_shared else given
    return [given[..., index : index + 1] for index in range(count)]


@composed("PerspectiveTransform", known=("start_points", "end_points"))
def _perspective_transform(
    images: Any,
    start_points: Any,
    end_points: Any,
    *,
    interpolation: str = "bilinear",
    fill_value: float = 0,
    data_format: str | None = None,
) -> Any:
    """As an affine transform, divided by what grows along both axes."""
    sampling = _Sampling(_ORDERS[interpolation], "constant", float(fill_value))
    numbers = _homography(start_points, end_points)

    def places(x: Any, y: Any) -> tuple[Any, Any]:
        a0, a1, a2, b0, b1, b2, c0, c1 = _numbers(numbers, 8)
        below = c0 * x + c1 * y + 1.0
        return (b0 * x + b1 * y + b2) / below, (a0 * x + a1 * y + a2) / below

    return _moved(images, places, sampling, data_format)


def _homography(starts: Any, ends: Any) -> Any:
    """(..., 8): the transform that takes four points to four others."""
    starts, ends = _real(starts), _real(ends)
    ops = _library(starts, ends)
    rows: list[Any] = []
    for axis in range(2):
        for point in range(4):
            x, y = ends[..., point, 0], ends[..., point, 1]
            own = starts[..., point, axis]
            one, none = x * 0.0 + 1.0, x * 0.0
            straight, zeros = [x, y, one], [none, none, none]
            first = [straight, zeros] if axis == 0 else [zeros, straight]
            rows.append(ops.stack([*first[0], *first[1], -own * x, -own * y], axis=-1))
    matrix = ops.stack(rows, axis=-2)
    results = ops.concatenate([starts[..., 0], starts[..., 1]], axis=-1)
    solve: Any = np.linalg.solve if ops is np else ops.solve
    return solve(matrix, ops.expand_dims(results, -1))[..., 0]


def _real(values: Any) -> Any:
    """In float32: a Keras tensor, or an array where the values are known."""
    if is_symbolic(values):
        return keras().ops.cast(values, "float32")
    return to_numpy(values).astype(np.float32)


def _moved(
    images: Any,
    places: Callable[[Any, Any], tuple[Any, Any]],
    sampling: _Sampling,
    data_format: str | None,
) -> Any:
    """Images whose pixels are those at `places`, (y, x), of the given ones."""
    ops = keras().ops
    alone = len(images.shape) == 3
    x = ops.expand_dims(images, 0) if alone else images
    if data_format == FIRST:
        x = ops.transpose(x, (0, 2, 3, 1))
    height, width, channels = _known(x.shape[1:])
    rows, columns = (np.float32(a.reshape(-1)) for a in np.indices((height, width)))
    flat = ops.reshape(x, (-1, height * width, channels))
    along = places(columns, rows)

    def fetch(cell: Any) -> Any:
        index = _whole(cell)
        if len(index.shape) == 1:
            return ops.take(flat, index, axis=1)
        return ops.take_along_axis(flat, shown(index), axis=1)

    def shown(each: Any) -> Any:
        return _library(each).expand_dims(each, -1)

    made = sampling.sampled(along, (height, width), fetch, shown)
    y = ops.reshape(made, (-1, height, width, channels))
    if data_format == FIRST:
        y = ops.transpose(y, (0, 3, 1, 2))
    return ops.squeeze(y, 0) if alone else y


_METHODS = {
    "bicubic": "bicubic",
    "bilinear": "bilinear",
    "cubic": "bicubic",
    "lanczos3": "lanczos3",
    "lanczos5": "lanczos5",
    "linear": "bilinear",
    "tricubic": "bicubic",
    "trilinear": "bilinear",
}


@composed("ScaleAndTranslate", known=("output_shape", "scale", "translation"))
def _scale_and_translate(
    images: Any,
    output_shape: Any,
    scale: Any,
    translation: Any,
    *,
    spatial_dims: Any,
    method: str,
    antialias: bool = True,
) -> Any:
    """A product with a constant matrix along each axis."""
    ops = keras().ops
    if is_symbolic(scale) or is_symbolic(translation):
        raise Unsupported(
            "its scale or translation is computed while the model runs",
            "Make both constants, or use keras.ops.image.affine_transform.",
        )
    y = images
    moves = zip(spatial_dims, to_numpy(scale), to_numpy(translation), strict=True)
    for axis, factor, shift in moves:
        place = int(axis) % len(images.shape)
        (size,) = _known([images.shape[place]])
        matrix = mixing(
            size,
            int(output_shape[place]),
            _METHODS[method],
            scale=float(factor),
            shift=float(shift),
            antialias=antialias,
        )
        turned = ops.matmul(ops.moveaxis(y, place, -1), matrix.T)
        y = ops.moveaxis(turned, -1, place)
    return y
