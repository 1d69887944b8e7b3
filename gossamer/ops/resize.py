"""RESIZE_BILINEAR, RESIZE_NEAREST_NEIGHBOR: images of another height and width."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from gossamer.errors import GraphError
from gossamer.ir.op import operator, require
from gossamer.ir.types import DType
from gossamer.kernels.step import Constant, Step
from gossamer.kernels.windows.resize import (
    BYTES,
    SHORTS,
    ByteMix,
    FloatMix,
    Images,
    Mix,
    Places,
    resize,
)
from gossamer.nest.build import Nest
from gossamer.ops.movement import Movement
from gossamer.ops.shapes import integers, known_vector, made, operands

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gossamer.ir.graph import Node, Tensor
    from gossamer.ir.op import Op
    from gossamer.ir.types import Array, Shape, TensorType
    from gossamer.nest.target import Target

_MIXES: dict[DType, Mix] = {
    DType.FLOAT32: FloatMix(),
    DType.UINT8: ByteMix(),
    DType.INT8: BYTES,
    DType.INT16: SHORTS,
}


class _Resize(Movement):
    """(n, h, w, c), (new h, new w) -> (n, new h, new w, c).

    `align_corners` lets the centres of the corner pixels stay where they are;
    `half_pixel_centers` puts a pixel's centre at half its width.
    """

    __slots__ = ()

    if TYPE_CHECKING:
        align_corners: bool
        half_pixel_centers: bool

    def infer(self, *inputs: Tensor | None) -> tuple[TensorType, ...]:
        x, size = operands(self, inputs, 2)
        _check_image(self, x.shape)
        both = self.align_corners and self.half_pixel_centers
        require(not both, self, "align_corners excludes half_pixel_centers")
        sizes = known_vector(self, size, "the size", 2)
        if sizes is None:
            return made(self, x.dtype, (x.shape[0], -1, -1, x.shape[3]))
        require(min(sizes) >= 1, self, f"the new size is {list(sizes)}")
        return made(self, x.dtype, (x.shape[0], *sizes, x.shape[3]))

    def version(self, node: Node) -> int:
        dtype = node.input(0).dtype.title
        if dtype == "int16":
            return 4
        if self.half_pixel_centers or self._is_new():
            return 3
        return 2 if dtype == "int8" else 1

    def _is_new(self) -> bool:
        """Whether a version below 3 lacks the options."""
        return False

    def _ratio(self, size: int, new: int) -> np.float32:
        """Source pixels per pixel of the result."""
        if self.align_corners and new > 1:
            return np.float32(size - 1) / np.float32(new - 1)
        return np.float32(size) / np.float32(new)


@operator("RESIZE_BILINEAR", code=23, options="ResizeBilinearOptions")
class ResizeBilinear(_Resize):
    """Each pixel is a mean of four, weighted by how near they are."""

    align_corners: bool = False
    half_pixel_centers: bool = False

    def reference(self, *inputs: Any) -> tuple[Array, ...]:
        x: Array = np.asarray(inputs[0])
        height, width = _new_size(self, x.shape, inputs[1])
        if x.size == 0:
            return (_empty(x, height, width),)
        low_y, high_y, part_y = self._real_places(x.shape[1], height)
        low_x, high_x, part_x = self._real_places(x.shape[2], width)
        part_y, part_x = part_y.reshape(-1, 1, 1), part_x.reshape(-1, 1)
        top, bottom = x[:, low_y], x[:, high_y]
        mixed = (
            top[:, :, low_x] * (1 - part_y) * (1 - part_x)
            + bottom[:, :, low_x] * part_y * (1 - part_x)
            + top[:, :, high_x] * (1 - part_y) * part_x
            + bottom[:, :, high_x] * part_y * part_x
        )
        rounding = np.float32(0 if x.dtype.kind == "f" else 0.5)
        return ((mixed + rounding).astype(x.dtype),)

    def integer(self, node: Node, *inputs: Any) -> tuple[Array, ...]:
        """int8 and int16: weights of 10 bits, rounded half away from zero."""
        x: Array = np.asarray(inputs[0])
        if x.dtype.kind != "i":
            return self.reference(*inputs)
        height, width = _new_size(self, x.shape, inputs[1])
        if x.size == 0:
            return (_empty(x, height, width),)
        low_y, high_y, part_y = self._fixed_places(x.shape[1], height)
        low_x, high_x, part_x = self._fixed_places(x.shape[2], width)
        part_y, part_x = part_y.reshape(-1, 1, 1), part_x.reshape(-1, 1)
        wide = x.astype(np.int64)
        top, bottom = wide[:, low_y], wide[:, high_y]
        mixed = (
            top[:, :, low_x] * (1024 - part_y) * (1024 - part_x)
            + bottom[:, :, low_x] * part_y * (1024 - part_x)
            + top[:, :, high_x] * (1024 - part_y) * part_x
            + bottom[:, :, high_x] * part_y * part_x
        )
        rounded = (np.abs(mixed) + (1 << 19)) >> 20
        return ((np.sign(mixed) * rounded).astype(x.dtype),)

    def lower(self, node: Node, target: Target) -> Sequence[Step] | None:
        x, size, y = node.input(0), node.input(1), node.output
        mix = _MIXES.get(x.dtype)
        if size.data is None or mix is None or not y.type.size:
            return None
        _, height, width, channels = x.shape
        new_height, new_width = _new_size(self, x.shape, size.data)
        images = Images(height, width, channels, new_height, new_width)
        tables = (
            *self._tables(height, new_height, width * channels, mix),
            *self._tables(width, new_width, channels, mix),
        )
        nest = Nest("resize", target)
        source, result = nest.pointer(), nest.pointer()
        places = (
            Places(nest.pointer(), nest.pointer()),
            Places(nest.pointer(), nest.pointer()),
        )
        resize(nest, images, mix, source, places, result)
        units = x.shape[0] * new_height
        return [Step(nest.finish(), (x, y, *tables), units, (1,))]

    def _tables(
        self, size: int, new: int, stride: int, mix: Mix
    ) -> tuple[Constant, Constant]:
        """Element offsets and weights of the pixels around each new one."""
        if mix.weight.is_float:
            low, high, part = self._real_places(size, new)
            weights = np.stack([1 - part, part], axis=1)
        else:
            low, high, part = self._fixed_places(size, new)
            bits = np.int32 if mix.weight.bytes == 4 else np.int64
            weights = np.stack([1024 - part, part], axis=1).astype(bits)
        offsets = np.stack([low, high], axis=1) * stride
        return Constant(offsets.astype(np.int64)), Constant(weights)

    def _real_places(self, size: int, new: int) -> tuple[Array, Array, Array]:
        """For each new pixel the two it lies between, and how far it is along."""
        ratio, half = self._ratio(size, new), np.float32(0.5)
        place = np.arange(new).astype(np.float32)
        if self.half_pixel_centers:
            place = (place + half) * ratio - half
        else:
            place = place * ratio
        low = np.clip(np.floor(place), 0, size - 1).astype(np.int64)
        high = np.clip(np.ceil(place), 0, size - 1).astype(np.int64)
        return low, high, (place - low).astype(np.float32)

    def _fixed_places(self, size: int, new: int) -> tuple[Array, Array, Array]:
        """As `_real_places`, the distance in 1024ths."""
        ratio = (1024 * size + new // 2) // new
        if self.align_corners and new > 1:
            ratio = (1024 * (size - 1) + (new - 1) // 2) // (new - 1)
        place = np.arange(new, dtype=np.int64) * ratio
        if self.half_pixel_centers:
            place += ratio // 2 - 512
        # Far enlarged, the rounded ratio leads beyond the last pixel.
        low = np.clip(place // 1024, 0, size - 1)
        high = np.clip((place + 1023) // 1024, 0, size - 1)
        return low, high, place - 1024 * low


@operator("RESIZE_NEAREST_NEIGHBOR", code=97, options="ResizeNearestNeighborOptions")
class ResizeNearestNeighbor(_Resize):
    """Each pixel is a copy of the one that lies nearest."""

    align_corners: bool = False
    half_pixel_centers: bool = False

    def reference(self, *inputs: Any) -> tuple[Array, ...]:
        x: Array = np.asarray(inputs[0])
        height, width = _new_size(self, x.shape, inputs[1])
        if x.size == 0:
            return (_empty(x, height, width),)
        rows = self._sources(x.shape[1], height)
        columns = self._sources(x.shape[2], width)
        return (x[:, rows][:, :, columns],)

    def picks(self, *inputs: Any) -> Mapping[int, Array] | None:
        x, size = inputs
        height, width = _new_size(self, x.shape, size)
        return {
            1: self._sources(x.shape[1], height),
            2: self._sources(x.shape[2], width),
        }

    def _sources(self, size: int, new: int) -> Array:
        offset = np.float32(0.5 if self.half_pixel_centers else 0)
        place = (np.arange(new).astype(np.float32) + offset) * self._ratio(size, new)
        if self.align_corners:
            place = place + np.float32(0.5)
        return np.clip(np.floor(place).astype(np.int64), 0, size - 1)

    def _is_new(self) -> bool:
        return self.align_corners


def _check_image(op: Op, shape: Shape) -> None:
    require(len(shape) == 4, op, f"the input has rank {len(shape)}, not 4")
    require(0 not in shape[1:3], op, f"the image {list(shape)} is empty")


def _empty(x: Array, height: int, width: int) -> Array:
    """The result for no images or no channels, whose sizes cost nothing."""
    return np.zeros((x.shape[0], height, width, x.shape[3]), x.dtype)


def _new_size(op: Op, shape: Shape, size: Any) -> tuple[int, int]:
    _check_image(op, shape)
    sizes = integers(size)
    if len(sizes) != 2 or min(sizes) < 1:
        raise GraphError(f"{op.name}: the new size is {list(sizes)}")
    return sizes[0], sizes[1]
