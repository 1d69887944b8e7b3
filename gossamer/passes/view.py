"""A tensor as another with its axes moved, or without some axes of size one."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from gossamer.ir.build import free_shape, split_signature
from gossamer.ir.graph import Node, Tensor
from gossamer.ir.types import DType, TensorType
from gossamer.ops.expand_dims import ExpandDims
from gossamer.ops.reshape import Reshape
from gossamer.ops.squeeze import Squeeze
from gossamer.ops.transpose import Transpose

if TYPE_CHECKING:
    from gossamer.ir.types import Array, Shape

_MOST_AXES = 4
"""What every operator of LiteRT can do."""


@dataclass(frozen=True, slots=True)
class View:
    """Axis `i` of a tensor is axis `axes[i]` of `source`; the others have size one.

    `source` has `rank` axes.
    """

    source: Tensor
    axes: Shape

    @property
    def rank(self) -> int:
        return len(self.source.shape)

    @property
    def is_whole(self) -> bool:
        """Whether the tensor is its source."""
        return self.axes == tuple(range(self.rank))

    @property
    def keeps_last(self) -> bool:
        """Whether the last axes of both are the same one."""
        return bool(self.axes) and self.axes[-1] == self.rank - 1

    def matches(self, other: View) -> bool:
        """Whether axes correspond alike, whatever the tensors are."""
        return self.axes == other.axes and self.rank == other.rank

    def spread(self, values: Array) -> Array:
        """A constant that broadcasts against the tensor, for the source."""
        count = len(self.axes)
        whole = values.reshape((1,) * (count - values.ndim) + values.shape)
        order = np.argsort(self.axes)
        sizes = [1] * self.rank
        for axis, size in zip(self.axes, whole.shape, strict=True):
            sizes[axis] = size
        return whole.transpose(order).reshape(sizes)

    def source_shape(self, shape: Shape) -> Shape:
        """The shape of the source of a tensor of that shape."""
        sizes = [1] * self.rank
        for axis, size in zip(self.axes, shape, strict=True):
            sizes[axis] = size
        return tuple(sizes)

    def of_same_axes(self, tensor: Tensor) -> View:
        """`tensor` as such a view of a new source."""
        return View(_like(tensor, self.source_shape(free_shape(tensor))), self.axes)

    @property
    def missing(self) -> set[int]:
        """The axes of the source, of size one, that the tensor does not have."""
        return set(range(self.rank)).difference(self.axes)

    def reduced(self, gone: set[int], tensor: Tensor) -> View:
        """`tensor` as a view of a new source, without its axes `gone` and `missing`."""
        left = [axis for axis in range(self.rank) if axis not in gone]
        axes = tuple(left.index(axis) for axis in self.axes if axis not in gone)
        sizes = dict(zip(axes, free_shape(tensor), strict=True))
        shape = tuple(sizes[axis] for axis in range(len(axes)))
        return View(_like(tensor, shape), axes)


def _like(tensor: Tensor, shape: Shape, suffix: str = "inner") -> Tensor:
    """A tensor of another shape, -1 where it is free."""
    sizes, signature = split_signature(shape)
    return replace(
        tensor,
        name=f"{tensor.name}/{suffix}",
        type=TensorType(tensor.dtype, sizes),
        signature=signature,
    )


def viewed(x: View, node: Node) -> View | None:
    """What a node that moves axes makes of its input's view; None for any other."""
    shape = free_shape(x.source)
    if isinstance(node.op, Reshape | ExpandDims) and free_shape(node.output) == shape:
        is_ordered = x.axes == tuple(sorted(x.axes))
        return replace(x, axes=tuple(range(x.rank))) if is_ordered else None
    match node.op:
        case Transpose():
            order = node.input(1).data
            if order is None:
                return None
            return replace(x, axes=tuple(x.axes[int(i)] for i in order.ravel()))
        case Reshape() | Squeeze():
            return _without_ones(x, free_shape(node.input(0)), free_shape(node.output))
        case _:
            return None


def _without_ones(x: View, old: Shape, new: Shape) -> View | None:
    """The view where the old axes are the new ones and others of size one.

    Where that would bring computation to more than four axes, it stays where it is.
    """
    if old.count(-1) != new.count(-1) or x.rank > _MOST_AXES:
        return None
    axes: list[int] = []
    rest = list(new)
    for axis, size in zip(x.axes, old, strict=True):
        if rest and rest[0] == size:
            axes.append(axis)
            rest.pop(0)
        elif size != 1:
            return None
    return None if rest else replace(x, axes=tuple(axes))


def nodes_of(view: View, tensor: Tensor) -> list[Node]:
    """What computes `tensor` from its view: at most RESHAPE and TRANSPOSE."""
    source = view.source
    ordered = tuple(sorted(view.axes))
    made: list[Node] = []
    if len(ordered) < view.rank or view.is_whole:
        shape = free_shape(source)
        kept = tuple(shape[axis] for axis in ordered)
        target = tensor
        if view.axes != ordered:
            target = _like(tensor, kept, "squeezed")
        made.append(_reshaping(source, target, kept, ordered))
        source = target
    if view.axes != ordered:
        order = [ordered.index(axis) for axis in view.axes]
        axes = _vector(f"{tensor.name}/axes", order)
        made.append(Node(Transpose(), (source, axes), (tensor,)))
    return made


def _reshaping(source: Tensor, target: Tensor, kept: Shape, axes: Shape) -> Node:
    if kept.count(-1) <= 1:
        shape = _vector(f"{target.name}/shape", list(kept))
        return Node(Reshape(), (source, shape), (target,))
    gone = tuple(i for i in range(len(source.shape)) if i not in axes)
    return Node(Squeeze(gone), (source,), (target,))


def _vector(name: str, values: list[int]) -> Tensor:
    data = np.asarray(values, np.int32)
    return Tensor(name, TensorType(DType.INT32, tuple(data.shape)), data)
