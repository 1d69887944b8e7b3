"""Which tensors are others under a new name, so that they have the same memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gossamer.ops.bound import overwritten
from gossamer.ops.variable import ReadVariable

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from gossamer.ir.graph import Node, Subgraph, Tensor


class Sharing:
    """Leads from each tensor to the one in whose memory its value lies."""

    __slots__ = ("_ends", "_inputs", "_keep_all", "_shared", "_unsafe")

    def __init__(self, subgraph: Subgraph, *, keep_all: bool) -> None:
        self._inputs = frozenset(subgraph.inputs)
        self._ends = frozenset(subgraph.outputs)
        self._keep_all = keep_all
        self._shared: dict[Tensor, Tensor] = {}
        self._unsafe: frozenset[Tensor] = frozenset()
        self.enter(subgraph)

    def root(self, tensor: Tensor) -> Tensor:
        """The tensor that has the memory."""
        while tensor in self._shared:
            tensor = self._shared[tensor]
        return tensor

    def enter(self, subgraph: Subgraph) -> None:
        """Look at the variables that a graph reads, before its nodes are asked."""
        self._unsafe |= _copied_reads(subgraph)

    def is_view(self, node: Node) -> bool:
        """Whether the output is what the input is, so that nothing is to be done."""
        x = node.inputs[0] if node.inputs else None
        if self._keep_all or x is None or x.is_constant:
            return False
        if isinstance(node.op, ReadVariable):
            if node.output in self._unsafe or node.output in self._ends:
                return False
        elif not node.op.only_reshapes or self.root(x).is_variable:
            return False
        root = self.root(x)
        if node.output in self._ends and (root in self._inputs or root in self._ends):
            return False
        self._shared[node.output] = root
        return True

    def rename(self, pairs: Iterable[tuple[Tensor, Tensor]]) -> None:
        """Tensors of a called graph are the caller's."""
        self._shared.update(pairs)

    def results(
        self, subgraph: Subgraph, outputs: Sequence[Tensor]
    ) -> list[tuple[Tensor, Tensor]]:
        """Have a branch write what it gives into the caller's tensors.

        Returns the pairs that must be copied at its end.
        """
        self.enter(subgraph)
        left: list[tuple[Tensor, Tensor]] = []
        makers = subgraph.producers()
        for x, y in zip(subgraph.outputs, outputs, strict=True):
            if _is_made_once(x, subgraph, makers) and x not in self._shared:
                self._shared[x] = y
            else:
                left.append((x, y))
        return left

    def rounds(
        self, body: Subgraph, states: Sequence[Tensor]
    ) -> list[tuple[Tensor, Tensor]]:
        """Have a loop's body write a state when nothing reads its old value any more.

        Returns the pairs that must be copied at the end of each round.
        """
        self.enter(body)
        left: list[tuple[Tensor, Tensor]] = []
        makers = body.producers()
        for given, x, y in zip(body.inputs, body.outputs, states, strict=True):
            if _is_made_once(x, body, makers) and _is_read_before(body, given, x):
                self._shared[x] = y
            else:
                left.append((x, y))
        return left


def _is_made_once(x: Tensor, graph: Subgraph, makers: dict[Tensor, Node]) -> bool:
    """Whether a node of the graph computes this output, and it is one output only."""
    maker = makers.get(x)
    if maker is None or graph.outputs.count(x) != 1:
        return False
    return not maker.op.only_reshapes and not isinstance(maker.op, ReadVariable)


def _is_read_before(body: Subgraph, given: Tensor, made: Tensor) -> bool:
    """Whether all that reads `given` stands before what makes `made`."""
    aliases = {given}
    is_made = False
    for node in body.nodes:
        is_changed = is_made
        is_made = is_made or made in node.outputs
        if any(x in aliases for x in node.inputs):
            if is_changed or (is_made and not _may_change(node, aliases)):
                return False
            if node.op.only_reshapes:
                aliases.update(node.outputs)
    return not any(y in aliases for y in body.outputs)


def _may_change(node: Node, aliases: set[Tensor]) -> bool:
    """Whether the node can write over its first input, and reads it once."""
    first, *others = node.inputs
    return node.op.in_place and first in aliases and aliases.isdisjoint(others)


def _copied_reads(graph: Subgraph) -> frozenset[Tensor]:
    """Outputs of READ_VARIABLE that are read after their variable has changed."""
    return frozenset(
        node.output
        for index, node in enumerate(graph.nodes)
        if isinstance(node.op, ReadVariable) and not _stays(graph, index)
    )


def _stays(graph: Subgraph, index: int) -> bool:
    variable, aliases = graph.nodes[index].input(0), {graph.nodes[index].output}
    changed = False
    for node in graph.nodes[index + 1 :]:
        changed = changed or variable in overwritten(node)
        if any(x in aliases for x in node.inputs):
            if changed:
                return False
            if node.op.only_reshapes:
                aliases.update(node.outputs)
    return not any(y in aliases for y in graph.outputs)
