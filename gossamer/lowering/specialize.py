"""Fix all shapes of a subgraph for given input shapes, and fold what is then known."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from gossamer.errors import UnsupportedError
from gossamer.ir.op import evaluate
from gossamer.ir.rewrite import with_nodes
from gossamer.ir.shapes import infer_shapes
from gossamer.ir.sparse import dense_tensor

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
        GraphError: an operator cannot take the shapes that reach it.
        UnsupportedError: a shape depends on data.
    """
    moved = infer_shapes(subgraph, shapes)
    moved.update((x, dense_tensor(x)) for x in subgraph.tensors if x.sparsity)
    nodes: list[Node] = []
    for node in subgraph.nodes:
        made = _moved(node, moved)
        if all(y.is_constant for y in made.outputs):
            continue
        known = _known(made)
        if known is None:
            nodes.append(made)
            continue
        for old, new, array in zip(node.outputs, made.outputs, known, strict=True):
            moved[old] = replace(new, data=array)
    fixed = replace(
        subgraph,
        inputs=tuple(moved[x] for x in subgraph.inputs),
        outputs=tuple(moved.get(y, y) for y in subgraph.outputs),
    )
    return with_nodes(fixed, nodes if keep_all else _needed(fixed, nodes)), moved


def _moved(node: Node, moved: Mapping[Tensor, Tensor]) -> Node:
    outputs = tuple(moved[y] for y in node.outputs)
    for tensor in outputs:
        if not tensor.type.is_static:
            raise UnsupportedError(
                f"the shape of '{tensor.name}', made by {node.op.name}, depends on data"
            )
    inputs = tuple(None if x is None else moved.get(x, x) for x in node.inputs)
    return replace(node, inputs=inputs, outputs=outputs)


def _known(node: Node) -> tuple[Array, ...] | None:
    """The node's results where all that it reads is constant."""
    if sum(y.type.nbytes for y in node.outputs) > _FOLDED_BYTES or not node.inputs:
        return None
    arrays: list[Array | None] = []
    for x in node.inputs:
        if x is not None and x.data is None:
            return None
        arrays.append(None if x is None else x.data)
    return evaluate(node, arrays)


def _needed(subgraph: Subgraph, nodes: list[Node]) -> list[Node]:
    """Nodes that some output or some state depends on."""
    wanted = set(subgraph.outputs)
    kept: list[Node] = []
    for node in reversed(nodes):
        if node.op.updates or any(y in wanted for y in node.outputs):
            kept.append(node)
            wanted.update(x for x in node.inputs if x is not None)
    return kept[::-1]
