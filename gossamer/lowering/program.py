"""A program: what is left of a subgraph when it is ready to become machine code."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from gossamer.ir.work import multiplications

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    import numpy.typing as npt

    from gossamer.ir.graph import Node, Subgraph, Tensor
    from gossamer.nest.stmt import Kernel
    from gossamer.nest.target import Target

_MULTIPLICATIONS = 100e9
_BYTES = 50e9
_BRIEF = 20e-6
ARENA, CONSTANTS = 0, 1
"""Places in the context that a program is invoked with: the base addresses."""


@dataclass(frozen=True, slots=True)
class PlacedStep:
    """A step and where its arguments lie: (base, bytes behind it) each."""

    kernel: Kernel
    addresses: tuple[tuple[int, int], ...]
    units: int
    node: Node


@dataclass(frozen=True, slots=True)
class PlacedAlarm:
    """A word at `offset` in the arena that is not 0 where a run of `node` failed.

    `text` says why, with the word's value in place of `{value}`.
    """

    offset: int
    text: str
    node: Node


Part: TypeAlias = "tuple[PlacedStep, ...] | Node"
"""A run of compiled steps, or one node that runs through its reference."""


@dataclass(frozen=True, slots=True, eq=False)
class Program:
    """Parts in the order in which they run, and the memory that they work on.

    `places` are offsets in the arena; `constants` all bytes that are only read.
    """

    subgraph: Subgraph
    target: Target
    parts: tuple[Part, ...]
    arena_bytes: int
    constants: npt.NDArray[np.uint8]
    places: Mapping[Tensor, int]
    alarms: tuple[PlacedAlarm, ...] = ()

    @property
    def is_brief(self) -> bool:
        """Whether a run takes some microseconds, so that what is around it counts.

        Guessed from what a core multiplies and reads in a second.
        """
        work = sum(multiplications(node) for node in self.subgraph.nodes)
        nbytes = self.constants.size + self.arena_bytes
        seconds = work / _MULTIPLICATIONS + nbytes / _BYTES
        return not self.interpreted and seconds < _BRIEF

    @property
    def interpreted(self) -> tuple[Node, ...]:
        """Nodes without a kernel."""
        return tuple(part for part in self.parts if not isinstance(part, tuple))
