"""Fold a per-channel factor into the linear layer before it.

    (conv(x, w) + b) * g  =  conv(x, w * g) + b * g

A batch normalization arrives as such a MUL and an ADD behind it; the ADD is the work
of `fuse_bias`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gossamer.ops.arithmetic import Mul
from gossamer.passes.base import Pass, Skip
from gossamer.passes.channel import channel_constant, linear_layer
from gossamer.passes.join import join_with_producers

if TYPE_CHECKING:
    from gossamer.ir.graph import Node, Subgraph
    from gossamer.passes.base import Note


def fold_batch_norm(subgraph: Subgraph, note: Note) -> Subgraph:
    """Fold every MUL by a per-channel constant that follows a linear layer."""
    return join_with_producers(subgraph, _rule, note)


def _rule(node: Node, producer: Node) -> Node | Skip | None:
    if not isinstance(node.op, Mul):
        return None
    layer = linear_layer(producer)
    if layer is None or isinstance(layer, Skip):
        return layer
    factor = channel_constant(node, layer)
    if isinstance(factor, Skip):
        return factor
    weights = layer.weights * layer.along_channels(factor)
    bias = None if layer.bias is None else layer.bias * factor
    if not np.isfinite(weights).all():
        return Skip("the folded weights would not be finite")
    return layer.joined(
        node, node.op.fused_activation_function, weights=weights, bias=bias
    )


FOLD_BATCH_NORM = Pass("fold_batch_norm", fold_batch_norm)
