"""A loop over the rows of tensors that collects a row of each result."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from gossamer.frontends.emitter import Emitter, dims
from gossamer.frontends.parts import sizes
from gossamer.frontends.parts.control import Loop
from gossamer.frontends.parts.shaping import expand_dims
from gossamer.ops.arithmetic import Add, Sub
from gossamer.ops.compare import Less
from gossamer.ops.dynamic_update_slice import DynamicUpdateSlice
from gossamer.ops.gather import Gather
from gossamer.ops.pack import Pack

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import TypeAlias

    from gossamer.ir.graph import Tensor

Place = TypeVar("Place", bound=Emitter)

Row: TypeAlias = (
    "Callable[[Place, list[Tensor], list[Tensor]], tuple[list[Tensor], list[Tensor]]]"
)
"""From what is carried and a row of each tensor to what is carried on, and rows."""


def scan(
    place: Place,
    step: Row[Place],
    carried: Sequence[Tensor],
    xs: Sequence[Tensor],
    length: int | None = None,
    *,
    reverse: bool = False,
    collected: Sequence[Sequence[sizes.Size]] | None = None,
) -> tuple[list[Tensor], list[Tensor]]:
    """Apply `step` to each row of `xs`.

    Args:
        place: where the nodes go.
        step: emits one round.
        carried: what the first round is given; its types stay.
        xs: tensors with one number of rows, their first axis.
        length: the number of rounds, needed without `xs`.
        reverse: from the last row to the first.
        collected: the sizes of a row of each result, needed where one is free.

    Returns:
        What the last round carries on, and the rows of each result, in the order of xs.
    """
    rows: sizes.Size = (xs[0], 0) if xs and length is None else int(length or 0)
    if isinstance(rows, tuple) and sizes.known(rows) >= 0:
        rows = sizes.known(rows)
    count = _number(place, rows)
    loop = Loop(place, "scan")
    inside = loop.inside
    index = loop.variable("index", place.indices("first", 0))
    variables = [loop.variable(f"carried_{i}", x) for i, x in enumerate(carried)]
    at = backwards(place, inside, index, count) if reverse else index
    taken = [inside.emit(Gather(0), x, at, name="row") for x in xs]
    after, results = step(inside, variables, taken)
    for variable, new in zip(variables, after, strict=True):
        loop.update(variable, inside.cast(new, variable.dtype))
    for y, row in zip(results, collected or map(dims, results), strict=True):
        blank = sizes.zeros(place, (rows, *row), y.dtype)
        collect(loop, blank, y, at, 0)
    advance(loop, index)
    made = loop.run(lambda end, all_: end.emit(Less(), all_[0], count))
    return list(made[1 : 1 + len(after)]), list(made[1 + len(after) :])


def _number(place: Emitter, rows: sizes.Size) -> Tensor:
    if isinstance(rows, int):
        return place.indices("count", rows)
    return sizes.size(place, *rows)


def advance(loop: Loop[Place], index: Tensor) -> None:
    """Let a variable be one more in the next round."""
    one = loop.inside.indices("one", 1)
    loop.update(index, loop.inside.emit(Add(), index, one, name="next"))


def backwards(place: Emitter, inside: Emitter, index: Tensor, count: Tensor) -> Tensor:
    """The place that is as far from the end as `index` is from the beginning."""
    last = place.emit(Sub(), count, place.indices("one", 1), name="last")
    return inside.emit(Sub(), last, index, name="place")


def collect(
    loop: Loop[Place], blank: Tensor, row: Tensor, index: Tensor, axis: int
) -> None:
    """Add a variable that begins as `blank`, and has `row` written at a place of it.

    Args:
        loop: the loop, to which this is the last variable.
        blank: zeros, of the shape of a row with an axis more.
        row: what a round computes.
        index: the place along `axis`, an int32 without dimensions.
        axis: the axis that a row does not have.
    """
    inside, rank = loop.inside, row.type.rank
    sequence = loop.variable("rows", blank)
    zero = inside.indices("zero", 0)
    start = [zero] * axis + [index] + [zero] * (rank - axis)
    place = inside.emit(Pack(rank + 1, 0), *start)
    new = expand_dims(inside, row, axis)
    loop.update(
        sequence, inside.emit(DynamicUpdateSlice(), sequence, new, place, name="rows")
    )
