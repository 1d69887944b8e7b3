"""Divide a program into what is compiled and what runs in Python between it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gossamer.codegen import procedure as code
from gossamer.ir.graph import Node
from gossamer.lowering.program import Branch, Loop, PlacedStep, nested
from gossamer.lowering.threads import is_worth_sharing
from gossamer.runtime.compiled import Part, Rounds, Ways

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gossamer.lowering.program import Action


@dataclass(slots=True)
class Division:
    """Parts in order, and the procedures that some of them name."""

    threads: int
    procedures: dict[str, tuple[code.Action, ...]] = field(
        default_factory=dict[str, "tuple[code.Action, ...]"]
    )

    def parts(self, actions: Iterable[Action]) -> tuple[Part, ...]:
        """The parts of a sequence of actions: as few as can be."""
        found: list[Part] = []
        run: list[Action] = []
        for action in actions:
            if _is_compiled(action):
                run.append(action)
                continue
            self._finish(run, found)
            found.append(self._part(action))
        self._finish(run, found)
        return tuple(found)

    def _finish(self, run: list[Action], found: list[Part]) -> None:
        if not run:
            return
        name = f"part{len(self.procedures)}"
        self.procedures[name] = tuple(self._code(action) for action in run)
        found.append(name)
        run.clear()

    def _part(self, action: Action) -> Part:
        match action:
            case Loop(condition, flag, body):
                return Rounds(self.parts(condition), flag, self.parts(body))
            case Branch(flag, then, otherwise):
                return Ways(flag, self.parts(then), self.parts(otherwise))
            case Node():
                return action
            case PlacedStep():
                raise AssertionError("a step is compiled")

    def _code(self, action: Action) -> code.Action:
        match action:
            case PlacedStep(kernel, addresses, units):
                shared = self.threads > 1 and is_worth_sharing(action)
                return code.Call(kernel, addresses, units, shared)
            case Loop(condition, flag, body):
                return code.Repeat(self._codes(condition), flag, self._codes(body))
            case Branch(flag, then, otherwise):
                return code.Choose(flag, self._codes(then), self._codes(otherwise))
            case Node():
                raise AssertionError("an interpreted node has no code")

    def _codes(self, actions: tuple[Action, ...]) -> tuple[code.Action, ...]:
        return tuple(self._code(action) for action in actions)


def _is_compiled(action: Action) -> bool:
    if isinstance(action, Node):
        return False
    return all(_is_compiled(each) for inner in nested(action) for each in inner)
