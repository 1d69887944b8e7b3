"""Subgraph to program: ask every node for its steps, then lay out the memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gossamer.ir.graph import Node
from gossamer.kernels.step import Alarm
from gossamer.lowering.fuse import fuse
from gossamer.lowering.layout import Layout, aligned, lay_out, size_of
from gossamer.lowering.once import once
from gossamer.lowering.program import (
    Action,
    Branch,
    Loop,
    PlacedAlarm,
    PlacedStep,
    Program,
    steps_of,
)
from gossamer.lowering.schedule import (
    BranchWork,
    Item,
    LoopWork,
    Scheduler,
    Work,
    lifetimes,
)
from gossamer.lowering.share import Sharing
from gossamer.lowering.tabulate import tabulate

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gossamer.ir.graph import Subgraph, Tensor
    from gossamer.nest.target import Target

__all__ = ["aligned", "lower"]


def lower(
    subgraph: Subgraph,
    target: Target,
    *,
    keep_all: bool = False,
    apart: bool = False,
    variables: tuple[Tensor, ...] = (),
    known: Iterable[Tensor] = (),
) -> Program:
    """The program of a subgraph whose shapes are all known.

    Args:
        subgraph: see `specialize`.
        target: the machine.
        keep_all: give every tensor memory of its own, so that all can be looked at.
        apart: let every node do its own work and no other's, so that each tensor can
            be looked at after its node, while memory is shared.
        variables: tensors whose memory lies outside the arena, since others have it
            too.
        known: constants that must have a place, since somebody may ask for them.
    """
    if not (keep_all or apart):
        subgraph = tabulate(subgraph, target)
    sharing = Sharing(subgraph, keep_all=keep_all)
    items = Scheduler(target, sharing).items(subgraph.nodes)
    if not (keep_all or apart):
        items = once(fuse(items, subgraph, target, sharing), sharing)
    times = lifetimes(subgraph, items, sharing)
    layout = lay_out(times, sharing, variables, target.alignment, keep_all=keep_all)
    actions = _actions(items, layout)
    folded = {tensor: layout.address(tensor)[1] for tensor in known}
    return Program(
        subgraph,
        target,
        actions,
        layout.arena_bytes,
        layout.constant_bytes(),
        layout.places(_mentioned(subgraph, actions)),
        variables,
        folded,
        tuple(layout.alarms.values()),
    )


def _actions(items: Iterable[Item], layout: Layout) -> tuple[Action, ...]:
    return tuple(_action(item, layout) for item in items)


def _action(item: Item, layout: Layout) -> Action:
    if isinstance(item, LoopWork):
        return Loop(
            _actions(item.condition, layout),
            layout.address(item.flag),
            _actions(item.body, layout),
        )
    if isinstance(item, BranchWork):
        return Branch(
            layout.address(item.flag),
            _actions(item.then, layout),
            _actions(item.otherwise, layout),
        )
    return _placed(item, layout)


def _placed(work: Work, layout: Layout) -> Action:
    step = work.step
    if step is None:
        return work.node
    for argument in step.arguments:
        if isinstance(argument, Alarm):
            layout.alarms[argument] = PlacedAlarm(argument.text, work.node)
    addresses = tuple(layout.address(argument) for argument in step.arguments)
    nbytes = sum(map(size_of, dict.fromkeys(step.arguments)))
    return PlacedStep(step.kernel, addresses, step.units, work.node, step.note, nbytes)


def _mentioned(subgraph: Subgraph, actions: tuple[Action, ...]) -> list[Tensor]:
    """The graph's tensors, and those of nodes that run through their meaning."""
    found = list(subgraph.tensors)
    for each in steps_of(actions):
        if isinstance(each, Node):
            found += [x for x in (*each.inputs, *each.outputs) if x is not None]
    return found
