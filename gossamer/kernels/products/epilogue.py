"""What becomes of a product's sums: bias before; activation and store after."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gossamer.kernels.arithmetic.clamp import clamp
from gossamer.kernels.arithmetic.requantize import Factors, saturate, within
from gossamer.nest.expr import F32, I32, Value

if TYPE_CHECKING:
    from gossamer.kernels.products.gemm import Place
    from gossamer.kernels.products.product import Tile
    from gossamer.kernels.tail import BoundTail
    from gossamer.nest.build import Nest


@dataclass(frozen=True, slots=True)
class FloatEpilogue:
    """Sums start from the bias, are clamped, go through the tail, and are stored."""

    bias: Value | None
    limits: tuple[float, float]
    tail: BoundTail | None = None
    output_bytes: int = 4

    def start(self, nest: Nest, column: Value, tile: Tile) -> list[Value]:
        if self.bias is None:
            return [nest.zero(tile.lanes)] * tile.vectors
        first = nest.offset(self.bias, column, F32)
        return [
            nest.load(F32.of(tile.lanes), first, v * tile.lanes)
            for v in range(tile.vectors)
        ]

    def finish(
        self, nest: Nest, sums: list[list[Value]], place: Place, tile: Tile
    ) -> None:
        for row, vectors in enumerate(sums):
            for v, total in enumerate(vectors):
                value = clamp(nest, total, self.limits)
                if self.tail is not None:
                    column = place.column + v * tile.lanes
                    index = (place.row + row) * (place.pitch // 4) + column
                    value = self.tail.apply(nest, value, index, column)
                address = nest.offset(
                    place.corner, row * place.pitch + v * tile.lanes * 4
                )
                nest.store(value, address, 0, tile.valid(v))


@dataclass(frozen=True, slots=True)
class IntegerEpilogue:
    """Sums start from the bias, are requantized, clamped and stored as int8.

    With `unsigned` they are stored as uint8, 128 above the int8.

    Where a panel has four vectors its columns are in `packed_order`, so that a row of
    the tile becomes one vector.
    """

    bias: Value
    factors: Factors
    low: int
    high: int
    unsigned: bool = False
    output_bytes: int = 1

    def start(self, nest: Nest, column: Value, tile: Tile) -> list[Value]:
        first = nest.offset(self.bias, column, I32)
        return [
            nest.load(I32.of(tile.lanes), first, v * tile.lanes)
            for v in range(tile.vectors)
        ]

    def finish(
        self, nest: Nest, sums: list[list[Value]], place: Place, tile: Tile
    ) -> None:
        scaled: list[list[Value]] = [[] for _ in sums]
        for v in range(tile.vectors):
            column = place.column + v * tile.lanes
            factor = self.factors.load(nest, column, tile.lanes)
            for row, vectors in enumerate(sums):
                value = factor(vectors[v])
                if is_packed(tile.vectors):
                    scaled[row].append(value)
                    continue
                small = self._stored(saturate(nest, value, self.low, self.high))
                address = nest.offset(place.corner, row * place.pitch + v * tile.lanes)
                nest.store(small, address, 0, tile.valid(v))
        for row, vectors in enumerate(scaled):
            if vectors:
                packed = within(nest, nest.pack(vectors), self.low, self.high)
                small = self._stored(packed)
                address = nest.offset(place.corner, row * place.pitch)
                nest.store(small, address, 0, tile.columns)

    def _stored(self, value: Value) -> Value:
        return value ^ -128 if self.unsigned else value


def is_packed(vectors: int) -> bool:
    """Whether an int8 row of a tile is stored as one vector."""
    return vectors == 4
