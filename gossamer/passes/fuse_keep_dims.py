"""Have a reduction keep its axes, where a RESHAPE puts them back as ones.

reshape(sum(x, axes), shape with ones)  =  sum(x, axes, keep_dims)
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from gossamer.ir.build import free_shape
from gossamer.ops.expand_dims import ExpandDims
from gossamer.ops.reduce import Mean, ReduceMax, ReduceMin, ReduceProd, Sum
from gossamer.ops.reshape import Reshape
from gossamer.passes.base import Pass, Skip
from gossamer.passes.join import join_with_producers

if TYPE_CHECKING:
    from gossamer.ir.graph import Node, Subgraph
    from gossamer.passes.base import Note


def fuse_keep_dims(subgraph: Subgraph, note: Note) -> Subgraph:
    """Fuse every RESHAPE and EXPAND_DIMS that gives a reduction its axes back."""
    return join_with_producers(subgraph, _rule, note)


def _rule(node: Node, producer: Node) -> Node | Skip | None:
    if not isinstance(node.op, Reshape | ExpandDims):
        return None
    op = producer.op
    if not isinstance(op, Mean | Sum | ReduceMax | ReduceMin | ReduceProd):
        return None
    x, axes = producer.input(0), producer.input(1)
    if op.keep_dims or node.input(0) is not producer.output:
        return None
    if axes.data is None:
        return Skip(f"the axes of {op.name} are computed")
    shape = free_shape(x)
    folded = op.axes(len(shape), axes.data)
    kept = tuple(1 if axis in folded else dim for axis, dim in enumerate(shape))
    if kept != free_shape(node.output):
        return Skip(f"it does not put the axes of {op.name} back in their places")
    return replace(producer, op=replace(op, keep_dims=True), outputs=node.outputs)


FUSE_KEEP_DIMS = Pass("fuse_keep_dims", fuse_keep_dims)
