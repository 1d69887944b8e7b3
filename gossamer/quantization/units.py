"""The layers that a search decides about: a product with weights, and what follows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gossamer.ir.work import multiplications
from gossamer.quantization.recipe import SHAPE_READERS, is_real, weight_input

if TYPE_CHECKING:
    from gossamer.ir.graph import Node, Subgraph, Tensor


@dataclass(frozen=True, slots=True)
class Unit:
    """Nodes that get one mode: they are bound together by what they read.

    Attributes:
        name: the output of the node with weights, or of the first one.
        outputs: the names of all outputs, by which a recipe's rules find the nodes.
        weights: how many constants its products have.
        products: how many multiplications one run takes.
    """

    name: str
    outputs: tuple[str, ...]
    weights: int
    products: int


def units_of(subgraph: Subgraph) -> tuple[Unit, ...]:
    """The units of a float graph, in the order in which they run.

    A node without weights goes with the one that computes its first real input; those
    before the first weights form a unit of their own.
    """
    leaders: dict[Tensor, Node] = {}
    members: dict[Node, list[Node]] = {}
    first: Node | None = None
    for node in subgraph.nodes:
        tensors = (*node.inputs, *node.outputs)
        if node.op.name in SHAPE_READERS or not any(map(is_real, tensors)):
            continue
        leader = _leader(node, leaders) or first or node
        if first is None:
            first = leader
        members.setdefault(leader, []).append(node)
        leaders.update((y, leader) for y in node.outputs)
    return tuple(_unit(leader, nodes) for leader, nodes in members.items())


def _leader(node: Node, leaders: dict[Tensor, Node]) -> Node | None:
    """The node whose unit `node` belongs to; None where it reads inputs only."""
    if weight_input(node) is not None:
        return node
    for x in node.inputs:
        if x is not None and x in leaders:
            return leaders[x]
    return None


def _unit(leader: Node, nodes: list[Node]) -> Unit:
    weights = [weight_input(node) for node in nodes]
    return Unit(
        leader.output.name,
        tuple(y.name for node in nodes for y in node.outputs),
        sum(w.type.size for w in weights if w is not None),
        sum(map(multiplications, nodes)),
    )
