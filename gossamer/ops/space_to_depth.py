"""SPACE_TO_DEPTH, DEPTH_TO_SPACE: blocks of pixels as channels, and back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from gossamer.ir.op import Op, operator, require
from gossamer.ops.movement import Movement, version_of_type
from gossamer.ops.shapes import made, operands

if TYPE_CHECKING:
    from gossamer.ir.graph import Node, Tensor
    from gossamer.ir.types import Array, Shape, TensorType


@operator("SPACE_TO_DEPTH", code=26, options="SpaceToDepthOptions")
class SpaceToDepth(Movement):
    """(n, h, w, c) -> (n, h / b, w / b, b * b * c), b being `block_size`."""

    block_size: int = 0

    by_place = True

    def infer(self, *inputs: Tensor | None) -> tuple[TensorType, ...]:
        (x,) = operands(self, inputs, 1)
        return made(self, x.dtype, self._shape(x.shape))

    def reference(self, *inputs: Any) -> tuple[Array, ...]:
        x: Array = np.asarray(inputs[0])
        batch, height, width, depth = self._shape(x.shape)
        block = self.block_size
        parts = x.reshape(batch, height, block, width, block, x.shape[3])
        return (parts.transpose(0, 1, 3, 2, 4, 5).reshape(batch, height, width, depth),)

    def version(self, node: Node) -> int:
        return version_of_type(node.input(0).dtype, int8=2)

    def _shape(self, shape: Shape) -> Shape:
        block = _block(self, shape, self.block_size)
        batch, height, width, depth = shape
        text = f"a block of {block} does not divide {height} x {width}"
        fits = all(size < 0 or size % block == 0 for size in (height, width))
        require(fits, self, text)
        return (
            batch,
            -1 if height < 0 else height // block,
            -1 if width < 0 else width // block,
            -1 if depth < 0 else depth * block * block,
        )


@operator("DEPTH_TO_SPACE", code=5, options="DepthToSpaceOptions")
class DepthToSpace(Movement):
    """(n, h, w, b * b * c) -> (n, h * b, w * b, c), b being `block_size`."""

    block_size: int = 0

    by_place = True

    def infer(self, *inputs: Tensor | None) -> tuple[TensorType, ...]:
        (x,) = operands(self, inputs, 1)
        return made(self, x.dtype, self._shape(x.shape))

    def reference(self, *inputs: Any) -> tuple[Array, ...]:
        x: Array = np.asarray(inputs[0])
        shape = self._shape(x.shape)
        block = self.block_size
        parts = x.reshape(*x.shape[:3], block, block, shape[3])
        return (parts.transpose(0, 1, 3, 2, 4, 5).reshape(shape),)

    def version(self, node: Node) -> int:
        return version_of_type(node.input(0).dtype, int8=2)

    def _shape(self, shape: Shape) -> Shape:
        block = _block(self, shape, self.block_size)
        batch, height, width, depth = shape
        text = f"{depth} channels are not a multiple of {block} x {block}"
        require(depth < 0 or depth % (block * block) == 0, self, text)
        return (
            batch,
            -1 if height < 0 else height * block,
            -1 if width < 0 else width * block,
            -1 if depth < 0 else depth // (block * block),
        )


def _block(op: Op, shape: Shape, block: int) -> int:
    require(len(shape) == 4, op, f"the input has rank {len(shape)}, not 4")
    require(block >= 1, op, f"block_size is {block}, not 1 or more")
    return block
