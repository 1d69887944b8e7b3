"""SPACE_TO_BATCH_ND, BATCH_TO_SPACE_ND: blocks of pixels as batches, and back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from gossamer.errors import GraphError
from gossamer.ir.op import Op, operator, require
from gossamer.kernels.step import Scratch
from gossamer.ops.boxes import box_of_indices
from gossamer.ops.movement import Movement, version_of_type
from gossamer.ops.shapes import integers, known, made, operands, product
from gossamer.ops.steps import move_step, surround_steps

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gossamer.ir.graph import Node, Tensor
    from gossamer.ir.types import Array, Shape, TensorType
    from gossamer.kernels.step import Argument, Step
    from gossamer.nest.target import Target


@operator("SPACE_TO_BATCH_ND", code=38, options="SpaceToBatchNDOptions")
class SpaceToBatchNd(Movement):
    """(n, space, rest), block, widths -> (n * blocks, (space + widths) / block, rest).

    The space is first surrounded by real zeros, `widths` (dimensions, 2) of them.
    """

    def infer(self, *inputs: Tensor | None) -> tuple[TensorType, ...]:
        x, block, widths = operands(self, inputs, 3)
        found = _constants(self, x, block, widths)
        if found is None:
            return made(self, x.dtype, (-1,) * len(x.shape))
        return made(self, x.dtype, self._shape(x.shape, *found))

    def reference(self, *inputs: Any) -> tuple[Array, ...]:
        return (self._moved(inputs, 0),)

    def integer(self, node: Node, *inputs: Any) -> tuple[Array, ...]:
        return (self._moved(inputs, _border_value(node)),)

    def lower(self, node: Node, target: Target) -> Sequence[Step] | None:
        """Surround the space in memory of its own, then rearrange what is there."""
        x, block, widths = (node.input(i) for i in range(3))
        if block.data is None or widths.data is None or not node.output.type.size:
            return None
        steps, pairs = _values(self, x.shape, block.data, widths.data)
        rest = len(x.shape) - 1 - len(steps)
        border = [(0, 0), *pairs, *[(0, 0)] * rest]
        sizes = [size + sum(both) for size, both in zip(x.shape, border, strict=True)]
        around: Argument = x
        surrounded: list[Step] | None = []
        if any(map(any, border)):
            around = Scratch(product(sizes) * x.dtype.numpy.itemsize)
            value = _border_value(node)
            surrounded = surround_steps(target, x, border, value, around)
        places = np.arange(product(sizes)).reshape(sizes)
        nothing = np.zeros(widths.shape, np.int64)
        box = box_of_indices(self._moved((places, block.data, nothing), 0))
        nbytes = x.dtype.numpy.itemsize
        moved = move_step(target, box, nbytes, around, node.output)
        if surrounded is None or moved is None:
            return None
        return [*surrounded, moved]

    def version(self, node: Node) -> int:
        return _version(node)

    def _moved(self, inputs: tuple[Any, ...], border: int) -> Array:
        x: Array = np.asarray(inputs[0])
        block, widths = _values(self, x.shape, inputs[1], inputs[2])
        shape = self._shape(x.shape, block, widths)
        dims = len(block)
        rest = x.ndim - 1 - dims
        x = np.pad(x, [(0, 0), *widths, *[(0, 0)] * rest], constant_values=border)
        split = [
            size
            for pair in zip(shape[1 : dims + 1], block, strict=True)
            for size in pair
        ]
        parts = x.reshape(x.shape[0], *split, *x.shape[dims + 1 :])
        outer = [2 + 2 * i for i in range(dims)]
        inner = [1 + 2 * i for i in range(dims)]
        tail = range(1 + 2 * dims, parts.ndim)
        return parts.transpose(*outer, 0, *inner, *tail).reshape(shape)

    def _shape(
        self, shape: Shape, block: Shape, widths: list[tuple[int, int]]
    ) -> Shape:
        space: list[int] = []
        for size, step, (before, after) in zip(shape[1:], block, widths, strict=False):
            whole = size + before + after
            text = f"{whole} elements are not a multiple of the block {step}"
            require(size < 0 or whole % step == 0, self, text)
            space.append(-1 if size < 0 else whole // step)
        batch = -1 if shape[0] < 0 else shape[0] * product(block)
        return (batch, *space, *shape[1 + len(block) :])


@operator("BATCH_TO_SPACE_ND", code=37, options="BatchToSpaceNDOptions")
class BatchToSpaceNd(Movement):
    """(n * blocks, space, rest), block, crops -> (n, space * block - crops, rest)."""

    by_place = True

    def infer(self, *inputs: Tensor | None) -> tuple[TensorType, ...]:
        x, block, crops = operands(self, inputs, 3)
        found = _constants(self, x, block, crops)
        if found is None:
            return made(self, x.dtype, (-1,) * len(x.shape))
        return made(self, x.dtype, self._shape(x.shape, *found))

    def reference(self, *inputs: Any) -> tuple[Array, ...]:
        x: Array = np.asarray(inputs[0])
        block, crops = _values(self, x.shape, inputs[1], inputs[2])
        shape = self._shape(x.shape, block, crops)
        dims = len(block)
        parts = x.reshape(*block, shape[0], *x.shape[1:])
        order = [dims]
        for i in range(dims):
            order += [dims + 1 + i, i]
        order += range(2 * dims + 1, parts.ndim)
        whole = [size * step for size, step in zip(x.shape[1:], block, strict=False)]
        image = parts.transpose(order).reshape(shape[0], *whole, *x.shape[dims + 1 :])
        box = [
            slice(before, before + size)
            for (before, _), size in zip(crops, shape[1:], strict=False)
        ]
        return (image[(slice(None), *box)].copy(),)

    def version(self, node: Node) -> int:
        return _version(node)

    def _shape(self, shape: Shape, block: Shape, crops: list[tuple[int, int]]) -> Shape:
        blocks = product(block)
        text = f"a batch of {shape[0]} is not a multiple of {blocks} blocks"
        require(shape[0] < 0 or shape[0] % blocks == 0, self, text)
        space: list[int] = []
        for size, step, (before, after) in zip(shape[1:], block, crops, strict=False):
            left = size * step - before - after
            text = f"crops {(before, after)} leave nothing of {size * step} elements"
            require(size < 0 or left >= 0, self, text)
            space.append(-1 if size < 0 else left)
        batch = -1 if shape[0] < 0 else shape[0] // blocks
        return (batch, *space, *shape[1 + len(block) :])


def _border_value(node: Node) -> int:
    """The integer that stands for zero."""
    quantization = node.output.quantization
    is_set = quantization is not None and quantization.is_set
    return quantization.pair()[1] if quantization and is_set else 0


def _constants(
    op: Op, x: Tensor, block: Tensor, widths: Tensor
) -> tuple[Shape, list[tuple[int, int]]] | None:
    """Block and widths where both are constants, checked against the input."""
    known(op, block, "the block")
    known(op, widths, "the widths")
    if block.data is None or widths.data is None:
        return None
    return _values(op, x.shape, block.data, widths.data)


def _values(
    op: Op, shape: Shape, block: Any, widths: Any
) -> tuple[Shape, list[tuple[int, int]]]:
    steps, pairs = integers(block), integers(widths)
    dims = len(steps)
    if np.shape(block) != (dims,) or np.shape(widths) != (dims, 2) or dims == 0:
        raise GraphError(
            f"{op.name}: the block has shape {list(np.shape(block))} and the widths "
            f"{list(np.shape(widths))}; expected [n] and [n, 2]"
        )
    text = f"a block of {dims} dimensions does not fit rank {len(shape)}"
    require(dims < len(shape), op, text)
    text = f"the block is {list(steps)} and the widths {list(pairs)}"
    require(min(steps) >= 1 and min(pairs) >= 0, op, text)
    return steps, list(zip(pairs[::2], pairs[1::2], strict=True))


def _version(node: Node) -> int:
    x = node.input(0)
    if x.dtype.title == "int16":
        return 4
    return 3 if len(x.shape) != 4 else version_of_type(x.dtype, int8=2)
