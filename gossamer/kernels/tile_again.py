"""Sums of split floats by the vector unit, where the matrix unit's are no numbers.

Infinity times a low part of zero is not a number, though infinity times the whole
float is infinite. So that infinite inputs give what float32 gives, blocks with such
sums are summed again from whole floats.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gossamer.kernels.tile_product import CHUNK, HEIGHT, LANES
from gossamer.nest.expr import F32, I32

if TYPE_CHECKING:
    from gossamer.kernels.tile_product import Panel, TileProduct
    from gossamer.nest.build import Nest
    from gossamer.nest.expr import Value

_TILE = CHUNK * HEIGHT


def sum_again(
    nest: Nest,
    plan: TileProduct,
    panel: Panel,
    first: Value | None,
    rows: tuple[Value, int, int],
    weights: Value,
    sums: Value,
) -> None:
    """All sums of a block and a panel, into memory as the tiles leave them.

    `rows` are the address of the block's rows, the bytes from one to the next, and
    those from a high to its low part; `first` is the address of the panel's bias.
    """
    left, pitch, low_part = rows
    count = min(plan.rows, plan.height)
    with nest.loop(count) as row:
        line = nest.offset(left, row.index * pitch)
        for v in range(panel.vectors):
            kind = F32.of(LANES)
            start = nest.zero(LANES)
            if first is not None:
                start = nest.load(kind, first, v * LANES)
            column = nest.offset(weights, v // 2 * 2 * LANES * plan.column_bytes)
            width = min(panel.vectors - v // 2 * 2, 2)
            column = nest.offset(column, v % 2 * _TILE)
            total = _sum(nest, plan, (line, low_part), (column, width), start)
            nest.store(total, sums, (row.index * panel.vectors + v) * LANES)


def _sum(
    nest: Nest,
    plan: TileProduct,
    left: tuple[Value, int],
    right: tuple[Value, int],
    start: Value,
) -> Value:
    """The sums of a row and the columns of a vector; two elements are in a word."""
    line, low_part = left
    column, width = right
    step = width * _TILE
    with nest.loop(plan.chunks * HEIGHT, carry=[start]) as word:
        chunk, within = word.index // HEIGHT, word.index % HEIGHT
        one = nest.offset(line, word.index, I32)
        place = nest.offset(column, chunk * (2 * step) + within * CHUNK)
        ours = [
            nest.splat(nest.load(I32, nest.offset(one, part)), LANES)
            for part in (0, low_part)
        ]
        theirs = [
            nest.load(I32.of(LANES), nest.offset(place, part)) for part in (0, step)
        ]
        total = word.values[0]
        for half in range(2):
            total = nest.fma(
                _joined(nest, ours, half), _joined(nest, theirs, half), total
            )
        word.carry([total])
    return word.results[0]


def _joined(nest: Nest, parts: list[Value], half: int) -> Value:
    """The floats whose high and low parts are in a half of each word."""
    kind = F32.of(LANES)
    high, low = (
        nest.bits(part & -0x10000 if half else part << 16, kind) for part in parts
    )
    return high + low
