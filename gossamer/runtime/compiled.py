"""A subgraph as it is kept: code, constants, and where each tensor lies.

Nothing here needs the graph any more, so that a model which was compiled before runs
without being read.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    import numpy.typing as npt

    from gossamer.codegen.image import Image
    from gossamer.ir.graph import Node, Tensor
    from gossamer.ir.types import Shape, TensorType

Address: TypeAlias = tuple[int, int]
"""A place in the context, and bytes behind the address that it holds."""


class Rounds(NamedTuple):
    """A loop with something in it that is not compiled."""

    condition: tuple[Part, ...]
    flag: Address
    body: tuple[Part, ...]


class Ways(NamedTuple):
    """A branch with something in it that is not compiled."""

    flag: Address
    then: tuple[Part, ...]
    otherwise: tuple[Part, ...]


Part: TypeAlias = "str | Node | Rounds | Ways"
"""The name of a procedure, a node that runs through its meaning, or control flow."""


class Place(NamedTuple):
    """Where a tensor's value lies, and what it is."""

    address: Address
    type: TensorType


class Alarm(NamedTuple):
    """A word (int64) that is not 0 after a run in which a node failed.

    `text` says why, with the word's value in place of `{value}`.
    """

    node: int
    name: str
    text: str


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class Compiled:
    """All that is needed to run a subgraph with given input shapes.

    `places` are those of the subgraph's tensors by index; `inner` those that nodes
    need which run through their meaning. `shapes` are those that are others than the
    file's, by index. `variables` are the names and types of the
    variables behind the places in the context from `VARIABLES` on; the words of
    `alarms` lie behind each other at `ALARMS`.
    """

    image: Image
    constants: npt.NDArray[np.uint8]
    arena_bytes: int
    parts: tuple[Part, ...]
    places: Mapping[int, Place]
    is_brief: bool = False
    variables: tuple[tuple[tuple[str, str], TensorType], ...] = ()
    inner: Mapping[Tensor, Place] = field(default_factory=dict["Tensor", Place])
    positions: Mapping[Node, int] = field(default_factory=dict["Node", int])
    alarms: tuple[Alarm, ...] = ()
    shapes: Mapping[int, Shape] = field(default_factory=dict[int, "Shape"])

    @property
    def is_whole(self) -> bool:
        """Whether it is one procedure that nothing outside can change."""
        return not self.variables and all(isinstance(part, str) for part in self.parts)

    @property
    def has_workers(self) -> bool:
        """Whether several threads work on it."""
        return "worker" in self.image.symbols
