"""Steps of kernels that check what comes from data, and can report failure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gossamer.ir.types import DType
from gossamer.kernels.gather import Checked
from gossamer.kernels.step import Alarm, Step
from gossamer.nest.expr import I16, I32, I64
from gossamer.ops.steps import fill_step

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gossamer.ir.graph import Tensor
    from gossamer.kernels.step import Argument
    from gossamer.nest.build import Nest

INDEX_KINDS = {DType.INT16: I16, DType.INT32: I32, DType.INT64: I64}
"""How indices lie in memory."""


def checked_indices(nest: Nest, indices: Tensor) -> Checked:
    """Two new pointers of a nest: to the indices, and to the alarm."""
    return Checked(nest.pointer(), INDEX_KINDS[indices.dtype], nest.pointer())


def checked_steps(
    nest: Nest, arguments: Sequence[Argument], units: int, written: tuple[int, ...]
) -> list[Step]:
    """The step of a nest among whose arguments is an alarm, which is first silenced."""
    alarm = next(each for each in arguments if isinstance(each, Alarm))
    place = list(arguments).index(alarm)
    silence = fill_step(nest.target, I64, 1, 0, alarm)
    work = Step(nest.finish(), tuple(arguments), units, (*written, place))
    return [silence, work]
