"""Give every tensor of the integer model its scale and zero point.

Each operator states a rule for its outputs: a range of its own (Free), the scale of
its inputs (SameAsInput), a scale by definition (Fixed). Tensors that must share a scale
form a group; a group's range is the union of its members'. All this is done for int8
and for int16 apart: a tensor that both read has a quantization in both.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

from gossamer.ir.graph import Tensor
from gossamer.ir.op import Fixed
from gossamer.ir.quantization import Quantization
from gossamer.ir.types import DType
from gossamer.quantization.calibrate import observed_tensors
from gossamer.quantization.ranges import Range, activation_quantization, representable
from gossamer.quantization.recipe import Choice, Form, is_real, tied_inputs

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from gossamer.ir.graph import Node, Subgraph

NOTHING = Range(0.0, 0.0)
"""The range of a tensor that no sample gave a value to."""

Typed: TypeAlias = tuple[Tensor, DType]
"""A tensor of the float model as integers of a type."""


@dataclass(frozen=True, slots=True)
class Plan:
    """The form of each node, and each activation's quantization as it is produced.

    A node may need an input in another type or quantization than it is produced in:
    see `wanted`.

    Attributes:
        choices: the form of each node.
        types: what integers each activation is produced in; a graph input, or what a
            float node computes: what it is first read in.
        quantization: that of each activation in that type.
        typed: the same in both types.
    """

    choices: Mapping[Node, Choice]
    types: Mapping[Tensor, DType]
    quantization: Mapping[Tensor, Quantization]
    typed: Mapping[Typed, Quantization]

    def form(self, node: Node) -> Form:
        return self.choices[node].form

    def dtype(self, node: Node) -> DType:
        """The type of the activations of an INTEGER node."""
        return self.choices[node].dtype

    def wanted(self, node: Node, index: int) -> Quantization | None:
        """What input `index` of an INTEGER node must have.

        None is returned for a constant where it is free to have its own range.
        """
        dtype = self.dtype(node)
        if index in tied_inputs(node):
            return self.typed[node.output, dtype]
        return self.typed.get((node.input(index), dtype))


@dataclass(slots=True)
class _Group:
    """Tensors that share one scale (an ordered set), and constants that must fit in."""

    members: dict[Tensor, None]
    constants: list[Tensor] = field(default_factory=list["Tensor"])


def propagate(
    subgraph: Subgraph,
    choices: Mapping[Node, Choice],
    ranges: Mapping[Tensor, Range],
    trained: Collection[Tensor] = (),
) -> Plan:
    """The plan for a subgraph whose float activations have the given ranges.

    Those that were trained with theirs share it with no other such tensor: what moves
    one to another requantizes it before.
    """
    integer = [n for n in subgraph.nodes if choices[n].form is Form.INTEGER]
    types = types_of(subgraph, choices)
    typed: dict[Typed, Quantization] = {}
    for dtype in (DType.INT8, DType.INT16):
        nodes = [node for node in integer if choices[node].dtype is dtype]
        found = _of_type(dtype, subgraph, nodes, ranges, trained)
        typed.update({(tensor, dtype): found[tensor] for tensor in found})
    own = {tensor: typed[tensor, dtype] for tensor, dtype in types.items()}
    return Plan(choices, types, own, typed)


def types_of(subgraph: Subgraph, choices: Mapping[Node, Choice]) -> dict[Tensor, DType]:
    """The type of each activation: its producer's, else its first reader's."""
    integer = [n for n in subgraph.nodes if choices[n].form is Form.INTEGER]
    types: dict[Tensor, DType] = {}
    for node in integer:
        dtype = choices[node].dtype
        types.update(dict.fromkeys(node.outputs, dtype))
        for x in node.inputs:
            if x is not None:
                types.setdefault(x, dtype)
    usual = choices[integer[0]].dtype if integer else DType.INT8
    return {x: types.get(x, usual) for x in observed_tensors(subgraph)}


def _of_type(
    dtype: DType,
    subgraph: Subgraph,
    nodes: list[Node],
    ranges: Mapping[Tensor, Range],
    trained: Collection[Tensor],
) -> dict[Tensor, Quantization]:
    """The quantization of every activation, for the nodes of one type."""
    decided = {
        tensor: activation_quantization(ranges.get(tensor, NOTHING), dtype)
        for tensor in observed_tensors(subgraph)
    }
    pins = _pins(nodes, dtype)
    moved = {y for node in nodes if tied_inputs(node) for y in node.outputs}
    for group in _groups(nodes, ranges, trained):
        shared = _shared(_trained_part(group, trained), pins, moved, ranges, dtype)
        decided.update(dict.fromkeys(group.members, shared))
    return decided | pins


def _pins(nodes: list[Node], dtype: DType) -> dict[Tensor, Quantization]:
    """The quantization of outputs where it is part of the operator's definition."""
    pins: dict[Tensor, Quantization] = {}
    for node in nodes:
        rule = node.op.output_quantization
        if not isinstance(rule, Fixed):
            continue
        pair = rule.int8 if dtype is DType.INT8 else rule.int16
        assert pair is not None
        fixed = Quantization.per_tensor(*pair)
        pins.update({y: fixed for y in node.outputs if is_real(y)})
    return pins


def _shared(
    group: _Group,
    pins: Mapping[Tensor, Quantization],
    moved: set[Tensor],
    ranges: Mapping[Tensor, Range],
    dtype: DType,
) -> Quantization:
    """One quantization for a group: its source's where that is pinned, else the union.

    Where pinned and other sources meet, the pinned ones are requantized on the way.
    """
    sources = [pins.get(t) for t in group.members if t not in moved]
    constants = [Range.of(c.data) for c in group.constants if c.data is not None]
    first = sources[0] if sources else None
    if first is not None and all(first.same(pin) for pin in sources):
        held = representable(first, dtype)
        if all(constant.within(held) for constant in constants):
            return first
    seen = [ranges[t] for t in group.members if t in ranges] + constants
    union = NOTHING
    for values in seen:
        union = union.union(values)
    return activation_quantization(union, dtype)


def _trained_part(group: _Group, trained: Collection[Tensor]) -> _Group:
    """Those of a group that were trained, which the others follow; all if none was."""
    chosen = {tensor: None for tensor in group.members if tensor in trained}
    return _Group(chosen) if chosen else group


def _groups(
    nodes: list[Node], ranges: Mapping[Tensor, Range], trained: Collection[Tensor]
) -> list[_Group]:
    """The groups of tensors that nodes tie together, of two or more each."""
    group_of: dict[Tensor, _Group] = {}
    for node in nodes:
        inputs = [node.input(index) for index in tied_inputs(node)]
        if node.output in trained:
            inputs = [
                x for x in inputs if not _differs(x, node.output, ranges, trained)
            ]
        if not inputs:
            continue
        tied = [t for t in (*inputs, *node.outputs) if is_real(t)]
        constants = [t for t in tied if t.is_constant]
        _join(group_of, [t for t in tied if not t.is_constant], constants)
    return list({id(group): group for group in group_of.values()}.values())


def _differs(
    x: Tensor,
    y: Tensor,
    ranges: Mapping[Tensor, Range],
    trained: Collection[Tensor],
) -> bool:
    """Whether both of two tensors were trained, with other ranges."""
    return x in trained and ranges[x] != ranges[y]


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
