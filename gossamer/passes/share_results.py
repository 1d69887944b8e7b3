"""Compute once what several nodes compute alike.

y = f(x), z = f(x)  =  y = f(x), z = y
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, TypeAlias

from gossamer.ir.op import Builtin, Custom, acts
from gossamer.ir.rewrite import substitute, with_nodes
from gossamer.passes.base import Pass

if TYPE_CHECKING:
    from gossamer.ir.graph import Node, Subgraph, Tensor
    from gossamer.ir.op import Op
    from gossamer.passes.base import Note

_Key: TypeAlias = "tuple[Op, tuple[object, ...]]"

SMALL = 256
"""Bytes up to which constants count as one where their elements are equal."""


def share_results(subgraph: Subgraph, note: Note) -> Subgraph:
    """Keep the first of the nodes with the same operator, inputs and output types."""
    first: dict[_Key, Node] = {}
    moved: dict[Tensor, Tensor] = {}
    kept: list[Node] = []
    for original in subgraph.nodes:
        node = _with_inputs(original, moved)
        key = _key(node)
        earlier = None if key is None else first.setdefault(key, node)
        if earlier is None or earlier is node or not _alike(earlier, node):
            kept.append(node)
        elif any(y in subgraph.outputs for y in node.outputs):
            note(node, f"it computes an output, and so does '{earlier.output.name}'")
            kept.append(node)
        else:
            note(node, None)
            moved.update(zip(node.outputs, earlier.outputs, strict=True))
    return substitute(with_nodes(subgraph, kept), moved) if moved else subgraph


def _with_inputs(node: Node, moved: dict[Tensor, Tensor]) -> Node:
    if not any(x in moved for x in node.inputs if x is not None):
        return node
    return replace(
        node, inputs=tuple(None if x is None else moved.get(x, x) for x in node.inputs)
    )


def _key(node: Node) -> _Key | None:
    """What two nodes that compute alike have in common; None for those with effects."""
    if isinstance(node.op, Builtin | Custom) or acts(node.op) or node.op.states():
        return None
    if node.intermediates or any(x is not None and x.is_variable for x in node.inputs):
        return None
    return node.op, tuple(_identity(x) for x in node.inputs)


def _identity(tensor: Tensor | None) -> object:
    """The tensor itself, or what a small constant holds."""
    if tensor is None or tensor.data is None or tensor.quantization is not None:
        return tensor
    data = tensor.data
    if data.dtype.hasobject or data.nbytes > SMALL or tensor.sparsity is not None:
        return tensor
    return tensor.type, data.tobytes()


def _alike(first: Node, second: Node) -> bool:
    """Whether the outputs have the same types, shapes and scales."""
    return len(first.outputs) == len(second.outputs) and all(
        one.type == other.type
        and one.signature == other.signature
        and one.quantization is other.quantization
        for one, other in zip(first.outputs, second.outputs, strict=True)
    )


SHARE_RESULTS = Pass("share_results", share_results)
