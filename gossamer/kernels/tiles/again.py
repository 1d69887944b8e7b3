"""Sums of split floats by the vector unit, where the matrix unit's are no numbers.

Infinity times a lower part of zero is not a number, though infinity times the whole
float is infinite. So that infinite inputs give what float32 gives, blocks with such
sums are summed again from whole floats.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gossamer.kernels.tiles.product import CHUNK, HEIGHT, LANES
from gossamer.nest.expr import F32, I32

if TYPE_CHECKING:
    from gossamer.kernels.tiles.product import Panel, TileProduct
    from gossamer.kernels.tiles.rows import RowSource
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
            total = _sum(nest, plan, source, line, (column, width), start)
            nest.store(total, sums, (row.index * panel.vectors + v) * LANES)


def _sum(
    nest: Nest,
    plan: TileProduct,
    source: RowSource,
    line: Value,
    right: tuple[Value, int],
    start: Value,
) -> Value:
    """The sums of a row and the columns of a vector."""
    column, width = right
    segments = source.segments
    size = segments.chunks * plan.planes * width * _TILE
    with nest.loop(segments.count, carry=[start]) as segment:
        left = nest.offset(line, segment.index * segments.stride)
        tiles = nest.offset(column, segment.index * size)
        with nest.loop(segments.words, carry=segment.values) as word:
            total = _word(
                nest,
                plan.planes,
                (nest.offset(left, word.index, I32), source.next_part),
                (tiles, width * _TILE),
                word.index,
                word.values[0],
            )
            word.carry([total])
        segment.carry(word.results)
    return segment.results[0]


def _word(
    nest: Nest,
    planes: int,
    left: tuple[Value, int],
    right: tuple[Value, int],
    index: Value,
    total: Value,
) -> Value:
    """`total` and the products of a word of two elements.

    The operands are addresses of highest parts, and the bytes to each next part.
    """
    place, next_part = left
    tiles, next_plane = right
    chunk, within = index // HEIGHT, index % HEIGHT
    theirs = nest.offset(tiles, chunk * (planes * next_plane) + within * CHUNK)
    ones = [
        nest.splat(nest.load(I32, nest.offset(place, part * next_part)), LANES)
        for part in range(planes)
    ]
    others = [
        nest.load(I32.of(LANES), nest.offset(theirs, part * next_plane))
        for part in range(planes)
    ]
    for half in range(2):
        one, other = _joined(nest, ones, half), _joined(nest, others, half)
        total = nest.fma(one, other, total)
    return total


def _joined(nest: Nest, parts: list[Value], half: int) -> Value:
    """The floats whose parts are in a half of each word."""
    kind = F32.of(LANES)
    floats = [
        nest.bits(part & -0x10000 if half else part << 16, kind) for part in parts
    ]
    total = floats[-1]
    for part in floats[-2::-1]:
        total = total + part
    return total
