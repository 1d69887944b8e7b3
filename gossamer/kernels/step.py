"""A step: one kernel on its memory, the unit in which a program is laid out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy.typing as npt

    from gossamer.kernels.elements.operation import Operation
    from gossamer.nest.stmt import Kernel


@dataclass(frozen=True, slots=True, eq=False)
class Constant:
    """Bytes prepared at compile time: packed weights, multipliers, tables."""

    data: npt.NDArray[Any]


@dataclass(frozen=True, slots=True, eq=False)
class Scratch:
    """Memory that lives from the first to the last step that names it."""

    nbytes: int


@dataclass(frozen=True, slots=True, eq=False)
class Alarm:
    """A word (int64) by which a kernel reports data that it cannot work on.

    It is 0 before a run; not 0 after one means that the run failed. `text` says why,
    with the word's value in place of `{value}`.
    """

    text: str


Argument: TypeAlias = Constant | Scratch | Alarm | object
"""What a kernel's pointer points to: these, or a tensor of the graph."""


@dataclass(frozen=True, slots=True, eq=False)
class Step:
    """One call of `kernel`.

    The kernel's parameters are a pointer per argument, then the first and the last
    unit of work: it may be asked to do any part of `units` units, so that threads can
    share it. `written` are the positions of the arguments that it writes. `note` says
    in a few words why this kernel was picked, for people.

    `operation` is what the step does, where it goes element by element. `extend` makes
    the same step with operations on its result, which is then not stored itself; it
    gives None where it cannot. Steps that are not None and equal in `same` leave the
    same behind, where they read the same.
    """

    kernel: Kernel
    arguments: tuple[Argument, ...]
    units: int
    written: tuple[int, ...]
    note: str = ""
    operation: Operation | None = None
    extend: Callable[[Sequence[Operation]], Step | None] | None = None
    same: object = None
