"""Join a node with the one that computes its input, where a rule says how."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, TypeAlias

from gossamer.ir.rewrite import with_nodes
from gossamer.passes.base import Skip

if TYPE_CHECKING:
    from collections.abc import Callable

    from gossamer.ir.graph import Node, Subgraph, Tensor
    from gossamer.passes.base import Note

    Rule: TypeAlias = Callable[[Node, Node], Node | Skip | None]
    """(node, producer of one of its inputs) -> one node for both; None: no match."""


def join_with_producers(subgraph: Subgraph, rule: Rule, note: Note) -> Subgraph:
    """Replace producer and node by what `rule` makes of them.

    The joined node computes the node's output in the node's place. It is only made
    where nothing else reads the producer's output.
    """
    uses = _uses(subgraph)
    kept: dict[int, Node] = {}
    place: dict[Tensor, int] = {}
    changed = False
    for index, node in enumerate(subgraph.nodes):
        kept[index] = node
        for source in _sources(node, place):
            joined = rule(node, kept[place[source]])
            if isinstance(joined, Skip):
                note(node, joined.reason)
            elif joined is not None and uses[source] > 1:
                note(node, f"'{source.name}' is read elsewhere too")
            elif joined is not None:
                note(node, None)
                del kept[place[source]]
                kept[index] = joined
                changed = True
                break
        place.update(dict.fromkeys(kept[index].outputs, index))
    return with_nodes(subgraph, kept.values()) if changed else subgraph


def _uses(subgraph: Subgraph) -> Counter[Tensor]:
    """How often each tensor is read, by nodes and as an output of the graph."""
    uses = Counter(subgraph.outputs)
    for node in subgraph.nodes:
        uses.update(x for x in node.inputs if x is not None)
    return uses


def _sources(node: Node, place: dict[Tensor, int]) -> list[Tensor]:
    """The inputs of `node` that other nodes compute, each once."""
    return [x for x in dict.fromkeys(node.inputs) if x is not None and x in place]
