"""How much there is to compute and to store."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gossamer.ir.op import acts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gossamer.ir.graph import Node, Tensor

_MATRIX_PRODUCT = "BATCH_MATMUL"


def multiplications(node: Node) -> int:
    """Multiplications with weights in one run of a node (MACs), for one batch.

    Each output element of a convolution or a matrix product takes as many as a
    channel has weights; TRANSPOSE_CONV spends them on its input's elements. What keeps
    state multiplies each row of its input with all of its weights.
    """
    if acts(node.op):
        return 0
    if node.op.states():
        return _multiplications_of_cells(node)
    x, y = _shaped(node.inputs[:1]), _shaped(node.outputs[:1])
    if node.op.name == _MATRIX_PRODUCT and x and y and len(x.shape) > 1:
        depth = x.shape[-2 if getattr(node.op, "adj_x", False) else -1]
        return y.type.size * depth
    rule = node.op.weights
    weights = node.optional(rule.input) if rule else None
    if rule is None or rule.axis is None or weights is None or not weights.type.size:
        return 0
    if len(weights.shape) <= rule.axis:
        return 0
    if node.op.name == "TRANSPOSE_CONV":
        source = _shaped(node.inputs[2:3])
        return (
            source.type.size * weights.type.size // weights.shape[-1] if source else 0
        )
    return y.type.size * weights.type.size // weights.shape[rule.axis] if y else 0


def _multiplications_of_cells(node: Node) -> int:
    x = _shaped(node.inputs[:1])
    if x is None or not x.type.size:
        return 0
    matrices = (t for t in node.inputs if t is not None and t.is_constant)
    weights = sum(tensor.type.size for tensor in matrices if len(tensor.shape) == 2)
    return x.type.size // x.shape[-1] * weights


def _shaped(tensors: Sequence[Tensor | None]) -> Tensor | None:
    """The one tensor of a list, if it is there."""
    return tensors[0] if tensors else None


def stored_bytes(tensor: Tensor) -> int:
    """Bytes that a constant takes in the file."""
    if tensor.data is None:
        return 0
    if tensor.dtype.bits:
        return (tensor.data.size * tensor.dtype.bits + 7) // 8
    return sum(len(text) for text in tensor.data.flat)
