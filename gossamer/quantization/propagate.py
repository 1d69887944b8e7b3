"""Give every tensor of the integer model its scale and zero point.

Each operator states a rule for its outputs: a range of its own (Free), the scale of
its inputs (SameAsInput), a scale by definition (Fixed). Tensors that must share a scale
form a group; a group's range is the union of its members'.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gossamer.ir.op import Fixed
from gossamer.ir.quantization import Quantization
from gossamer.quantization.calibrate import observed_tensors
from gossamer.quantization.ranges import Range, activation_quantization
from gossamer.quantization.recipe import Choice, Form, is_real, tied_inputs

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gossamer.ir.graph import Node, Subgraph, Tensor

NOTHING = Range(0.0, 0.0)
"""The range of a tensor that no sample gave a value to."""


@dataclass(frozen=True, slots=True)
class Plan:
    """The form of each node, and each activation's quantization as it is produced.

    A node may need an input in another quantization than it is produced in:
    see `wanted`.
    """

    choices: Mapping[Node, Choice]
    quantization: Mapping[Tensor, Quantization]

    def form(self, node: Node) -> Form:
        return self.choices[node].form

    def wanted(self, node: Node, index: int) -> Quantization | None:
        """What input `index` of an INTEGER node must have; None for its own.

        None is returned for a constant, too, where it is free to have its own range.
        """
        if index in tied_inputs(node):
            return self.quantization[node.output]
        tensor = node.input(index)
        return self.quantization.get(tensor)


@dataclass(slots=True)
class _Group:
    """Tensors that share one scale (an ordered set), and constants that must fit in."""

    members: dict[Tensor, None]
    constants: list[Tensor] = field(default_factory=list["Tensor"])


def propagate(
    subgraph: Subgraph,
    choices: Mapping[Node, Choice],
    ranges: Mapping[Tensor, Range],
) -> Plan:
    """The plan for a subgraph whose float activations have the given ranges."""
    integer = [n for n in subgraph.nodes if choices[n].form is Form.INTEGER]
    pins = _pins(integer)
    moved = {y for node in integer if tied_inputs(node) for y in node.outputs}
    decided = {
        tensor: activation_quantization(ranges.get(tensor, NOTHING))
        for tensor in observed_tensors(subgraph)
    }
    for group in _groups(integer):
        shared = _shared(group, pins, moved, ranges)
        decided.update(dict.fromkeys(group.members, shared))
    decided.update(pins)
    return Plan(choices, decided)


def _pins(nodes: list[Node]) -> dict[Tensor, Quantization]:
    """The quantization of outputs where it is part of the operator's definition."""
    return {
        y: Quantization.per_tensor(*node.op.output_quantization.int8)
        for node in nodes
        for y in node.outputs
        if isinstance(node.op.output_quantization, Fixed) and is_real(y)
    }


def _shared(
    group: _Group,
    pins: Mapping[Tensor, Quantization],
    moved: set[Tensor],
    ranges: Mapping[Tensor, Range],
) -> Quantization:
    """One quantization for a group: its source's where that is pinned, else the union.

    Where pinned and other sources meet, the pinned ones are requantized on the way.
    """
    sources = [pins.get(t) for t in group.members if t not in moved]
    constants = [Range.of(c.data) for c in group.constants if c.data is not None]
    first = sources[0] if sources else None
    if first is not None and all(first.same(pin) for pin in sources):
        held = _representable(first)
        if all(constant.within(held) for constant in constants):
            return first
    seen = [ranges[t] for t in group.members if t in ranges] + constants
    union = NOTHING
    for values in seen:
        union = union.union(values)
    return activation_quantization(union)


def _representable(quantization: Quantization) -> Range:
    """The real numbers that int8 reaches with a quantization."""
    scale, zero_point = quantization.pair()
    return Range(scale * (-128 - zero_point), scale * (127 - zero_point))


def _groups(nodes: list[Node]) -> list[_Group]:
    """The groups of tensors that nodes tie together, of two or more each."""
    group_of: dict[Tensor, _Group] = {}
    for node in nodes:
        inputs = [node.input(index) for index in tied_inputs(node)]
        if not inputs:
            continue
        tied = [t for t in (*inputs, *node.outputs) if is_real(t)]
        constants = [t for t in tied if t.is_constant]
        _join(group_of, [t for t in tied if not t.is_constant], constants)
    return list({id(group): group for group in group_of.values()}.values())


def _join(
    group_of: dict[Tensor, _Group], tensors: list[Tensor], constants: list[Tensor]
) -> None:
    """Put tensors, and all that they are tied to already, into one group."""
    joined = _Group({}, list(constants))
    for tensor in tensors:
        if tensor in joined.members:
            continue
        old = group_of.get(tensor, _Group({tensor: None}))
        joined.members.update(old.members)
        joined.constants.extend(old.constants)
    group_of.update(dict.fromkeys(joined.members, joined))
