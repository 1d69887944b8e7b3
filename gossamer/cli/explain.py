"""`gossamer convert --explain`: what was rewritten, what was not, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gossamer.cli import output
from gossamer.passes.pipeline import purposes

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gossamer.passes.base import Event, Log


def show_log(log: Log) -> None:
    """Show each rewrite and each that was declined, and what was told otherwise."""
    known = purposes()
    done = _each_once(event for event in log.done() if event.pass_name in known)
    declined = _still_declined(log, done)
    told = _each_once(event for event in log.events if event.pass_name not in known)
    if not (done or declined or told):
        output.show("Nothing was rewritten: each layer became its operators as it is.")
        return
    _show_done(done, known)
    _show_reasons("\nNot rewritten, and why", "rewrite", declined)
    _show_reasons("\nWhat else was decided", "step", told)
    output.show("")


def _each_once(events: Iterable[Event]) -> list[Event]:
    """The events in their order, without those that a second run repeats."""
    return list(dict.fromkeys(events))


def _still_declined(log: Log, done: list[Event]) -> list[Event]:
    """What was declined and not done by the same pass later."""
    made = {(event.pass_name, event.node) for event in done}
    known = purposes()
    return _each_once(
        event
        for event in log.declined()
        if event.pass_name in known and (event.pass_name, event.node) not in made
    )


def _show_done(done: list[Event], known: dict[str, str]) -> None:
    """A group of rows for each pass: what it does, and where it did."""
    if not done:
        return
    made = output.table("Rewritten", "rewrite", ">times", "~what it does", "~where")
    for name in dict.fromkeys(event.pass_name for event in done):
        events = [event for event in done if event.pass_name == name]
        first, *rest = events
        output.rows(made, [(name, len(events), known[name], first.node)])
        output.rows(made, [("", "", "", event.node) for event in rest])
    output.show(made)


def _show_reasons(title: str, what: str, events: list[Event]) -> None:
    if not events:
        return
    made = output.table(title, what, "~where", "~because")
    for event in events:
        output.rows(made, [(event.pass_name, event.node, event.reason or "")])
    output.show(made)
