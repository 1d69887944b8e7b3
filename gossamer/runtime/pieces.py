"""The parts of a run that can be timed one by one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gossamer.ir.graph import Node
from gossamer.lowering.explain import why_interpreted, why_kernel
from gossamer.lowering.program import Loop, PlacedStep, steps_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from gossamer.lowering.program import Action

NUMPY = "numpy"
"""Stands for a kernel where a node runs through its meaning."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A step, a node without a kernel, or a whole loop or branch.

    `run` does it, on the memory of its executable; pieces must run in order. `node` is
    the first node inside for control flow, None where there is none. `nbytes` are the
    sizes of all that a step is given, `units` the parts it can be divided into;
    `owner` keeps the memory that `run` works on.
    """

    operator: str
    node: Node | None
    kernel: str
    note: str
    nbytes: int
    units: int
    run: Callable[[], None]
    owner: object = None


def piece_of(action: Action, run: Callable[[], None], owner: object) -> Piece:
    """An action of a program as a piece; `owner` holds the memory that it works on."""
    if isinstance(action, Node):
        return interpreted_piece(action, run)
    if isinstance(action, PlacedStep):
        node, note = action.node, why_kernel(action)
        name, kernel = node.op.name, action.kernel.name
        return Piece(name, node, kernel, note, action.nbytes, action.units, run, owner)
    inside = list(steps_of((action,)))
    nodes = [each if isinstance(each, Node) else each.node for each in inside]
    first = next(iter(nodes), None)
    operator = "WHILE" if isinstance(action, Loop) else "IF"
    note = f"{len(inside)} steps inside, timed together"
    return Piece(operator, first, "control flow", note, 0, 1, run, owner)


def interpreted_piece(node: Node, run: Callable[[], None]) -> Piece:
    """A node that runs through its meaning."""
    tensors = (*(x for x in node.inputs if x is not None), *node.outputs)
    nbytes = sum(x.type.nbytes for x in tensors if x.type.is_static)
    return Piece(node.op.name, node, NUMPY, why_interpreted(node), nbytes, 1, run)
