"""Operators that make a function of one byte, as a table of its 256 results.

y = x * sigmoid(x)  ->  y = table[x], for x, y and what is between them of 8 bits
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gossamer.ir.graph import Node, Subgraph, Tensor
from gossamer.ir.op import acts
from gossamer.ir.rewrite import with_nodes
from gossamer.ops.arithmetic import Add, Mul, Sub
from gossamer.ops.bound import Bound
from gossamer.ops.byte_function import ByteFunction
from gossamer.ops.hard_swish import HardSwish
from gossamer.ops.integer_steps import is_scaled
from gossamer.ops.quantize import Quantize
from gossamer.ops.relu import Clamp, LeakyRelu
from gossamer.ops.sigmoid import Curve

if TYPE_CHECKING:
    from gossamer.nest.target import Target

_PLAIN = (Add, Sub, Mul, Clamp, Quantize)
"""What vectors compute well without tables."""
_BY_ELEMENT = (*_PLAIN, LeakyRelu, HardSwish, Curve)
_BYTE = 8


def tabulate(subgraph: Subgraph, target: Target) -> Subgraph:
    """The subgraph with functions of a byte in the place of what computes them."""
    if any(_is_apart(node) for node in subgraph.nodes):
        return subgraph
    graph = _Graph(subgraph)
    nodes = [graph.tabulated(node, target) for node in subgraph.nodes]
    if all(one is other for one, other in zip(nodes, subgraph.nodes, strict=True)):
        return subgraph
    return with_nodes(subgraph, _needed(subgraph, nodes))


def _is_apart(node: Node) -> bool:
    """Whether a node may change what others see, so that their order matters."""
    return isinstance(node.op, Bound) or bool(node.op.states()) or acts(node.op)


def _needed(subgraph: Subgraph, nodes: list[Node]) -> list[Node]:
    wanted = set(subgraph.outputs)
    kept: list[Node] = []
    for node in reversed(nodes):
        if not node.outputs or any(y in wanted for y in node.outputs):
            kept.append(node)
            wanted.update(x for x in node.inputs if x is not None)
    return kept[::-1]


@dataclass(frozen=True, slots=True)
class _Group:
    """Nodes, the last first, that together read `sources` and constant numbers."""

    nodes: tuple[Node, ...]
    sources: frozenset[Tensor]

    def is_worthwhile(self, target: Target) -> bool:
        if not all(isinstance(node.op, _PLAIN) for node in self.nodes):
            return True
        return target.looks_up_bytes


class _Graph:
    """Who makes and who reads each tensor of a subgraph."""

    def __init__(self, subgraph: Subgraph) -> None:
        self._places = {node: place for place, node in enumerate(subgraph.nodes)}
        self._makers = subgraph.producers()
        self._readers = subgraph.consumers()
        self._outputs = frozenset(subgraph.outputs)

    def tabulated(self, node: Node, target: Target) -> Node:
        """The node, or what takes its place."""
        group = self._group(node)
        if group is None or not group.is_worthwhile(target):
            return node
        function = ByteFunction(group.nodes[::-1])
        return Node(function, tuple(group.sources), node.outputs)

    def _group(self, node: Node) -> _Group | None:
        """The longest group that ends with the node and has one source.

        It does not go beyond a source that others read too: they need it anyway.
        """
        if not _is_by_element(node):
            return None
        found, group = None, _added(_Group((), frozenset(node.outputs)), node)
        while True:
            if len(group.sources) == 1:
                found = group
                if not self._is_inside(group):
                    return found
            if not group.sources:
                return found
            last = max(group.sources, key=self._place)
            maker = self._makers.get(last)
            if maker is None or not _is_by_element(maker):
                return found
            if last.shape != node.output.shape:
                return found
            group = _added(group, maker)

    def _place(self, tensor: Tensor) -> int:
        maker = self._makers.get(tensor)
        return -1 if maker is None else self._places[maker]

    def _is_inside(self, group: _Group) -> bool:
        (source,) = group.sources
        readers = self._readers[source]
        is_read_here = all(reader in group.nodes for reader in readers)
        return is_read_here and source not in self._outputs


def _added(group: _Group, node: Node) -> _Group:
    read = {x for x in node.inputs if x is not None and not x.is_constant}
    sources = (group.sources - {node.output}) | read
    return _Group((*group.nodes, node), frozenset(sources))


def _is_by_element(node: Node) -> bool:
    """Whether each element of the output is a function of bytes in its place."""
    if not isinstance(node.op, _BY_ELEMENT) or len(node.outputs) != 1:
        return False
    y = node.output
    tensors = [y, *(x for x in node.inputs if x is not None)]
    if not isinstance(node.op, Quantize) and any(
        x.dtype is not y.dtype for x in tensors
    ):
        return False
    return len(tensors) > len(node.inputs) and all(_fits(x, y) for x in tensors)


def _fits(x: Tensor, y: Tensor) -> bool:
    if x.dtype.bits != _BYTE or not x.is_quantized or not is_scaled(x):
        return False
    if x.data is not None:
        return x.data.size == 1
    return x.shape == y.shape and not x.is_variable
