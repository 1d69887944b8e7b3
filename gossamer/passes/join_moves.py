"""Make one RESHAPE of two in a row, and one TRANSPOSE of two.

reshape(reshape(x, a), b)  =  reshape(x, b)
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from gossamer.ir.graph import Tensor
from gossamer.ops.reshape import Reshape
from gossamer.ops.transpose import Transpose
from gossamer.passes.base import Pass, Skip
from gossamer.passes.join import join_with_producers

if TYPE_CHECKING:
    from gossamer.ir.graph import Node, Subgraph
    from gossamer.passes.base import Note


def join_moves(subgraph: Subgraph, note: Note) -> Subgraph:
    """Join every RESHAPE with a RESHAPE before it, and every TRANSPOSE likewise."""
    return join_with_producers(subgraph, _rule, note)


def _rule(node: Node, producer: Node) -> Node | Skip | None:
    if node.optional(0) is not producer.output:
        return None
    if isinstance(node.op, Reshape) and isinstance(producer.op, Reshape):
        return replace(node, inputs=(producer.input(0), *node.inputs[1:]))
    if isinstance(node.op, Transpose) and isinstance(producer.op, Transpose):
        return _transposed(node, producer)
    return None


def _transposed(node: Node, producer: Node) -> Node | Skip:
    first, second = producer.input(1), node.input(1)
    if first.data is None or second.data is None:
        return Skip("an order of axes is known only when the model runs")
    order = np.ravel(first.data)[np.ravel(second.data)].astype(second.data.dtype)
    axes = Tensor(second.name, second.type, order)
    return replace(node, inputs=(producer.input(0), axes))


JOIN_MOVES = Pass("join_moves", join_moves)
