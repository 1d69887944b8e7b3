"""What a pass is, how passes run, and the record of what each did and declined."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

from gossamer.errors import GraphError
from gossamer.ir.rewrite import with_subgraph

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from gossamer.ir.graph import Model, Node, Subgraph

    Note: TypeAlias = Callable[[Node, str | None], None]
    """Called with a rewritten node and None, or with one left alone and the reason."""

    Rewrite: TypeAlias = Callable[[Subgraph, Note], Subgraph]
    """Makes a better subgraph, or returns the same object where nothing matches."""


@dataclass(frozen=True, slots=True)
class Skip:
    """A rule's pattern is there, but the rule declines for `reason`."""

    reason: str


@dataclass(frozen=True, slots=True)
class Event:
    """One rewrite of one node, or, with a `reason`, one that did not happen."""

    pass_name: str
    node: str
    reason: str | None = None

    def __str__(self) -> str:
        if self.reason is None:
            return f"{self.pass_name}: {self.node}"
        return f"{self.pass_name}: not {self.node}: {self.reason}"


@dataclass(slots=True)
class Log:
    """Collects the events of a run, for `convert --explain`."""

    events: list[Event] = field(default_factory=list["Event"])

    def note_of(self, pass_name: str) -> Note:
        """The function with which the pass of that name reports."""

        def note(node: Node, reason: str | None) -> None:
            self.events.append(Event(pass_name, describe(node), reason))

        return note

    def done(self) -> list[Event]:
        return [event for event in self.events if event.reason is None]

    def declined(self) -> list[Event]:
        return [event for event in self.events if event.reason is not None]


@dataclass(frozen=True, slots=True)
class Pass:
    """A named rewrite of one subgraph."""

    name: str
    rewrite: Rewrite


def describe(node: Node) -> str:
    """A node as an event names it: the operator and what it computes."""
    names = ", ".join(f"'{tensor.name}'" for tensor in node.outputs)
    return f"{node.op.name} {names}" if names else node.op.name


def run(model: Model, passes: Iterable[Pass], log: Log | None = None) -> Model:
    r"""Apply the passes in order to every subgraph.

    Inputs, outputs and signatures stay the very same tensors. Where no pass finds
    anything the same model comes back.

    Args:
        model: what to improve.
        passes: in the order in which they run; see `pipeline.py`.
        log: gets an event for each rewrite and for each that was declined.

    Raises:
        GraphError: a pass changed the inputs or outputs of a subgraph.

    Example:
        >>> log = Log()
        >>> better = run(model, CANONICALIZE, log)
        >>> print(*log.events, sep="\n")
    """
    log = Log() if log is None else log
    for item in passes:
        note = log.note_of(item.name)
        for index, subgraph in enumerate(model.subgraphs):
            better = item.rewrite(subgraph, note)
            if better is not subgraph:
                _check_interface(item, subgraph, better)
                model = with_subgraph(model, index, better)
    return model


def _check_interface(item: Pass, before: Subgraph, after: Subgraph) -> None:
    for what, old, new in (
        ("inputs", before.inputs, after.inputs),
        ("outputs", before.outputs, after.outputs),
    ):
        if old != new:
            names = ", ".join(tensor.name for tensor in new)
            raise GraphError(
                f"the pass '{item.name}' changed the {what} of the subgraph "
                f"'{before.name}' to {names}; a pass must keep them"
            )
