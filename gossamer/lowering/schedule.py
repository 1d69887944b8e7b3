"""The order of all that a subgraph does, and from when to when memory is in use."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

from gossamer.ir.graph import Node, Tensor
from gossamer.ir.op import Op
from gossamer.kernels.step import Alarm, Constant, Scratch, Step
from gossamer.ops.bound import Bound, BoundIf, BoundWhile
from gossamer.ops.variable import copy_steps

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from gossamer.ir.graph import Subgraph
    from gossamer.lowering.share import Sharing
    from gossamer.nest.target import Target


@dataclass(frozen=True, slots=True)
class Work:
    """One step of a node, or the whole node where it runs through its meaning."""

    node: Node
    step: Step | None

    @property
    def arguments(self) -> tuple[object, ...]:
        if self.step is not None:
            return self.step.arguments
        return tuple(x for x in (*self.node.inputs, *self.node.outputs) if x)


@dataclass(frozen=True, slots=True)
class LoopWork:
    """Rounds of `body`, each after `condition` gave a flag that holds."""

    condition: tuple[Item, ...]
    flag: Tensor
    body: tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class BranchWork:
    """One of two ways."""

    flag: Tensor
    then: tuple[Item, ...]
    otherwise: tuple[Item, ...]


Item: TypeAlias = "Work | LoopWork | BranchWork"


@dataclass(slots=True)
class Scheduler:
    """Asks nodes for their steps; `sharing` learns which tensors share memory."""

    target: Target
    sharing: Sharing

    def items(self, nodes: Iterable[Node]) -> list[Item]:
        found: list[Item] = []
        for node in nodes:
            found += self._node(node)
        return found

    def _node(self, node: Node) -> list[Item]:
        if not _has_inferred_types(node):
            return [Work(node, None)]
        if node.outputs and self.sharing.is_view(node):
            return []
        if isinstance(node.op, BoundWhile):
            return self._loop(node, node.op)
        if isinstance(node.op, BoundIf):
            return self._branch(node, node.op)
        lower = node.op.lower_within if self._is_within(node) else node.op.lower
        steps = lower(node, self.target)
        if steps is None:
            return [Work(node, None)]
        return [Work(node, step) for step in steps]

    def _is_within(self, node: Node) -> bool:
        """Whether the output lies in the memory of the first input."""
        if not node.op.in_place:
            return False
        root = self.sharing.root
        return root(node.output) is root(node.input(0))

    def _copies(self, node: Node, pairs: Iterable[tuple[Tensor, object]]) -> list[Item]:
        found: list[Item] = []
        for x, y in pairs:
            found += [Work(node, step) for step in _copy(self.target, x, y)]
        return found

    def _branch(self, node: Node, op: BoundIf) -> list[Item]:
        flag = node.input(0)
        ways: list[tuple[Item, ...]] = []
        for subgraph in op.subgraphs:
            left = self.sharing.results(subgraph, node.outputs)
            items = self.items(subgraph.nodes)
            ways.append((*items, *self._copies(node, left)))
        return [BranchWork(flag, ways[0], ways[1])]

    def _loop(self, node: Node, op: BoundWhile) -> list[Item]:
        """The outputs are the variables of the loop: what a round takes and gives."""
        states = node.outputs
        starts = [x for x in node.inputs[: len(states)] if x is not None]
        before = self._copies(node, zip(starts, states, strict=True))
        for subgraph in op.subgraphs:
            self.sharing.rename(zip(subgraph.inputs, states, strict=True))
        condition = self.items(op.condition.nodes)
        left = self.sharing.rounds(op.body, states)
        body = self.items(op.body.nodes)
        # What a round gives may be what it was given in another place: such values
        # are put aside before any state is overwritten.
        aside = {
            y: Scratch(y.type.nbytes) for x, y in left if self.sharing.root(x) in states
        }
        first = [(x, aside[y]) for x, y in left if y in aside]
        body += self._copies(node, first)
        body += self._copies(node, [(x, y) for x, y in left if y not in aside])
        for y, scratch in aside.items():
            body += [
                Work(node, step) for step in _copy(self.target, y, y, source=scratch)
            ]
        flag = op.condition.outputs[0]
        return [*before, LoopWork(tuple(condition), flag, tuple(body))]


def _copy(
    target: Target, x: Tensor, y: object, *, source: object | None = None
) -> list[Step]:
    """Steps that copy `x`, or memory of its type at `source`, to `y`."""
    steps = copy_steps(target, x, x)
    assert steps is not None  # graphs with strings are not compiled
    start = x if source is None else source
    return [Step(step.kernel, (start, y), step.units, (1,)) for step in steps]


@dataclass(slots=True)
class Lifetimes:
    """First and last time at which each block of memory is in use; times count work."""

    uses: dict[object, tuple[int, int]] = field(
        default_factory=dict[object, tuple[int, int]]
    )
    end: int = 0


def lifetimes(subgraph: Subgraph, items: Sequence[Item], sharing: Sharing) -> Lifetimes:
    """When memory is in use, with the graph's inputs, outputs and state held."""
    clock = _Clock(sharing)
    clock.walk(items)
    found = Lifetimes(clock.uses, clock.time)
    for tensor in (*subgraph.inputs, *subgraph.outputs):
        if tensor.is_constant:
            continue
        root = sharing.root(tensor)
        first = 0 if tensor in subgraph.inputs else clock.uses.get(root, (0, 0))[0]
        found.uses[root] = (first, found.end)
    for key in found.uses:
        if isinstance(key, Tensor) and key.is_variable:
            found.uses[key] = (0, found.end)
    return found


@dataclass(slots=True)
class _Clock:
    sharing: Sharing
    time: int = 0
    uses: dict[object, tuple[int, int]] = field(
        default_factory=dict[object, tuple[int, int]]
    )

    def walk(self, items: Sequence[Item]) -> None:
        for item in items:
            if isinstance(item, Work):
                for argument in item.arguments:
                    self._use(argument)
                self.time += 1
            elif isinstance(item, LoopWork):
                self._loop(item)
            else:
                self._use(item.flag)
                self.walk(item.then)
                self.walk(item.otherwise)

    def _loop(self, loop: LoopWork) -> None:
        """What lives before a loop and is used in it lives to the end of the loop."""
        start = self.time
        older = dict(self.uses)
        self.walk(loop.condition)
        self._use(loop.flag)
        self.time += 1
        self.walk(loop.body)
        for key, (first, last) in self.uses.items():
            if key in older and last >= start:
                self.uses[key] = (first, self.time)
        self.time += 1

    def _use(self, key: object) -> None:
        if isinstance(key, Constant | Alarm):
            return
        if isinstance(key, Tensor) and key.is_constant:
            return
        root = self.sharing.root(key) if isinstance(key, Tensor) else key
        first, _ = self.uses.get(root, (self.time, self.time))
        self.uses[root] = (first, self.time)


def _has_inferred_types(node: Node) -> bool:
    """Whether the outputs' element types are those that kernels are made for.

    A file may declare others; then results are converted from those of the meaning.
    """
    op = node.op
    if isinstance(op, Bound) or op.declares_outputs or op.chooses_type:
        return True
    if type(op).lower is Op.lower and not op.only_reshapes:
        return True
    types = op.infer_node(node)
    return [y.dtype for y in node.outputs] == [type_.dtype for type_ in types]
