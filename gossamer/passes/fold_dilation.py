"""Make a convolution between pixels that are dealt into batches a dilated one.

batch_to_space(convolution(space_to_batch(x)))  =  dilated convolution(pad(x))
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from gossamer.ir.build import free_shape, split_signature
from gossamer.ir.graph import Node, Tensor
from gossamer.ir.rewrite import with_nodes
from gossamer.ir.types import DType, TensorType
from gossamer.ops.conv_2d import Conv2D
from gossamer.ops.depthwise_conv_2d import DepthwiseConv2D
from gossamer.ops.pad import Pad
from gossamer.ops.space_to_batch import BatchToSpaceNd, SpaceToBatchNd
from gossamer.passes.base import Pass, Skip

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gossamer.ir.graph import Subgraph
    from gossamer.ir.types import Array
    from gossamer.passes.base import Note

_Producers: TypeAlias = "Mapping[Tensor, Node]"


def fold_dilation(subgraph: Subgraph, note: Note) -> Subgraph:
    """Fold every such row of three; what it leaves unused is dead."""
    producers = subgraph.producers()
    made: list[Node] = []
    for node in subgraph.nodes:
        folded = _folded(node, producers)
        if isinstance(folded, list):
            note(node, None)
            made += folded
            continue
        if folded is not None:
            note(node, folded.reason)
        made.append(node)
    return subgraph if made == list(subgraph.nodes) else with_nodes(subgraph, made)


def _folded(node: Node, producers: _Producers) -> list[Node] | Skip | None:
    """PAD, where there is a border, and the dilated convolution."""
    if not isinstance(node.op, BatchToSpaceNd):
        return None
    linear = producers.get(node.input(0))
    if linear is None or not isinstance(linear.op, Conv2D | DepthwiseConv2D):
        return None
    dealt = producers.get(linear.input(0))
    if dealt is None or not isinstance(dealt.op, SpaceToBatchNd):
        return None
    if dealt.input(0).is_quantized:
        return Skip("the border of quantized values is not moved")
    if len(dealt.input(0).shape) != 4 or linear.op.padding != "valid":
        return Skip("the convolution has a border of its own")
    if (linear.op.stride_h, linear.op.stride_w) != (1, 1):
        return Skip("the convolution has strides")
    found = _block_and_border(dealt, node)
    if isinstance(found, Skip):
        return found
    return _dilated(dealt.input(0), linear, node, *found)


def _block_and_border(dealt: Node, gathered: Node) -> tuple[Array, Array] | Skip:
    """The block, (2,), and what pads and crops leave as border, (2, 2)."""
    block, widths = dealt.input(1).data, dealt.input(2).data
    same_block, crops = gathered.input(1).data, gathered.input(2).data
    if block is None or widths is None or same_block is None or crops is None:
        return Skip("the block, the widths or the crops are computed")
    if block.shape != (2,) or not np.array_equal(block, same_block):
        return Skip(f"the blocks are {block.tolist()} and {same_block.tolist()}")
    border = widths.astype(np.int64) - crops
    if border.min() < 0:
        return Skip(f"crops of {crops.tolist()} take more than {widths.tolist()}")
    return block, border


def _dilated(
    x: Tensor, linear: Node, gathered: Node, block: Array, border: Array
) -> list[Node] | Skip:
    op = linear.op
    if not isinstance(op, Conv2D | DepthwiseConv2D):
        raise TypeError(f"{op.name} has no dilation")
    rows, columns = (int(step) for step in block)
    wide = replace(
        op,
        dilation_h_factor=op.dilation_h_factor * rows,
        dilation_w_factor=op.dilation_w_factor * columns,
    )
    around = [] if not border.any() else [_padding(x, border)]
    source = around[0].output if around else x
    inputs = (source, *linear.inputs[1:])
    outputs = gathered.outputs
    return [*around, replace(linear, op=wide, inputs=inputs, outputs=outputs)]


def _padding(x: Tensor, border: Array) -> Node:
    """PAD that surrounds height and width of `x`."""
    widths = np.pad(border, ((1, 1), (0, 0))).astype(np.int32)
    name = f"{x.name}/paddings"
    amounts = Tensor(name, TensorType(DType.INT32, widths.shape), widths)
    sizes = [
        size if size < 0 else size + int(more)
        for size, more in zip(free_shape(x), widths.sum(axis=1), strict=True)
    ]
    shape, signature = split_signature(tuple(sizes))
    kind = TensorType(x.dtype, shape)
    padded = replace(
        x, name=f"{x.name}/padded", type=kind, signature=signature, data=None
    )
    return Node(Pad(), (x, amounts), (padded,))


FOLD_DILATION = Pass("fold_dilation", fold_dilation)
