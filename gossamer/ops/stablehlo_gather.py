"""STABLEHLO_GATHER: slices of one size, each from a place that an index names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from gossamer.ir.op import Op, operator, require
from gossamer.ops.movement import Movement
from gossamer.ops.shapes import INDEX_TYPES, made, operands

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gossamer.ir.graph import Node, Tensor
    from gossamer.ir.types import Array, Shape, TensorType
    from gossamer.kernels.step import Step
    from gossamer.nest.target import Target

Numbers: TypeAlias = tuple[int, ...]


@operator("STABLEHLO_GATHER", code=201, options="StablehloGatherOptions")
class StablehloGather(Movement):
    """x, indices -> a slice of x of `slice_sizes` for each index.

    An index is the numbers along dimension `index_vector_dim` of the indices; number i
    is where the slice begins in dimension `start_index_map[i]` of x, moved so that the
    slice lies inside. Without `collapsed_slice_dims`, the dimensions of the slice are
    dimensions `offset_dims` of the result; the others are the indices'.
    """

    offset_dims: Numbers = ()
    collapsed_slice_dims: Numbers = ()
    start_index_map: Numbers = ()
    index_vector_dim: int = 0
    slice_sizes: Numbers = ()
    indices_are_sorted: bool = False

    def infer(self, *inputs: Tensor | None) -> tuple[TensorType, ...]:
        x, indices = operands(self, inputs, 2)
        require_index_type(self, indices)
        require(x.dtype.bits in (8, 16, 32, 64), self, f"{x} has no fixed size")
        self._check(x.shape, indices.shape)
        batch = without(indices.shape, self.index_vector_dim)
        window = self._window()
        rank = len(batch) + len(window)
        outside, inside = iter(batch), iter(window)
        dims = frozenset(self.offset_dims)
        return made(
            self,
            x.dtype,
            (next(inside if dim in dims else outside) for dim in range(rank)),
        )

    def reference(self, *inputs: Any) -> tuple[Array, ...]:
        x, indices = (np.asarray(array) for array in inputs)
        self._check(x.shape, indices.shape)
        start = starts(indices, self.index_vector_dim, self.start_index_map, x.ndim)
        batch = start.shape[:-1]
        last = np.array(x.shape, np.int64) - np.array(self.slice_sizes, np.int64)
        start = np.minimum(np.maximum(start, 0), last)
        picks = [
            start[..., axis].reshape(*batch, *(1,) * x.ndim)
            + np.arange(size).reshape(-1, *(1,) * (x.ndim - 1 - axis))
            for axis, size in enumerate(self.slice_sizes)
        ]
        found = x[tuple(picks)] if picks else np.broadcast_to(x, batch)
        kept = found.reshape(*batch, *self._window())
        return (np.transpose(kept, self._order(len(batch))),)

    def lower(self, node: Node, target: Target) -> Sequence[Step] | None:
        return None

    def _window(self) -> Numbers:
        """The sizes of a slice in the dimensions that the result keeps."""
        gone = frozenset(self.collapsed_slice_dims)
        return tuple(size for i, size in enumerate(self.slice_sizes) if i not in gone)

    def _order(self, batch: int) -> list[int]:
        """For each dimension of the result, which of (batch, window) it is."""
        rank = batch + len(self.offset_dims)
        inside = iter(range(batch, rank))
        outside = iter(range(batch))
        dims = frozenset(self.offset_dims)
        return [next(inside if dim in dims else outside) for dim in range(rank)]

    def _check(self, shape: Shape, index_shape: Shape) -> None:
        rank = len(shape)
        text = f"{len(self.slice_sizes)} slice sizes are given for {list(shape)}"
        require(len(self.slice_sizes) == rank, self, text)
        for axis, (size, whole) in enumerate(zip(self.slice_sizes, shape, strict=True)):
            most = 1 if axis in self.collapsed_slice_dims else whole
            fits = size >= 0 and (most < 0 or size <= most) and whole >= -1
            text = f"a slice of {size} is taken from dimension {axis} of {list(shape)}"
            require(fits and (whole < 0 or size <= whole), self, text)
        require_dims(self, "collapsed_slice_dims", self.collapsed_slice_dims, rank)
        require_dims(self, "start_index_map", self.start_index_map, rank, ordered=False)
        require_index_vector(
            self, index_shape, self.index_vector_dim, self.start_index_map
        )
        batch = len(without(index_shape, self.index_vector_dim))
        window = rank - len(self.collapsed_slice_dims)
        text = f"{len(self.offset_dims)} offset_dims are given for {window} dimensions"
        require(len(self.offset_dims) == window, self, text)
        require_dims(self, "offset_dims", self.offset_dims, batch + window)


def require_index_type(op: Op, indices: Tensor) -> None:
    """Refuse indices that are not int32 or int64."""
    text = f"the indices '{indices.name}' are {indices.dtype.title}"
    require(indices.dtype in INDEX_TYPES, op, f"{text}, not int32 or int64")


def require_dims(
    op: Op, name: str, dims: Numbers, rank: int, *, ordered: bool = True
) -> None:
    """Refuse dimensions that are named twice, out of order, or not there."""
    right = sorted(set(dims)) == (list(dims) if ordered else sorted(dims))
    inside = all(0 <= dim < rank for dim in dims)
    text = f"{name} {list(dims)} are not dimensions of a tensor of rank {rank}"
    require(right and inside, op, text)


def require_index_vector(op: Op, shape: Shape, dim: int, names: Numbers) -> None:
    """Refuse indices without one number for each of `names` along dimension `dim`."""
    text = f"index_vector_dim is {dim}; the indices are {list(shape)}"
    require(0 <= dim <= len(shape), op, text)
    found = shape[dim] if dim < len(shape) else 1
    text = f"an index has {found} numbers, which are {len(names)} dimensions"
    require(found in (-1, len(names)), op, text)


def without(shape: Shape, dim: int) -> Shape:
    """`shape` less dimension `dim`, which may be one behind the last."""
    return (*shape[:dim], *shape[dim + 1 :])


def starts(indices: Array, dim: int, names: Numbers, rank: int) -> Array:
    """The indices as (..., rank) coordinates, 0 where no number is given."""
    vectors = indices[..., None] if dim == indices.ndim else indices
    vectors = np.moveaxis(vectors, dim, -1)
    full = np.zeros((*vectors.shape[:-1], rank), np.int64)
    full[..., list(names)] = vectors
    return full
