"""Rules of resizing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gossamer.frontends.tensorflow.registry import operation
from gossamer.ops.resize import ResizeBilinear, ResizeNearestNeighbor

if TYPE_CHECKING:
    from gossamer.frontends.tensorflow.operation import Operation
    from gossamer.ir.graph import Tensor


@operation("ResizeBilinear", known=(1,))
def _bilinear(used: Operation) -> Tensor:
    return used.emit(
        ResizeBilinear(*_corners(used)), used.real(used.tensor()), _size(used)
    )


@operation("ResizeNearestNeighbor", known=(1,))
def _nearest(used: Operation) -> Tensor:
    return used.emit(ResizeNearestNeighbor(*_corners(used)), used.tensor(), _size(used))


def _corners(used: Operation) -> tuple[bool, bool]:
    names = ("align_corners", "half_pixel_centers")
    corners, centers = (bool(used.attribute(name)) for name in names)
    return corners, centers


def _size(used: Operation) -> Tensor:
    return used.indices("size", used.numbers(1, "size"))
