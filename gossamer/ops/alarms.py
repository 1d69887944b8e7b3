"""Steps of kernels that check what comes from data, and can report failure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gossamer.ir.types import DType
from gossamer.kernels.movement.gather import Checked
from gossamer.kernels.movement.move import element_kind, move
from gossamer.kernels.step import Alarm, Step
from gossamer.nest.build import Nest
from gossamer.nest.expr import I16, I32, I64

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gossamer.ir.graph import Tensor
    from gossamer.kernels.movement.move import Box
    from gossamer.kernels.step import Argument
    from gossamer.nest.target import Target

INDEX_KINDS = {DType.INT16: I16, DType.INT32: I32, DType.INT64: I64}
"""How indices lie in memory."""


def checked_indices(nest: Nest, indices: Tensor) -> Checked:
    """Two new pointers of a nest: to the indices, and to the alarm."""
    return Checked(nest.pointer(), INDEX_KINDS[indices.dtype], nest.pointer())


@dataclass(frozen=True, slots=True)
class Start:
    """A coordinate that is read from data: place `place` of the indices.

    It may be from 0 to below `size` and moves by `stride` elements.
    """

    place: int
    size: int
    stride: int
    wraps: bool = False


def slice_steps(
    target: Target,
    box: Box,
    x: Tensor,
    indices: Tensor,
    starts: Sequence[Start],
    y: Tensor,
    text: str,
) -> list[Step] | None:
    """Steps that move a box whose first element is found by checked `starts`."""
    nbytes = x.dtype.numpy.itemsize
    kind = element_kind(nbytes)
    if kind is None or indices.dtype not in INDEX_KINDS:
        return None
    nest = Nest("slice", target)
    source, result = nest.pointer(), nest.pointer()
    checked = checked_indices(nest, indices)
    first = nest.constant(0, I64)
    for start in starts:
        place = nest.constant(start.place, I64)
        index = checked.load(nest, place, start.size, wraps=start.wraps)
        first = first + index * start.stride
    moved = nest.offset(source, first, nbytes)
    units = move(nest, box.merged(), kind, (moved, result))
    return checked_steps(nest, (x, y, indices, Alarm(text)), units, (1,))


def checked_steps(
    nest: Nest, arguments: Sequence[Argument], units: int, written: tuple[int, ...]
) -> list[Step]:
    """The step of a nest among whose arguments is an alarm, which it may write."""
    alarms = [i for i, each in enumerate(arguments) if isinstance(each, Alarm)]
    return [Step(nest.finish(), tuple(arguments), units, (*written, *alarms))]
