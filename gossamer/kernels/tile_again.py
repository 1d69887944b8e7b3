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
    from gossamer.kernels.tile_rows import RowSource
    from gossamer.nest.build import Nest
    from gossamer.nest.expr import Value

_TILE = CHUNK * HEIGHT


def sum_again(
    nest: Nest,
    plan: TileProduct,
    source: RowSource,
    panel: Panel,
    first: Value | None,
    operands: tuple[Value, Value],
    sums: Value,
) -> None:
    """All sums of a block and a panel, into memory as the tiles leave them.

    `operands` are the addresses of the block's first row and of the panel's weights;
    `first` is that of the panel's bias.
    """
    left, weights = operands
    count = min(plan.rows, plan.height)
    with nest.loop(count) as row:
        line = nest.offset(left, row.index * source.pitch)
        for v in range(panel.vectors):
            start = nest.zero(LANES)
            if first is not None:
                start = nest.load(F32.of(LANES), first, v * LANES)
            pair = v // 2 * 2
            column = nest.offset(weights, pair * LANES * plan.column_bytes)
            column = nest.offset(column, v % 2 * _TILE)
            width = min(panel.vectors - pair, 2)
            total = _sum(nest, source, line, (column, width), start)
            nest.store(total, sums, (row.index * panel.vectors + v) * LANES)


def _sum(
    nest: Nest,
    source: RowSource,
    line: Value,
    right: tuple[Value, int],
    start: Value,
) -> Value:
    """The sums of a row and the columns of a vector."""
    column, width = right
    segments = source.segments
    size = segments.chunks * 2 * width * _TILE
    with nest.loop(segments.count, carry=[start]) as segment:
        left = nest.offset(line, segment.index * segments.stride)
        tiles = nest.offset(column, segment.index * size)
        with nest.loop(segments.words, carry=segment.values) as word:
            total = _word(
                nest,
                (nest.offset(left, word.index, I32), source.low_part),
                (tiles, width),
                word.index,
                word.values[0],
            )
            word.carry([total])
        segment.carry(word.results)
    return segment.results[0]


def _word(
    nest: Nest,
    left: tuple[Value, int],
    right: tuple[Value, int],
    index: Value,
    total: Value,
) -> Value:
    """`total` and the products of a word of two elements."""
    place, low_part = left
    tiles, width = right
    plane = width * _TILE
    chunk, within = index // HEIGHT, index % HEIGHT
    theirs = nest.offset(tiles, chunk * (2 * plane) + within * CHUNK)
    ones = [
        nest.splat(nest.load(I32, nest.offset(place, part)), LANES)
        for part in (0, low_part)
    ]
    others = [
        nest.load(I32.of(LANES), nest.offset(theirs, part)) for part in (0, plane)
    ]
    for half in range(2):
        one, other = _joined(nest, ones, half), _joined(nest, others, half)
        total = nest.fma(one, other, total)
    return total


def _joined(nest: Nest, parts: list[Value], half: int) -> Value:
    """The floats whose high and low parts are in a half of each word."""
    kind = F32.of(LANES)
    high, low = (
        nest.bits(part & -0x10000 if half else part << 16, kind) for part in parts
    )
    return high + low
