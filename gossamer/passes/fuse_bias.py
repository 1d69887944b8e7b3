"""Put a per-channel ADD or SUB into the bias of the linear layer before it.

(conv(x, w) + b) + c  =  conv(x, w) + (b + c)
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gossamer.ops.arithmetic import Add, Sub
from gossamer.passes.base import Pass, Skip
from gossamer.passes.channel import channel_constant, linear_layer
from gossamer.passes.join import join_with_producers

if TYPE_CHECKING:
    from gossamer.ir.graph import Node, Subgraph
    from gossamer.passes.base import Note


def fuse_bias(subgraph: Subgraph, note: Note) -> Subgraph:
    """Fuse every ADD or SUB of a per-channel constant that follows a linear layer."""
    return join_with_producers(subgraph, _rule, note)


def _rule(node: Node, producer: Node) -> Node | Skip | None:
    if not isinstance(node.op, Add | Sub):
        return None
    layer = linear_layer(producer)
    if layer is None or isinstance(layer, Skip):
        return layer
    offset = channel_constant(node, layer)
    if isinstance(offset, Skip):
        return offset
    if isinstance(node.op, Sub):
        if node.inputs[0] is not producer.output:
            return Skip("the layer's output is what is subtracted")
        offset = -offset
    bias = offset if layer.bias is None else layer.bias + offset
    return layer.joined(node, node.op.fused_activation_function, bias=bias)


FUSE_BIAS = Pass("fuse_bias", fuse_bias)
