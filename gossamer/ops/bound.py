"""IF and WHILE with the subgraphs themselves in the place of their indices.

`gossamer.lowering.bind` makes them when all shapes are fixed. They exist between that
and the program only, and never in a file.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gossamer.ir.op import Op, acts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gossamer.ir.graph import Node, Subgraph, Tensor


class Bound(Op):
    """An operator that holds subgraphs whose nodes run in its place.

    The subgraphs may mention tensors of the graph around them.
    """

    __slots__ = ()

    @property
    def code(self) -> int:
        return -1

    @property
    def options(self) -> str | None:
        return None

    @property
    def subgraphs(self) -> tuple[Subgraph, ...]:
        """The subgraphs, in the order in which they run."""
        raise NotImplementedError


@dataclass(frozen=True, slots=True)
class BoundIf(Bound):
    """Run `then` or `otherwise`, which take no inputs, by the node's first input."""

    then: Subgraph
    otherwise: Subgraph

    @property
    def name(self) -> str:
        return "IF"

    @property
    def subgraphs(self) -> tuple[Subgraph, ...]:
        return self.then, self.otherwise


@dataclass(frozen=True, slots=True)
class BoundWhile(Bound):
    """Run `body` on its own outputs while `condition` holds of them.

    Both take as inputs what changes from round to round: the node's first inputs,
    and its outputs. What stays the same they mention as it is.
    """

    condition: Subgraph
    body: Subgraph

    @property
    def name(self) -> str:
        return "WHILE"

    @property
    def subgraphs(self) -> tuple[Subgraph, ...]:
        return self.condition, self.body


def flattened(nodes: tuple[Node, ...]) -> Iterator[Node]:
    """Nodes and all that run inside them."""
    for node in nodes:
        yield node
        if isinstance(node.op, Bound):
            for subgraph in node.op.subgraphs:
                yield from flattened(subgraph.nodes)


def changes_state(node: Node) -> bool:
    """Whether the node, or one inside it, overwrites a variable or fills a table."""
    return any(
        each.op.states() or (acts(each.op) and not each.outputs)
        for each in flattened((node,))
    )


def overwritten(node: Node) -> frozenset[Tensor]:
    """The variables that the node, or one inside it, overwrites."""
    return frozenset(
        each.input(index)
        for each in flattened((node,))
        for index in each.op.states()
        if each.optional(index) is not None
    )


def captured(subgraphs: tuple[Subgraph, ...]) -> tuple[Tensor, ...]:
    """Computed tensors that subgraphs mention and that come from around them."""
    inside: set[Tensor] = set()
    found: dict[Tensor, None] = {}
    for subgraph in subgraphs:
        inside.update(subgraph.inputs)
        for node in flattened(subgraph.nodes):
            if isinstance(node.op, Bound):
                for inner in node.op.subgraphs:
                    inside.update(inner.inputs)
            found.update((x, None) for x in node.inputs if x is not None)
            inside.update(node.outputs)
        found.update(dict.fromkeys(subgraph.outputs))
    return tuple(
        x for x in found if x not in inside and not x.is_constant and not x.is_variable
    )
