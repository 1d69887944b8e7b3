"""Join steps that go element by element with the step whose result they begin with.

y = f(x); z = g(y, w)  ->  z = g(f(x), w), where nothing else reads y. f may itself go
element by element, or be a product that can be extended: its result is then changed in
registers before it is stored. The operations are the same, and so are their results.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from gossamer.ir.graph import Tensor
from gossamer.kernels.elements.operation import operations_step
from gossamer.lowering.schedule import BranchWork, Item, LoopWork, Work

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from gossamer.ir.graph import Subgraph
    from gossamer.kernels.elements.operation import Operation
    from gossamer.kernels.step import Step
    from gossamer.lowering.share import Sharing
    from gossamer.nest.target import Target

_MOST = 12
"""Operations in one kernel."""


def fuse(
    items: Sequence[Item], subgraph: Subgraph, target: Target, sharing: Sharing
) -> list[Item]:
    """The same work in fewer steps."""
    uses = Uses(sharing)
    uses.count(items)
    for tensor in (*subgraph.inputs, *subgraph.outputs):
        uses.fixed.add(uses.root(tensor))
    return _Fuser(target, uses).items(items)


@dataclass(slots=True)
class Uses:
    """Who reads and writes each block of memory."""

    sharing: Sharing
    readers: dict[object, list[Work]] = field(default_factory=dict[object, list[Work]])
    writes: dict[object, int] = field(default_factory=dict[object, int])
    fixed: set[object] = field(default_factory=set[object])
    """What must keep its memory."""

    def root(self, argument: object) -> object:
        if isinstance(argument, Tensor):
            return self.sharing.root(argument)
        return argument

    def count(self, items: Iterable[Item]) -> None:
        for item in items:
            match item:
                case LoopWork(condition, flag, body):
                    self.fixed.add(self.root(flag))
                    self.count(condition)
                    self.count(body)
                case BranchWork(flag, then, otherwise):
                    self.fixed.add(self.root(flag))
                    self.count(then)
                    self.count(otherwise)
                case _:
                    self._work(item)

    def _work(self, work: Work) -> None:
        if work.step is None:
            self.fixed.update(self.root(argument) for argument in work.arguments)
            return
        for position, argument in enumerate(work.step.arguments):
            root = self.root(argument)
            if position in work.step.written:
                self.writes[root] = self.writes.get(root, 0) + 1
            else:
                self.readers.setdefault(root, []).append(work)

    def is_steady(self, argument: object) -> bool:
        """Whether a value never changes once it is there."""
        root = self.root(argument)
        is_variable = isinstance(root, Tensor) and root.is_variable
        return not is_variable and self.writes.get(root, 0) <= 1

    def may_vanish(self, argument: object) -> bool:
        """Whether only steps read a value, and one writes it."""
        root = self.root(argument)
        return (
            isinstance(root, Tensor) and root not in self.fixed and self.is_steady(root)
        )


@dataclass(slots=True)
class _Fuser:
    target: Target
    uses: Uses

    def items(self, items: Sequence[Item]) -> list[Item]:
        places = {id(item): place for place, item in enumerate(items)}
        found: list[Item | None] = [self._inside(item) for item in items]
        for place, item in enumerate(items):
            if isinstance(item, Work) and found[place] is item:
                self._begin(items, places, found, place)
        return [item for item in found if item is not None]

    def _inside(self, item: Item) -> Item:
        match item:
            case LoopWork(condition, flag, body):
                return LoopWork(
                    tuple(self.items(condition)), flag, tuple(self.items(body))
                )
            case BranchWork(flag, then, otherwise):
                return BranchWork(
                    flag, tuple(self.items(then)), tuple(self.items(otherwise))
                )
            case _:
                return item

    def _begin(
        self,
        items: Sequence[Item],
        places: dict[int, int],
        found: list[Item | None],
        place: int,
    ) -> None:
        """Join what can be joined to the step at `place`."""
        work = items[place]
        assert isinstance(work, Work)
        step = work.step
        if step is None or not (step.extend or step.operation):
            return
        if not all(self.uses.is_steady(argument) for argument in step.arguments):
            return
        group = _Group(self.uses, step)
        for length in reversed(group.closed(places, found)):
            made = self._joined(step, group.operations[:length])
            if made is None:
                continue
            last = places[id(group.works[length - 1])]
            node = work.node if step.extend else group.works[length - 1].node
            for each in (work, *group.works[:length]):
                found[places[id(each)]] = None
            found[last] = Work(node, made)
            return

    def _joined(self, step: Step, operations: Sequence[Operation]) -> Step | None:
        if step.extend is not None:
            return step.extend(operations)
        assert step.operation is not None
        first = step.operation
        return operations_step("chain", self.target, [first, *operations])


@dataclass(slots=True)
class _Group:
    """A step, and the operations that may follow it, in order."""

    uses: Uses
    start: Step
    works: list[Work] = field(default_factory=list[Work])
    operations: list[Operation] = field(default_factory=list["Operation"])
    shape: tuple[int, ...] = ()
    made: dict[object, object] = field(default_factory=dict[object, object])
    """What the group has made, by the memory's root."""

    def closed(self, places: dict[int, int], found: list[Item | None]) -> list[int]:
        """How many operations can be joined so that only the last result is seen."""
        result = self.start.arguments[self.start.written[0]]
        if len(self.start.written) != 1 or not isinstance(result, Tensor):
            return []
        operation = self.start.operation
        self.shape = result.shape if operation is None else operation.shape
        self.made[self.uses.root(result)] = result
        lengths: list[int] = []
        last = result
        while len(self.works) < _MOST and self.uses.may_vanish(last):
            following = self._next(places)
            if following is None or found[places[id(following)]] is not following:
                break
            added = self._added(following)
            if added is None:
                break
            self.works.append(following)
            self.operations.append(added)
            self.made[self.uses.root(added.output)] = added.output
            if self._is_closed():
                lengths.append(len(self.works))
            last = added.output
        return lengths

    def _next(self, places: dict[int, int]) -> Work | None:
        """The first step that reads something of the group and is not in it."""
        readers = [
            work
            for root in self.made
            for work in self.uses.readers.get(root, [])
            if work not in self.works
        ]
        if any(id(work) not in places for work in readers):
            return None
        return min(readers, key=lambda work: places[id(work)], default=None)

    def _added(self, work: Work) -> Operation | None:
        """The work's operation in the group's terms, if it fits."""
        operation = work.step.operation if work.step is not None else None
        if operation is None or math.prod(operation.shape) != math.prod(self.shape):
            return None
        if not all(self.uses.is_steady(each) for each in operation.inputs):
            return None
        inputs: list[object] = []
        shapes: list[tuple[int, ...]] = []
        for argument, shape in zip(operation.inputs, operation.shapes, strict=True):
            seen = _seen(shape, operation.shape, self.shape)
            root = self.uses.root(argument)
            if seen is None or (root in self.made and seen != self.shape):
                return None
            inputs.append(self.made.get(root, argument))
            shapes.append(seen)
        return replace(
            operation, inputs=tuple(inputs), shapes=tuple(shapes), shape=self.shape
        )

    def _is_closed(self) -> bool:
        """Whether what is made before the last operation is read in the group only."""
        *inner, _ = self.made
        return all(
            self.uses.may_vanish(root)
            and all(work in self.works for work in self.uses.readers.get(root, []))
            for root in inner
        )


def _seen(
    shape: tuple[int, ...], whole: tuple[int, ...], wanted: tuple[int, ...]
) -> tuple[int, ...] | None:
    """An operand's shape where the result is seen in another shape of its size."""
    if whole == wanted:
        return shape
    if shape == whole:
        return wanted
    return () if math.prod(shape) == 1 else None
