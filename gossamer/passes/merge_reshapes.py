"""Reshape once where values are reshaped in a row.

reshape(reshape(x, a), b)  =  reshape(x, b)
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from gossamer.ir.build import free_shape
from gossamer.ir.graph import Tensor
from gossamer.ir.types import DType, TensorType
from gossamer.ops.expand_dims import ExpandDims
from gossamer.ops.reshape import Reshape
from gossamer.ops.squeeze import Squeeze
from gossamer.passes.base import Pass, Skip
from gossamer.passes.join import join_with_producers

if TYPE_CHECKING:
    from gossamer.ir.graph import Node, Subgraph
    from gossamer.passes.base import Note


def merge_reshapes(subgraph: Subgraph, note: Note) -> Subgraph:
    """Fuse every RESHAPE, EXPAND_DIMS and SQUEEZE with the one before it."""
    return join_with_producers(subgraph, _rule, note)


def _rule(node: Node, producer: Node) -> Node | Skip | None:
    kinds = Reshape | ExpandDims | Squeeze
    if not isinstance(node.op, kinds) or not isinstance(producer.op, kinds):
        return None
    if node.input(0) is not producer.output:
        return None
    x = producer.input(0)
    if x.is_quantized != node.output.is_quantized:
        return Skip("they have different scales")
    shape = free_shape(node.output)
    if shape.count(-1) > 1:
        return Skip(f"several sizes of {list(shape)} are free")
    known = TensorType(DType.INT32, (len(shape),))
    sizes = Tensor(f"{node.output.name}/shape", known, np.array(shape, np.int32))
    return replace(
        node, op=Reshape(), inputs=(x, sizes), outputs=node.outputs, version=0
    )


MERGE_RESHAPES = Pass("merge_reshapes", merge_reshapes)
