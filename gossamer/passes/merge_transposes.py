"""Turn the axes once where they are turned in a row.

transpose(transpose(x, a), b)  =  transpose(x, a[b])
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from gossamer.ir.graph import Tensor
from gossamer.ir.types import DType, TensorType
from gossamer.ops.transpose import Transpose
from gossamer.passes.base import Pass, Skip
from gossamer.passes.join import join_with_producers

if TYPE_CHECKING:
    from gossamer.ir.graph import Node, Subgraph
    from gossamer.passes.base import Note


def merge_transposes(subgraph: Subgraph, note: Note) -> Subgraph:
    """Fuse every TRANSPOSE with the one before it."""
    return join_with_producers(subgraph, _rule, note)


def _rule(node: Node, producer: Node) -> Node | Skip | None:
    if not isinstance(node.op, Transpose) or not isinstance(producer.op, Transpose):
        return None
    if node.input(0) is not producer.output:
        return None
    first, second = producer.input(1).data, node.input(1).data
    if first is None or second is None:
        return Skip("the order of the axes is computed")
    rank = len(first)
    if len(second) != rank or sorted(second % rank) != list(range(rank)):
        return Skip("the orders do not fit each other")
    order = np.asarray(first)[np.asarray(second)].astype(np.int32)
    kind = TensorType(DType.INT32, (rank,))
    axes = Tensor(f"{node.output.name}/axes", kind, order)
    return replace(node, inputs=(producer.input(0), axes), version=0)


MERGE_TRANSPOSES = Pass("merge_transposes", merge_transposes)
