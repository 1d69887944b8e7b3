"""Remove nodes whose results nothing reads."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gossamer.ir.op import Builtin, Custom
from gossamer.ir.rewrite import with_nodes
from gossamer.passes.base import Pass

if TYPE_CHECKING:
    from gossamer.ir.graph import Node, Subgraph, Tensor
    from gossamer.passes.base import Note


def remove_dead(subgraph: Subgraph, note: Note) -> Subgraph:
    """Keep what the outputs need, and what may act on more than its outputs."""
    live: set[Tensor] = set(subgraph.outputs)
    kept: list[Node] = []
    for node in reversed(subgraph.nodes):
        if live.isdisjoint(node.outputs):
            reason = _effect(node)
            note(node, reason)
            if reason is None:
                continue
        kept.append(node)
        live.update(x for x in node.inputs if x is not None)
    if len(kept) == len(subgraph.nodes):
        return subgraph
    return with_nodes(subgraph, reversed(kept))


def _effect(node: Node) -> str | None:
    """Why a node whose outputs nothing reads must run all the same, if it must."""
    match node.op:
        case Builtin() | Custom():
            return "it may act on more than its outputs"
        case _:
            pass
    if not node.outputs:
        return "it has no outputs, so it is there for its effect"
    if any(x is not None and x.is_variable for x in node.inputs):
        return "it reads a variable, which it may change"
    return None


REMOVE_DEAD = Pass("remove_dead", remove_dead)
