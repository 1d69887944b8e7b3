"""Functions of one byte as tables of 256 entries, in registers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gossamer.kernels.elements.elementwise import BLOCK, Lanes, each_vector
from gossamer.nest.expr import I8, I64, Value

if TYPE_CHECKING:
    from gossamer.nest.build import Nest

ENTRIES = 256
WIDTH = 64
"""Bytes that are looked up at a time."""


def load_table(nest: Nest, entries: Value, start: int = 0) -> list[Value]:
    """The table at byte `start` behind `entries`, as `Nest.look_up` takes it."""
    return [
        nest.load(I8.of(WIDTH), entries, start + part * WIDTH)
        for part in range(ENTRIES // WIDTH)
    ]


def byte_table(nest: Nest, count: int, pointers: tuple[Value, Value, Value]) -> None:
    """A whole kernel on bytes: x, the entries, y. Units of work are blocks.

    An entry's place is the byte as a number without sign.
    """
    x, entries, y = pointers
    begin, end = nest.integer(), nest.integer()
    table = load_table(nest, entries)

    def block(base: Value, size: int) -> None:
        def element(index: Value, group: Lanes) -> None:
            values = group.load(nest, I8, x, base + index)
            group.store(nest, nest.look_up(table, values), y, base + index)

        each_vector(nest, size, WIDTH, element, unroll=2)

    whole = count // BLOCK
    if whole:
        with nest.loop(nest.minimum(end, whole), start=begin) as unit:
            block(unit.index * BLOCK, BLOCK)
    if count > whole * BLOCK:
        with nest.loop(end, start=nest.maximum(begin, whole)):
            block(nest.constant(whole * BLOCK, I64), count - whole * BLOCK)
