"""A program: what is left of a subgraph when it is ready to become machine code."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

from gossamer.ir.graph import Node
from gossamer.ir.work import multiplications

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import numpy as np
    import numpy.typing as npt

    from gossamer.ir.graph import Subgraph, Tensor
    from gossamer.nest.stmt import Kernel
    from gossamer.nest.target import Target

_MULTIPLICATIONS = 100e9
_BYTES = 50e9
_BRIEF = 20e-6
ALARM_BYTES = 8
"""Bytes of the word by which a kernel reports failure."""

Address: TypeAlias = tuple[int, int]
"""A place in the context, and bytes behind the address that it holds."""


@dataclass(frozen=True, slots=True)
class PlacedStep:
    """A step and where its arguments lie.

    `note` is why its kernel was picked; `nbytes` are the sizes of all that it is given.
    """

    kernel: Kernel
    addresses: tuple[Address, ...]
    units: int
    node: Node
    note: str = ""
    nbytes: int = 0


@dataclass(frozen=True, slots=True)
class PlacedAlarm:
    """A word (int64) that is not 0 after a run in which `node` failed.

    `text` says why, with the word's value in place of `{value}`. The words of a
    program lie behind each other.
    """

    text: str
    node: Node


@dataclass(frozen=True, slots=True)
class Loop:
    """Do `condition`, then `body`, as long as the byte at `flag` is not 0."""

    condition: tuple[Action, ...]
    flag: Address
    body: tuple[Action, ...]


@dataclass(frozen=True, slots=True)
class Branch:
    """Do `then` or `otherwise` by the byte at `flag`."""

    flag: Address
    then: tuple[Action, ...]
    otherwise: tuple[Action, ...]


Action: TypeAlias = "PlacedStep | Node | Loop | Branch"
"""What a program does: steps, a node that runs through its meaning, control flow."""


def nested(action: Action) -> tuple[tuple[Action, ...], ...]:
    """The actions inside an action."""
    match action:
        case Loop(condition, _, body):
            return condition, body
        case Branch(_, then, otherwise):
            return then, otherwise
        case _:
            return ()


def steps_of(actions: tuple[Action, ...]) -> Iterator[PlacedStep | Node]:
    """All steps and interpreted nodes, wherever they are."""
    for action in actions:
        if isinstance(action, (PlacedStep, Node)):
            yield action
        else:
            for inner in nested(action):
                yield from steps_of(inner)


@dataclass(frozen=True, slots=True, eq=False)
class Program:
    """Actions in the order in which they run, and the memory that they work on.

    `places` are where tensors lie; `constants` all bytes that are only read;
    `variables` the tensors behind the places in the context from `VARIABLES` on;
    `folded` where among the constants those lie that were computed ahead.
    """

    subgraph: Subgraph
    target: Target
    actions: tuple[Action, ...]
    arena_bytes: int
    constants: npt.NDArray[np.uint8]
    places: Mapping[Tensor, Address]
    variables: tuple[Tensor, ...] = ()
    folded: Mapping[Tensor, int] = field(default_factory=dict["Tensor", int])
    alarms: tuple[PlacedAlarm, ...] = ()

    @property
    def is_brief(self) -> bool:
        """Whether a run takes some microseconds, so that what is around it counts.

        Guessed from what a core multiplies and reads in a second.
        """
        if not all(isinstance(action, PlacedStep) for action in self.actions):
            return False
        work = sum(multiplications(node) for node in self.subgraph.nodes)
        nbytes = self.constants.size + self.arena_bytes
        return work / _MULTIPLICATIONS + nbytes / _BYTES < _BRIEF

    @property
    def interpreted(self) -> tuple[Node, ...]:
        """Nodes without a kernel."""
        every = steps_of(self.actions)
        return tuple(each for each in every if isinstance(each, Node))
