"""Fix all shapes of a subgraph for given input shapes, and fold what is then known."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from gossamer.errors import UnsupportedError
from gossamer.ir.op import evaluate
from gossamer.ir.rewrite import with_nodes
from gossamer.ir.types import TensorType

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gossamer.ir.graph import Node, Subgraph, Tensor
    from gossamer.ir.types import Array, Shape

_FOLDED_BYTES = 1 << 26
"""Results up to this size are computed ahead; larger ones are left to run time."""


def specialize(
    subgraph: Subgraph, shapes: Mapping[Tensor, Shape], *, keep_all: bool = False
) -> tuple[Subgraph, dict[Tensor, Tensor]]:
    """The subgraph with every shape inferred anew, and where each tensor went.

    Args:
        subgraph: the graph as the file has it.
        shapes: shapes of inputs that differ from the file's.
        keep_all: keep nodes that no output depends on.

    Raises:
        UnsupportedError: a shape depends on data.
    """
    moved: dict[Tensor, Tensor] = {}
    for tensor in subgraph.inputs:
        shape = shapes.get(tensor, tensor.shape)
        type_ = TensorType(tensor.dtype, tuple(shape))
        moved[tensor] = replace(tensor, type=type_, signature=None)
    nodes: list[Node] = []
    for node in subgraph.nodes:
        inputs = tuple(None if x is None else moved.get(x, x) for x in node.inputs)
        types = node.op.infer(*inputs)
        outputs = tuple(
            _typed(tensor, type_, node)
            for tensor, type_ in zip(node.outputs, types, strict=True)
        )
        made = replace(node, inputs=inputs, outputs=outputs)
        known = _known(made)
        if known is not None:
            outputs = tuple(
                replace(tensor, data=array)
                for tensor, array in zip(outputs, known, strict=True)
            )
        else:
            nodes.append(made)
        moved.update(zip(node.outputs, outputs, strict=True))
    fixed = replace(
        subgraph,
        inputs=tuple(moved[x] for x in subgraph.inputs),
        outputs=tuple(moved.get(y, y) for y in subgraph.outputs),
    )
    kept = nodes if keep_all else _needed(fixed, nodes)
    return with_nodes(fixed, kept), moved


def _typed(tensor: Tensor, type_: TensorType, node: Node) -> Tensor:
    if not type_.is_static:
        raise UnsupportedError(
            f"the shape of '{tensor.name}', made by {node.op.name}, depends on data"
        )
    fixed = TensorType(tensor.dtype, type_.shape)
    return replace(tensor, type=fixed, signature=None)


def _known(node: Node) -> tuple[Array, ...] | None:
    """The node's results where they do not depend on the input's data."""
    if sum(y.type.nbytes for y in node.outputs) > _FOLDED_BYTES:
        return None
    if node.op.name == "SHAPE":
        return node.op.reference(_Shaped(node.input(0).shape))
    arrays = [None if x is None else x.data for x in node.inputs]
    if not node.inputs or any(x is not None and x.data is None for x in node.inputs):
        return None
    if any(x is not None and x.sparsity is not None for x in node.inputs):
        return None
    return evaluate(node, arrays)


class _Shaped:
    """An array of which only the shape is known."""

    def __init__(self, shape: Shape) -> None:
        self.shape = shape
        self.ndim = len(shape)


def _needed(subgraph: Subgraph, nodes: list[Node]) -> list[Node]:
    """Nodes that some output depends on."""
    wanted = set(subgraph.outputs)
    kept: list[Node] = []
    for node in reversed(nodes):
        if any(y in wanted for y in node.outputs):
            kept.append(node)
            wanted.update(x for x in node.inputs if x is not None)
    return kept[::-1]
