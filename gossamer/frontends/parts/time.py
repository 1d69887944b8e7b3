"""A step applied along time: as a loop, or one after the other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

import numpy as np

from gossamer.frontends.emitter import Emitter, dims
from gossamer.frontends.parts import sizes
from gossamer.frontends.parts.control import Loop
from gossamer.frontends.parts.scan import advance, backwards, collect
from gossamer.frontends.parts.shaping import expand_dims
from gossamer.ops.compare import Less
from gossamer.ops.gather import Gather
from gossamer.ops.pack import Pack, Unpack
from gossamer.ops.select import SelectV2

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import TypeAlias

    from gossamer.ir.graph import Tensor

Place = TypeVar("Place", bound=Emitter)

Step: TypeAlias = (
    "Callable[[Place, list[Tensor], list[Tensor]], tuple[Tensor, list[Tensor]]]"
)
"""From the inputs of a moment, each (batch, ...), and the states to the output and the
next states."""

SHORT = 4
"""Moments up to which a sequence of fixed length is unrolled."""


@dataclass(frozen=True, slots=True)
class Course:
    """How to go along time.

    Attributes:
        backwards: from the last moment to the first; outputs are in the order in which
            they are computed.
        all_outputs: whether the output of each moment is wanted.
        unrolled: without a loop; lengths up to `SHORT` always are.
        zeros_where_masked: whether the output of a masked moment is zero; else it is
            the one before.
        shown: the state that counts as the output before; None for the output itself,
            which is zero at first.
    """

    backwards: bool = False
    all_outputs: bool = True
    unrolled: bool = False
    zeros_where_masked: bool = False
    shown: int | None = None


def along_time(
    place: Place,
    sequences: Sequence[Tensor],
    states: Sequence[Tensor],
    step: Step[Place],
    course: Course,
    mask: Tensor | None = None,
) -> tuple[Tensor, list[Tensor]]:
    """Apply `step` to each moment.

    Args:
        place: where the nodes go.
        sequences: each (batch, time, ...), of one length.
        states: before the first moment.
        step: emits one moment; see `Step`.
        course: how to go.
        mask: bool (batch, time), False for moments that leave the states as they are.

    Returns:
        The outputs (batch, time, ...), or the last one; and the states after it.
    """
    walk = _Walk(place, list(sequences), list(states), step, course, mask)
    length = dims(sequences[0])[1]
    if length > 0 and (course.unrolled or length <= SHORT):
        return walk.unrolled(length)
    return walk.looped()


@dataclass(frozen=True, slots=True)
class _Walk(Generic[Place]):
    place: Place
    sequences: list[Tensor]
    states: list[Tensor]
    step: Step[Place]
    course: Course
    mask: Tensor | None

    def unrolled(self, length: int) -> tuple[Tensor, list[Tensor]]:
        taken = [_moments(self.place, x, length) for x in self.sequences]
        masks = None if self.mask is None else _moments(self.place, self.mask, length)
        states, outputs = self.states, list["Tensor"]()
        for moment in range(length)[:: -1 if self.course.backwards else 1]:
            output, states = self._moment(
                self.place,
                [x[moment] for x in taken],
                states,
                None if masks is None else masks[moment],
                lambda _: outputs[-1] if outputs else None,
            )
            outputs.append(output)
        if not self.course.all_outputs:
            return outputs[-1], states
        return self.place.emit(Pack(length, 1), *outputs, name="outputs"), states

    def looped(self) -> tuple[Tensor, list[Tensor]]:
        count = sizes.size(self.place, self.sequences[0], 1)
        loop = Loop(self.place, "time")
        inside = loop.inside
        moment = loop.variable("moment", self.place.indices("first", 0))
        states = [loop.variable(f"state_{i}", x) for i, x in enumerate(self.states)]
        at = moment
        if self.course.backwards:
            at = backwards(self.place, inside, moment, count)
        taken = [inside.emit(Gather(1), x, at, name="moment") for x in self.sequences]
        flag = None if self.mask is None else inside.emit(Gather(1), self.mask, at)
        held: list[Tensor] = []

        def before(output: Tensor) -> Tensor:
            held.append(loop.variable("output", self._blank(output)))
            return held[-1]

        output, after = self._moment(inside, taken, states, flag, before)
        for state, new in zip(states, after, strict=True):
            loop.update(state, new)
        advance(loop, moment)
        self._keep(loop, output, after, held, moment)
        results = loop.run(lambda end, all_: end.emit(Less(), all_[0], count))
        final = list(results[1 : 1 + len(states)])
        if not self.course.all_outputs and output in after:
            return final[after.index(output)], final
        return results[-1], final

    def _moment(
        self,
        place: Place,
        inputs: list[Tensor],
        states: list[Tensor],
        flag: Tensor | None,
        before: Callable[[Tensor], Tensor | None],
    ) -> tuple[Tensor, list[Tensor]]:
        """A step, whose results hold only where `flag` (batch) does."""
        output, after = self.step(place, inputs, states)
        if flag is None:
            return output, after
        kept = [
            _where(place, flag, new, old)
            for new, old in zip(after, states, strict=True)
        ]
        shown = None
        if not self.course.zeros_where_masked:
            shown = self._shown(output, states) or before(output)
        if output in after and shown is states[after.index(output)]:
            return kept[after.index(output)], kept
        return _where(place, flag, output, shown), kept

    def _shown(self, output: Tensor, states: list[Tensor]) -> Tensor | None:
        """The state that stands for the output of a masked moment, if one does."""
        if self.course.shown is None:
            return None
        state = states[self.course.shown]
        return state if dims(state) == dims(output) else None

    def _keep(
        self,
        loop: Loop[Place],
        output: Tensor,
        after: list[Tensor],
        held: list[Tensor],
        moment: Tensor,
    ) -> None:
        """Have the loop's last variable be what is asked for."""
        if held:
            loop.update(held[0], output)
        if self.course.all_outputs:
            collect(
                loop, self._blank(output, (self.sequences[0], 1)), output, moment, 1
            )
        elif not held and output not in after:
            loop.update(loop.variable("output", self._blank(output)), output)

    def _blank(self, output: Tensor, *length: sizes.Size) -> Tensor:
        """Zeros for an output, or for one of each moment."""
        batch, *rest = dims(output)
        first: sizes.Size = (self.sequences[0], 0) if batch < 0 else batch
        return sizes.zeros(self.place, (first, *length, *rest), output.dtype)


def _moments(place: Emitter, x: Tensor, length: int) -> tuple[Tensor, ...]:
    return place.emit_all(Unpack(length, 1), x)


def _where(place: Emitter, flag: Tensor, new: Tensor, old: Tensor | None) -> Tensor:
    """`new` in the rows where `flag` (batch) holds, elsewhere `old` or zero."""
    rank = new.type.rank
    mask = place.once((flag, rank), lambda: _raised(place, flag, rank))
    other = old
    if other is None:
        other = place.constant("zero", np.zeros((), new.dtype.numpy))
    return place.emit(SelectV2(), mask, new, other)


def _raised(place: Emitter, flag: Tensor, rank: int) -> Tensor:
    mask = flag
    for _ in range(rank - 1):
        mask = expand_dims(place, mask, mask.type.rank)
    return mask
