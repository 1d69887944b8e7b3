"""Do once what several steps would each do alike.

q = f(x); y = g(q); r = f(x); z = h(r)  ->  q = f(x); y = g(q); z = h(q), where nothing
changes x. Products that quantize the same input are the case in point.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from gossamer.kernels.step import Scratch
from gossamer.lowering.fuse import Uses
from gossamer.lowering.schedule import BranchWork, Item, LoopWork, Work

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gossamer.kernels.step import Step
    from gossamer.lowering.share import Sharing


def once(items: Sequence[Item], sharing: Sharing) -> list[Item]:
    """The same work in fewer steps."""
    uses = Uses(sharing)
    uses.count(items)
    return _Once(uses).items(items)


@dataclass(slots=True)
class _Once:
    """The steps done so far in one sequence, and what stands for what they left."""

    uses: Uses
    done: dict[object, Step] = field(default_factory=dict[object, "Step"])
    names: dict[object, object] = field(default_factory=dict[object, object])

    def items(self, items: Sequence[Item]) -> list[Item]:
        return [kept for item in items if (kept := self._item(item)) is not None]

    def _item(self, item: Item) -> Item | None:
        match item:
            case LoopWork(condition, flag, body):
                return LoopWork(self._inside(condition), flag, self._inside(body))
            case BranchWork(flag, then, otherwise):
                return BranchWork(flag, self._inside(then), self._inside(otherwise))
            case Work(_, None):
                return item
            case _:
                assert item.step is not None
                return self._work(item, item.step)

    def _inside(self, items: Sequence[Item]) -> tuple[Item, ...]:
        return tuple(_Once(self.uses).items(items))

    def _work(self, work: Work, step: Step) -> Work | None:
        key = self._key(step)
        before = None if key is None else self.done.setdefault(key, step)
        if before is None or before is step:
            given = tuple(self.names.get(each, each) for each in step.arguments)
            return Work(work.node, replace(step, arguments=given))
        for position in step.written:
            self.names[step.arguments[position]] = before.arguments[position]
        return None

    def _key(self, step: Step) -> object:
        """What steps have in common that leave the same; None for any other."""
        written = [step.arguments[position] for position in step.written]
        if step.same is None or not all(isinstance(each, Scratch) for each in written):
            return None
        read = [each for each in step.arguments if each not in written]
        if not all(self.uses.is_steady(each) for each in read):
            return None
        return (step.same, *(self.uses.root(each) for each in read))
