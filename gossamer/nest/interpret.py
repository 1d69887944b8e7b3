"""Run a kernel in Python, to check what a compiler makes of it.

A scalar is a NumPy scalar, a vector an array of its lanes, a pointer a buffer with a
distance in bytes. Every access is checked against the buffer it starts from. Floats
are computed as written; `fma` rounds once, `sum` adds in an order of its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from gossamer.nest.expr import I32
from gossamer.nest.meaning import computation, constant_of
from gossamer.nest.meaning_of_tiles import TILE_MEANINGS, registers
from gossamer.nest.stmt import If, Instruction, Kernel, Loop, Statement

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy.typing as npt

    from gossamer.nest.expr import Value

    Slots: TypeAlias = list[Any]
    """The values of a kernel by their numbers; constants come behind."""
    Run: TypeAlias = Callable[[Slots], None]


def interpret(
    kernel: Kernel, arguments: Sequence[npt.NDArray[np.uint8]], begin: int, end: int
) -> None:
    """Run the units of work from `begin` to `end`; written buffers change in place.

    Args:
        kernel: its parameters are pointers, then the two bounds.
        arguments: the bytes behind each pointer, as far as they may be touched.
        begin: the first unit of work.
        end: the unit behind the last one.

    Raises:
        IndexError: an access leaves the buffer that its pointer came from.
        ValueError: the arguments do not fit the parameters, or an unknown operator.
    """
    expected = len(kernel.parameters) - 2
    if len(arguments) != expected:
        raise ValueError(
            f"{kernel.name}: {len(arguments)} buffers; expected {expected}"
        )
    reader = _Reader()
    body = reader.block(kernel.body)
    pointers = [(buffer, 0) for buffer in arguments]
    given = [*pointers, np.int64(begin), np.int64(end)]
    for parameter, value in zip(kernel.parameters, given, strict=True):
        reader.slots[reader.slot(parameter)] = value
    with np.errstate(all="ignore"):
        body(reader.slots)


class _Reader:
    """Turns statements into functions over slots, one slot for every value."""

    def __init__(self) -> None:
        self.slots: Slots = []
        self.tiles: Any = None
        self._known: dict[tuple[Any, ...], int] = {}

    def slot(self, value: Value) -> int:
        """Where a value lies; a constant is there from the start."""
        constant = value.constant
        key = (value.number,) if constant is None else (value.kind, repr(constant))
        if key not in self._known:
            self._known[key] = len(self.slots)
            filling = None if constant is None else constant_of(constant, value.kind)
            self.slots.append(filling)
        return self._known[key]

    def places(self, values: Sequence[Value]) -> list[int]:
        return [self.slot(value) for value in values]

    def block(self, statements: Sequence[Statement]) -> Run:
        runs = [self._statement(statement) for statement in statements]

        def run(slots: Slots) -> None:
            for one in runs:
                one(slots)

        return run

    def _statement(self, statement: Statement) -> Run:
        match statement:
            case Instruction():
                return self._instruction(statement)
            case Loop():
                return self._loop(statement)
            case If():
                return self._branch(statement)

    def _instruction(self, instruction: Instruction) -> Run:
        places = self.places(instruction.operands)
        if instruction.op in TILE_MEANINGS:
            return self._on_tiles(instruction, places)
        compute = computation(instruction)
        if instruction.result is None:
            return lambda slots: compute(*[slots[place] for place in places])
        return _assignment(compute, self.slot(instruction.result), places)

    def _on_tiles(self, instruction: Instruction, places: list[int]) -> Run:
        meaning, numbers = TILE_MEANINGS[instruction.op], instruction.attribute
        self.tiles = registers() if self.tiles is None else self.tiles
        tiles = self.tiles
        return lambda slots: meaning(tiles, numbers, *[slots[i] for i in places])

    def _loop(self, loop: Loop) -> Run:
        index, start, stop = self.places((loop.index, loop.start, loop.stop))
        initial, carried = self.places(loop.initial), self.places(loop.carried)
        results = self.places(loop.results)
        body = self.block(loop.body)
        yielded = self.places(loop.yielded)
        counter = np.int32 if loop.index.kind == I32 else np.int64

        def run(slots: Slots) -> None:
            values = [slots[place] for place in initial]
            for position in range(int(slots[start]), int(slots[stop]), loop.step):
                slots[index] = counter(position)
                for place, value in zip(carried, values, strict=True):
                    slots[place] = value
                body(slots)
                values = [slots[place] for place in yielded]
            for place, value in zip(results, values, strict=True):
                slots[place] = value

        return run

    def _branch(self, statement: If) -> Run:
        condition = self.slot(statement.condition)
        yes, no = self.block(statement.body), self.block(statement.otherwise)
        return lambda slots: yes(slots) if slots[condition] else no(slots)


def _assignment(compute: Callable[..., Any], result: int, places: Sequence[int]) -> Run:
    """`compute` from and into slots; the usual numbers of operands without a list."""
    if len(places) == 1:
        (only,) = places

        def one(slots: Slots) -> None:
            slots[result] = compute(slots[only])

        return one
    if len(places) == 2:
        left, right = places

        def two(slots: Slots) -> None:
            slots[result] = compute(slots[left], slots[right])

        return two

    def many(slots: Slots) -> None:
        slots[result] = compute(*[slots[place] for place in places])

    return many
