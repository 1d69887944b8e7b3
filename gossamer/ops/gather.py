"""GATHER, GATHER_ND: elements picked by index."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from gossamer.errors import GraphError
from gossamer.ir.op import operator, require
from gossamer.kernels.movement.gather import Points, Slices, gather, gather_points
from gossamer.kernels.movement.move import element_kind
from gossamer.kernels.step import Alarm
from gossamer.nest.build import Nest
from gossamer.ops.alarms import checked_indices, checked_steps
from gossamer.ops.movement import Movement, version_of_type
from gossamer.ops.shapes import made, operands, product, same_size, within

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gossamer.ir.graph import Node, Tensor
    from gossamer.ir.op import Op
    from gossamer.ir.types import Array, Shape, TensorType
    from gossamer.kernels.step import Step
    from gossamer.nest.target import Target


@operator("GATHER", code=36, options="GatherOptions")
class Gather(Movement):
    """x, indices -> the slices of x along `axis` that the indices name.

    The first `batch_dims` dimensions of both are walked together. The result has
    x's shape with dimension `axis` replaced by the indices' other dimensions.
    """

    axis: int = 0
    batch_dims: int = 0

    by_place = True

    def infer(self, *inputs: Tensor | None) -> tuple[TensorType, ...]:
        x, indices = operands(self, inputs, 2)
        _check_index_type(self, indices)
        axis, batch = self._places(len(x.shape), len(indices.shape))
        shared = [
            same_size(self, first, second)
            for first, second in zip(
                x.shape[:batch], indices.shape[:batch], strict=True
            )
        ]
        before, after = x.shape[batch:axis], x.shape[axis + 1 :]
        shape = (*shared, *before, *indices.shape[batch:], *after)
        return made(self, x.dtype, shape)

    def reference(self, *inputs: Any) -> tuple[Array, ...]:
        x: Array = np.asarray(inputs[0])
        indices: Array = np.asarray(inputs[1]).astype(np.int64)
        axis, batch = self._places(x.ndim, indices.ndim)
        check_range(self, indices, x.shape[axis])
        if batch == 0:
            return (np.take(x, indices, axis=axis),)
        require(x.shape[:batch] == indices.shape[:batch], self, "the batches differ")
        rows = x.reshape(-1, *x.shape[batch:])
        picks = indices.reshape(-1, *indices.shape[batch:])
        shape = (*x.shape[:axis], *indices.shape[batch:], *x.shape[axis + 1 :])
        taken = [
            np.take(row, pick, axis=axis - batch)
            for row, pick in zip(rows, picks, strict=True)
        ]
        return (np.array(taken, x.dtype).reshape(shape),)

    def picks(self, *inputs: Any) -> Mapping[int, Array] | None:
        x, indices = inputs
        axis, batch = self._places(x.ndim, indices.ndim)
        check_range(self, indices, x.shape[axis])
        return {axis: indices} if batch == 0 else None

    def lower(self, node: Node, target: Target) -> Sequence[Step] | None:
        """By a table where the indices are known, else checked one by one."""
        x, indices, y = node.input(0), node.input(1), node.output
        element = element_kind(x.dtype.numpy.itemsize)
        if not indices.type.size:
            return []
        if indices.is_constant or element is None or not (x.type.size and y.type.size):
            return Movement.lower(self, node, target)
        axis, batch = self._places(len(x.shape), len(indices.shape))
        slices = Slices(
            product(x.shape[:batch]),
            product(x.shape[batch:axis]),
            x.shape[axis],
            product(indices.shape[batch:]),
            product(x.shape[axis + 1 :]),
        )
        nest = Nest("gather", target)
        source, result = nest.pointer(), nest.pointer()
        gather(nest, slices, element, source, checked_indices(nest, indices), result)
        alarm = Alarm(outside(self, slices.size))
        return checked_steps(nest, (x, y, indices, alarm), slices.units, (1,))

    def version(self, node: Node) -> int:
        dtype = node.input(0).dtype
        if dtype.title == "int4":
            return 7
        if node.input(1).dtype.title == "int16":
            return 6
        if self.batch_dims:
            return 5
        return version_of_type(dtype, int16=4, bool=3, int8=2)

    def _places(self, rank: int, index_rank: int) -> tuple[int, int]:
        """`axis` and `batch_dims` counted from the front."""
        axis = within(self, self.axis, rank)
        batch = self.batch_dims + (index_rank if self.batch_dims < 0 else 0)
        text = f"batch_dims is {self.batch_dims}, with axis {axis}"
        require(0 <= batch <= min(axis, index_rank), self, text)
        return axis, batch


@operator("GATHER_ND", code=107, options="GatherNdOptions")
class GatherNd(Movement):
    """x, indices (..., depth) -> (..., slices of x at these `depth` coordinates)."""

    by_place = True

    def infer(self, *inputs: Tensor | None) -> tuple[TensorType, ...]:
        x, indices = operands(self, inputs, 2)
        _check_index_type(self, indices)
        shape = _gathered(self, x.shape, indices.shape)
        return made(self, x.dtype, shape)

    def reference(self, *inputs: Any) -> tuple[Array, ...]:
        x: Array = np.asarray(inputs[0])
        indices: Array = np.asarray(inputs[1]).astype(np.int64)
        shape = _gathered(self, x.shape, indices.shape)
        places = tuple(np.moveaxis(indices, -1, 0))
        for place, size in zip(places, x.shape, strict=False):
            check_range(self, place, size)
        return (np.asarray(x[places], x.dtype).reshape(shape),)

    def lower(self, node: Node, target: Target) -> Sequence[Step] | None:
        """By a table where the indices are known, else checked one by one."""
        x, indices, y = node.input(0), node.input(1), node.output
        element = element_kind(x.dtype.numpy.itemsize)
        if not indices.type.size:
            return []
        if indices.is_constant or element is None or not (x.type.size and y.type.size):
            return Movement.lower(self, node, target)
        depth = indices.shape[-1]
        points = Points(
            product(indices.shape[:-1]), x.shape[:depth], product(x.shape[depth:])
        )
        nest = Nest("gather_nd", target)
        source, result = nest.pointer(), nest.pointer()
        found = checked_indices(nest, indices)
        gather_points(nest, points, element, source, found, result)
        alarm = Alarm(outside(self, *points.sizes))
        return checked_steps(nest, (x, y, indices, alarm), points.count, (1,))

    def version(self, node: Node) -> int:
        dtype = node.input(0).dtype
        if dtype.title == "bool":
            return 5
        if node.input(1).dtype.title == "int16":
            return 4
        return version_of_type(dtype, int16=3, string=2)


def _gathered(op: Op, shape: Shape, index_shape: Shape) -> Shape:
    require(len(index_shape) > 0, op, "the indices are a scalar")
    depth = index_shape[-1]
    text = f"{depth} coordinates do not fit a tensor of rank {len(shape)}"
    require(0 < depth <= len(shape), op, text)
    return (*index_shape[:-1], *shape[depth:])


def _check_index_type(op: Op, indices: Tensor) -> None:
    if indices.dtype.title not in ("int16", "int32", "int64"):
        raise GraphError(
            f"{op.name}: the indices '{indices.name}' are {indices.dtype.title}, "
            "not int16, int32 or int64"
        )


def outside(op: Op, *sizes: int) -> str:
    """What an alarm says of an index outside a dimension."""
    kinds = " or ".join(str(size) for size in dict.fromkeys(sizes))
    return f"{op.name}: index {{value}} is outside a dimension of size {kinds}"


def check_range(op: Op, indices: Array, size: int) -> None:
    """Raise `GraphError` for an index outside a dimension."""
    wrong = indices[(indices < 0) | (indices >= size)]
    if wrong.size:
        raise GraphError(
            f"{op.name}: index {int(wrong[0])} is outside a dimension of size {size}"
        )
