"""What becomes of the sums that the matrix unit leaves in memory."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gossamer.kernels.arithmetic.clamp import clamp
from gossamer.kernels.arithmetic.requantize import within
from gossamer.kernels.products.hybrid import PARAMETER_BYTES
from gossamer.kernels.tiles.product import LANES, WIDEST, Panel
from gossamer.nest.expr import F32, I8, I32, I64, Kind, Value

if TYPE_CHECKING:
    from gossamer.kernels.arithmetic.requantize import Factors
    from gossamer.kernels.tail import BoundTail
    from gossamer.kernels.tiles.gemm import Finish
    from gossamer.kernels.tiles.rows import OutputRow
    from gossamer.nest.build import Nest


@dataclass(frozen=True, slots=True)
class IntegerRows:
    """int32 sums are requantized, clamped and stored as int8; `pitch` bytes a row.

    So many rows are finished together that they fill a vector of int8.
    """

    first: Value
    factors: Factors
    low: int
    high: int
    y: Value
    pitch: int
    total: Kind = I32

    def rows_at_once(self, panel: Panel) -> int:
        return WIDEST // panel.vectors

    def columns(self, nest: Nest, panel: Panel, column: Value) -> Finish:
        factors = [
            self.factors.load(nest, column + v * LANES, LANES)
            for v in range(panel.vectors)
        ]
        corner = nest.offset(self.y, column)

        def finish(sums: list[list[Value]], rows: list[OutputRow]) -> None:
            scaled = [
                factor(total)
                for vectors in sums
                for factor, total in zip(factors, vectors, strict=True)
            ]
            small = within(nest, nest.pack(scaled), self.low, self.high)
            for row, part in zip(rows, _rows_of(nest, small, len(sums)), strict=True):
                place = row.place(nest, corner, self.pitch)
                nest.store(part, place, 0, panel.columns)

        return finish


def _rows_of(nest: Nest, packed: Value, rows: int) -> list[Value]:
    """The rows of a packed vector: each block of 16 bytes holds a part of every row."""
    if rows == 1:
        return [packed]
    whole = I64 if rows == 2 else I32
    size = packed.kind.lanes // whole.bytes
    parts = nest.bits(packed, whole.of(size))
    kind = I8.of(packed.kind.lanes // rows)
    return [
        nest.bits(nest.shuffle(parts, parts, range(row, size, rows)), kind)
        for row in range(rows)
    ]


@dataclass(frozen=True, slots=True)
class FloatRows:
    """float32 sums are clamped and stored; `pitch` bytes a row."""

    first: Value | None
    limits: tuple[float, float]
    y: Value
    pitch: int
    total: Kind = F32

    def rows_at_once(self, panel: Panel) -> int:
        del panel
        return 1

    def columns(self, nest: Nest, panel: Panel, column: Value) -> Finish:
        corner = nest.offset(self.y, column, F32)

        def finish(sums: list[list[Value]], rows: list[OutputRow]) -> None:
            line = rows[0].place(nest, corner, self.pitch)
            for v, total in enumerate(sums[0]):
                value = clamp(nest, total, self.limits)
                nest.store(value, line, v * LANES, panel.valid(v))

        return finish


@dataclass(frozen=True, slots=True)
class HybridItems:
    """How the items of a dynamic range product were quantized, and their sums scaled.

    `parameters` are those of each item, of which `rows_per_item` output rows come;
    `weight_sums` is None where zero points are zero.
    """

    parameters: Value
    scales: Value
    weight_sums: Value | None
    bias: Value | None
    limits: tuple[float, float]
    items: int
    rows_per_item: int


@dataclass(frozen=True, slots=True)
class _Columns:
    """What scales the sums of a panel, a vector each."""

    scales: list[Value]
    weight_sums: list[Value]
    bias: list[Value]

    def of_item(self, nest: Nest, scale: Value, zero: Value) -> _Columns:
        """The same with an item's scale and zero point multiplied in."""
        scales = [each * nest.splat(scale, LANES) for each in self.scales]
        sums = [each * nest.splat(zero, LANES) for each in self.weight_sums]
        return _Columns(scales, sums, self.bias)

    def scaled(self, nest: Nest, total: Value, vector: int) -> Value:
        """A vector of an item's sums as floats."""
        if self.weight_sums:
            total = total - self.weight_sums[vector]
        value = nest.convert(total, F32.of(LANES)) * self.scales[vector]
        return value + self.bias[vector] if self.bias else value


@dataclass(frozen=True, slots=True)
class HybridRows:
    """int32 sums to float: (sum - zero point * weight sum) * scales + bias."""

    items: HybridItems
    y: Value
    pitch: int
    tail: BoundTail | None = None
    first: Value | None = None
    total: Kind = I32

    def rows_at_once(self, panel: Panel) -> int:
        del panel
        return 1

    def columns(self, nest: Nest, panel: Panel, column: Value) -> Finish:
        places = [column + v * LANES for v in range(panel.vectors)]
        given = self._given(nest, places)
        corner = nest.offset(self.y, column, F32)
        one = None
        if self.items.items == 1:
            one = given.of_item(nest, *self._item(nest, column * 0))

        def finish(sums: list[list[Value]], rows: list[OutputRow]) -> None:
            number = rows[0].number
            item = one or given.of_item(nest, *self._item(nest, number))
            line = rows[0].place(nest, corner, self.pitch)
            for v, total in enumerate(sums[0]):
                value = item.scaled(nest, total, v)
                value = clamp(nest, value, self.items.limits)
                if self.tail is not None:
                    index = number * (self.pitch // F32.bytes) + places[v]
                    valid = panel.valid(v)
                    value = self.tail.apply(nest, value, index, places[v], valid)
                nest.store(value, line, v * LANES, panel.valid(v))

        return finish

    def _given(self, nest: Nest, places: list[Value]) -> _Columns:
        def read(pointer: Value | None, kind: Kind) -> list[Value]:
            if pointer is None:
                return []
            return [nest.load(kind.of(LANES), pointer, place) for place in places]

        items = self.items
        return _Columns(
            read(items.scales, F32), read(items.weight_sums, I32), read(items.bias, F32)
        )

    def _item(self, nest: Nest, row: Value) -> tuple[Value, Value]:
        """Scale and zero point of the item that an output row belongs to."""
        items = self.items
        index = row // items.rows_per_item if items.items > 1 else row * 0
        place = nest.offset(items.parameters, index * PARAMETER_BYTES)
        return nest.load(F32, place), nest.load(I32, place, 2)
