"""STABLEHLO_SCATTER: a tensor with updates combined into it at indexed places."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from gossamer.ir.op import Op, operator, require
from gossamer.ops.shapes import made, operands, same_type
from gossamer.ops.stablehlo_binary import NUMBERS
from gossamer.ops.stablehlo_gather import (
    require_dims,
    require_index_type,
    require_index_vector,
    starts,
    without,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gossamer.ir.environment import Environment
    from gossamer.ir.graph import Node, Tensor
    from gossamer.ir.types import Array, Shape, TensorType

Numbers: TypeAlias = tuple[int, ...]


@operator("STABLEHLO_SCATTER", code=190, options="StablehloScatterOptions")
class StablehloScatter(Op):
    """x, indices, updates -> x with each update combined into its place.

    An index is the numbers along dimension `index_vector_dim` of the indices, and
    says where a window of x begins. Dimensions `update_window_dims` of the updates
    walk through a window, which has one element in `inserted_window_dims` of x; the
    others are the indices'. What lies outside of x is left out. A subgraph of two
    inputs, what is there and the update, says what comes there.
    """

    indices_are_sorted: bool = False
    update_window_dims: Numbers = ()
    inserted_window_dims: Numbers = ()
    scatter_dims_to_operand_dims: Numbers = ()
    index_vector_dim: int = 0
    unique_indices: bool = False
    update_computation_subgraph_index: int = 0

    def infer(self, *inputs: Tensor | None) -> tuple[TensorType, ...]:
        x, indices, updates = operands(self, inputs, 3)
        require_index_type(self, indices)
        dtype = same_type(self, (x, updates))
        require(dtype in NUMBERS, self, f"there is no kernel for {dtype.title}")
        self._check(x.shape, indices.shape, updates.shape)
        return made(self, dtype, x.shape)

    def perform(
        self, node: Node, inputs: Sequence[Any], environment: Environment
    ) -> tuple[Array, ...]:
        x, indices, updates = (np.asarray(array) for array in inputs)
        self._check(x.shape, indices.shape, updates.shape)
        subgraph = self.update_computation_subgraph_index

        def combine(old: Array, new: Array) -> Array:
            return environment.call(subgraph, (old, new))[0]

        places, inside = self._places(x.shape, indices, updates.shape)
        result = x.copy()
        flat = result.reshape(-1)
        for chosen in rounds(places[inside]):
            targets = places[inside][chosen]
            flat[targets] = combine(flat[targets], updates[inside][chosen])
        return (result,)

    def _places(
        self, shape: Shape, indices: Array, update_shape: Shape
    ) -> tuple[Array, Array]:
        """Where each update goes in x laid out flat, and whether that is inside."""
        start = starts(
            indices,
            self.index_vector_dim,
            self.scatter_dims_to_operand_dims,
            len(shape),
        )
        windows = iter(self.update_window_dims)
        outer = [
            1 if dim in self.update_window_dims else size
            for dim, size in enumerate(update_shape)
        ]
        places = np.zeros(update_shape, np.int64)
        inside = np.ones(update_shape, np.bool_)
        for axis, size in enumerate(shape):
            at = start[..., axis].reshape(outer)
            if axis not in self.inserted_window_dims:
                dim = next(windows)
                behind = len(update_shape) - 1 - dim
                at = at + np.arange(update_shape[dim]).reshape(-1, *(1,) * behind)
            inside &= (at >= 0) & (at < size)
            places = places * size + np.where((at >= 0) & (at < size), at, 0)
        return places, inside

    def _check(self, shape: Shape, index_shape: Shape, update_shape: Shape) -> None:
        rank, dims = len(shape), self.update_window_dims
        names = self.scatter_dims_to_operand_dims
        require_dims(self, "update_window_dims", dims, len(update_shape))
        require_dims(self, "inserted_window_dims", self.inserted_window_dims, rank)
        require_dims(self, "scatter_dims_to_operand_dims", names, rank, ordered=False)
        require_index_vector(self, index_shape, self.index_vector_dim, names)
        text = f"the windows have {len(dims)} dimensions; the input has {list(shape)}"
        require(len(dims) + len(self.inserted_window_dims) == rank, self, text)
        outer = [n for dim, n in enumerate(update_shape) if dim not in dims]
        expected = without(index_shape, self.index_vector_dim)
        text = f"updates of {list(update_shape)} do not fit {list(index_shape)} indices"
        require(len(outer) == len(expected), self, text)
        for one, other in zip(outer, expected, strict=True):
            require(one == other or -1 in (one, other), self, text)


def rounds(places: Array) -> list[Array]:
    """Which updates to make together, so that none changes what another one reads.

    The updates of one place come in their order, each in a later round.
    """
    order = np.argsort(places, kind="stable")
    ordered = places[order]
    first = np.r_[True, ordered[1:] != ordered[:-1]] if ordered.size else ordered
    begin = np.flatnonzero(first)
    which = np.cumsum(first) - 1
    turn = np.arange(ordered.size) - begin[which] if ordered.size else ordered
    by_turn = np.argsort(turn, kind="stable")
    ends = np.cumsum(np.bincount(turn)) if turn.size else turn
    return [order[part] for part in np.split(by_turn, ends[:-1])] if turn.size else []
