"""What becomes of the sums of two computed operands: int8, int16 or int32."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gossamer.kernels.arithmetic.packing import VECTORS, in_order
from gossamer.kernels.arithmetic.requantize import scale, uniform_factor, within
from gossamer.nest.expr import I16, I32, I64, Value

if TYPE_CHECKING:
    from gossamer.kernels.products.gemm import Place
    from gossamer.kernels.products.product import Tile
    from gossamer.nest.build import Nest


@dataclass(frozen=True, slots=True)
class Sums:
    """int32 sums as they are, with what the operands' zero points add.

    `columns` holds a term for each column, `rows` one for each row.
    """

    columns: Value | None
    rows: Value | None
    output_bytes: int = 4

    def start(self, nest: Nest, column: Value, tile: Tile) -> list[Value]:
        if self.columns is None:
            return [nest.zero(tile.lanes, I32)] * tile.vectors
        first = nest.offset(self.columns, column, I32)
        return [
            nest.load(I32.of(tile.lanes), first, v * tile.lanes)
            for v in range(tile.vectors)
        ]

    def whole(
        self, nest: Nest, sums: list[list[Value]], place: Place
    ) -> list[list[Value]]:
        """The sums with the terms of their rows."""
        if self.rows is None:
            return sums
        found: list[list[Value]] = []
        for row, vectors in enumerate(sums):
            term = nest.load(I32, self.rows, place.row + row)
            found.append([total + term for total in vectors])
        return found

    def finish(
        self, nest: Nest, sums: list[list[Value]], place: Place, tile: Tile
    ) -> None:
        for row, vectors in enumerate(self.whole(nest, sums, place)):
            for v, total in enumerate(vectors):
                at = row * place.pitch + v * tile.lanes * 4
                nest.store(total, nest.offset(place.corner, at), 0, tile.valid(v))


@dataclass(frozen=True, slots=True)
class Requantized:
    """int32 sums times one factor, plus the zero point, as int8."""

    sums: Sums
    multiplier: int
    shift: int
    zero_point: int
    output_bytes: int = 1

    def start(self, nest: Nest, column: Value, tile: Tile) -> list[Value]:
        return self.sums.start(nest, column, tile)

    def finish(
        self, nest: Nest, sums: list[list[Value]], place: Place, tile: Tile
    ) -> None:
        factor = uniform_factor(nest, self.multiplier, self.shift, tile.lanes)
        zero = nest.number(self.zero_point, I32.of(tile.lanes))
        for row, vectors in enumerate(self.sums.whole(nest, sums, place)):
            address = nest.offset(place.corner, row * place.pitch)
            scaled = [scale(nest, total, factor) + zero for total in vectors]
            if tile.vectors == VECTORS:
                small = in_order(nest, nest.pack(scaled), tile.lanes)
                nest.store(small, address, 0, tile.columns)
                continue
            for v, value in enumerate(scaled):
                small = within(nest, nest.narrow(value), -128, 127)
                nest.store(small, address, v * tile.lanes, tile.valid(v))


@dataclass(frozen=True, slots=True)
class Wide:
    """int64 sums times one factor, rounded once, as int16.

    The factor is `multiplier` (16 bits) over 2**right.
    """

    multiplier: int
    right: int
    zero_point: int
    output_bytes: int = 2

    def start(self, nest: Nest, column: Value, tile: Tile) -> list[Value]:
        return [nest.zero(tile.lanes, I64)] * tile.vectors

    def finish(
        self, nest: Nest, sums: list[list[Value]], place: Place, tile: Tile
    ) -> None:
        half = 1 << (self.right - 1)
        for row, vectors in enumerate(sums):
            for v, total in enumerate(vectors):
                scaled = (total * self.multiplier + half) >> self.right
                moved = nest.minimum(scaled + self.zero_point, 32767)
                small = nest.maximum(moved, -32768)
                at = row * place.pitch + v * tile.lanes * 2
                nest.store(
                    nest.convert(small, I16.of(tile.lanes)),
                    nest.offset(place.corner, at),
                    0,
                    tile.valid(v),
                )
