"""Make zeros around an image part of the convolution after them.

PAD with the very border that "same" padding gives, then a "valid" convolution, is one
"same" convolution.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from gossamer.ir.build import free_shape
from gossamer.ops.conv_2d import Conv2D
from gossamer.ops.depthwise_conv_2d import DepthwiseConv2D
from gossamer.ops.pad import Pad
from gossamer.passes.base import Pass, Skip
from gossamer.passes.join import join_with_producers

if TYPE_CHECKING:
    from gossamer.ir.graph import Node, Subgraph, Tensor
    from gossamer.passes.base import Note


def fold_padding(subgraph: Subgraph, note: Note) -> Subgraph:
    """Fold every PAD that "same" padding can stand for."""
    return join_with_producers(subgraph, _rule, note)


def _rule(node: Node, producer: Node) -> Node | Skip | None:
    op = node.op
    if not isinstance(op, Conv2D | DepthwiseConv2D) or op.padding != "valid":
        return None
    if not isinstance(producer.op, Pad) or node.input(0) is not producer.output:
        return None
    x, widths = producer.input(0), producer.input(1)
    if widths.data is None or len(x.shape) != 4:
        return Skip("the widths of the border are computed")
    if x.is_quantized:
        return Skip("the border of quantized values is not moved")
    border = widths.data.reshape(4, 2).tolist()
    if border[0] != [0, 0] or border[3] != [0, 0]:
        return Skip("the border is not only around height and width")
    same = replace(op, padding="same")
    wanted = _same_border(same, x, node.input(1))
    if wanted is None:
        return Skip("height or width is free, so the border of 'same' is not known")
    if [tuple(pair) for pair in border[1:3]] != wanted:
        return Skip(f"the border is {border[1:3]}, that of 'same' is {wanted}")
    return replace(node, op=same, inputs=(x, *node.inputs[1:]))


def _same_border(
    op: Conv2D | DepthwiseConv2D, x: Tensor, weights: Tensor
) -> list[tuple[int, int]] | None:
    """Rows above and below, columns left and right of "same" padding."""
    window = op.window(*weights.shape[1:3])
    sizes = free_shape(x)[1:3]
    pairs: list[tuple[int, int]] = []
    for axis, size in enumerate(sizes):
        if size < 0 and window.stride[axis] > 1:
            return None
        pairs.append(window.pads(max(size, 1), axis))  # without stride, any size
    return pairs


FOLD_PADDING = Pass("fold_padding", fold_padding)
