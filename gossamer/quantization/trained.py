"""Ranges that a model was trained with: FAKE_QUANT operators, taken as calibration.

A FAKE_QUANT rounds its input to the integers of a range. In an integer model the tensor
has these integers itself, and the operator is gone.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from gossamer.ir.op import Fixed, SameAsInput
from gossamer.ir.rewrite import substitute, with_nodes, with_subgraph
from gossamer.ops.arithmetic import Add, Sub
from gossamer.ops.fake_quant import FakeQuant
from gossamer.quantization.ranges import Range
from gossamer.quantization.recipe import Choice, Form, is_real, tied_inputs

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from gossamer.ir.graph import Model, Node, Subgraph, Tensor

Ranges = dict["Tensor", Range]


def is_trained(model: Model) -> bool:
    """Whether a model says by FAKE_QUANT what integers it is made for."""
    return any(
        isinstance(node.op, FakeQuant)
        for subgraph in model.subgraphs
        for node in subgraph.nodes
    )


def without_fake_quant(model: Model) -> tuple[Model, Ranges]:
    """The model without FAKE_QUANT, and the ranges that it stated, by tensor.

    One that only rounds an input of the graph to be its output stays.
    """
    ranges: Ranges = {}
    if not is_trained(model):
        return model, ranges
    for index in range(len(model.subgraphs)):
        taken = _Taken(model.subgraphs[index])
        graph = with_nodes(taken.graph, taken.nodes)
        moved = taken.moved
        graph = substitute(graph, moved)
        model = with_subgraph(model, index, graph, moved)
        ranges.update(taken.ranges)
        ranges.update(_derived(graph, taken.ranges))
    return model, ranges


class _Taken:
    """The operators of a graph that can be left out, and what they stated."""

    def __init__(self, graph: Subgraph) -> None:
        self.graph = graph
        self.nodes: list[Node] = []
        self.moved: dict[Tensor, Tensor] = {}
        self.ranges: Ranges = {}
        self._source: dict[Tensor, Tensor] = {}
        for node in graph.nodes:
            self._take(node)

    def _take(self, node: Node) -> None:
        if not isinstance(node.op, FakeQuant) or node.input(0).is_constant:
            self.nodes.append(node)
            return
        x = self._source.get(node.input(0), node.input(0))
        values = integers_of(node.op)
        before = self.ranges.get(x)
        y = node.output
        is_end = y in self.graph.outputs
        if is_end and (x in self.graph.inputs or x in self.graph.outputs):
            self.nodes.append(node)
            self.ranges.setdefault(x, values)
            self.ranges[y] = values
            return
        # An output of the graph keeps its name.
        kept, gone = (y, x) if is_end else (x, y)
        self._source[y] = kept
        self._source[x] = kept
        self.moved = {k: kept if t is gone else t for k, t in self.moved.items()}
        self.moved[gone] = kept
        self.ranges.pop(x, None)
        self.ranges[kept] = values.union(before)


def integers_of(op: FakeQuant) -> Range:
    """The range whose integers of 8 bits, or of 16, have the operator's steps.

    Fewer than 8 bits are the lower ones of 8.
    """
    step, least, greatest = (float(number) for number in op.steps())
    if op.num_bits > 8:
        return Range(least, greatest)
    first = least - step * int(op.narrow_range)
    return Range(first, greatest if op.num_bits == 8 else first + 255 * step)


def _derived(graph: Subgraph, ranges: Mapping[Tensor, Range]) -> Ranges:
    """What tensors must span for sums with constants to span what these do."""
    found: Ranges = {}
    readers = graph.consumers()
    for node in graph.nodes:
        constant = _added_constant(node)
        x = node.input(0)
        if constant is None or x in ranges or len(readers.get(x, [])) > 1:
            continue
        values = ranges.get(node.output)
        if values is not None and x not in graph.outputs and x not in graph.inputs:
            least, greatest = float(constant.min()), float(constant.max())
            found[x] = Range(values.minimum - greatest, values.maximum - least)
    return found


def _added_constant(node: Node) -> np.ndarray | None:
    if not isinstance(node.op, (Add, Sub)) or node.input(0).is_constant:
        return None
    data = node.input(1).data
    if data is None or not data.size or data.dtype != np.float32:
        return None
    return -data if isinstance(node.op, Sub) else data


def only_known(
    chosen: Mapping[Node, Choice], ranges: Mapping[Tensor, Range]
) -> dict[Node, Choice]:
    """The forms of nodes where nobody has samples: float where a range is not known.

    Args:
        chosen: the forms of all nodes of a graph, in their order.
        ranges: what is known of activations.
    """
    made = dict(chosen)
    while True:
        known = _known(made, ranges)
        unknown = {
            node: missing
            for node in made
            if made[node].form is Form.INTEGER
            and (missing := _missing(node, known)) is not None
        }
        if not unknown:
            return made
        for node, tensor in unknown.items():
            reason = f"the range of '{tensor.name}' is not known without calibration"
            made[node] = replace(made[node], form=Form.FLOAT, reason=reason)


def _known(
    chosen: Mapping[Node, Choice], ranges: Mapping[Tensor, Range]
) -> set[Tensor]:
    """The tensors that have a range, or share one, or need none."""
    nodes = [node for node in chosen if chosen[node].form is Form.INTEGER]
    known = set(ranges)
    for node in nodes:
        if isinstance(node.op.output_quantization, Fixed):
            known.update(node.outputs)
    before = -1
    while len(known) != before:
        before = len(known)
        for node in nodes:
            if not isinstance(node.op.output_quantization, SameAsInput):
                continue
            inputs = [node.input(index) for index in tied_inputs(node)]
            if all(x in known or x.is_constant for x in inputs) and inputs:
                known.update(node.outputs)
            elif any(y in known for y in node.outputs):
                known.update(inputs)
    return known


def _missing(node: Node, known: set[Tensor]) -> Tensor | None:
    """A tensor of a node that has no range."""
    return next((x for x in _activations(node) if x not in known), None)


def _activations(node: Node) -> Iterator[Tensor]:
    for tensor in (*node.inputs, *node.outputs):
        if tensor is not None and is_real(tensor) and not tensor.is_constant:
            yield tensor
