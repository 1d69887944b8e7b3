"""Matrix products by weights that are decoded as they are read.

Each entry of the weights is decoded once for all rows of a tile. There are no vectors:
this is for machines that have none.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from gossamer.kernels.products.gemm import Place, runs_of, walk_rows
from gossamer.kernels.products.product import Tile
from gossamer.nest.expr import F32, I8, I16, I32, I64, Kind, Value

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gossamer.kernels.products.encoding import Encoding
    from gossamer.kernels.products.gemm import Epilogue
    from gossamer.kernels.products.product import Gemm
    from gossamer.nest.build import Nest

    _Progress = tuple[list[Value], Value]

TILE_ROWS = 4
"""Rows that share the decoding of a weight, where there are several."""


@dataclass(frozen=True, slots=True)
class EncodedProduct:
    """The loops of a product.

    `weights` are pointers to the arrays of the encoding; within a column the last one
    is that to its table.
    """

    nest: Nest
    plan: Gemm
    encoding: Encoding
    weights: Sequence[Value]

    def emit(self, epilogue: Epilogue, x: Value, y: Value) -> None:
        """The product; the kernel's last two parameters bound the units of work."""
        nest, plan = self.nest, self.plan
        pitch = plan.columns * epilogue.output_bytes

        def tile(first: Value, rows: int, row: Value, line_row: Value | int) -> None:
            left = nest.offset(first, row * plan.rows.stride)
            place = row + line_row
            corner = nest.offset(y, place * pitch)
            self._columns(epilogue, left, rows, Place(corner, place, place, pitch))

        walk_rows(nest, plan, x, (nest.integer(), nest.integer()), tile)

    def _columns(
        self, epilogue: Epilogue, left: Value, rows: int, place: Place
    ) -> None:
        """All columns of a tile of rows; the cursor counts entries from the first."""
        nest, plan, depth = self.nest, self.plan, self.plan.depth
        shape = Tile(rows, 1, 1, 1)
        zero = nest.constant(0, I64)
        with nest.loop(plan.columns, carry=[zero, zero]) as column:
            cursor, number = column.values
            own = self._of_column(column.index)

            def row(
                at: Value, cursor: Value, sums: list[Value], own: EncodedProduct = own
            ) -> _Progress:
                runs = (depth.parts, depth.part_stride)
                return runs_of(nest, runs, (at, cursor, sums), own._run)

            (start,) = epilogue.start(nest, column.index, shape)
            segments = (depth.segments, depth.segment_stride)
            state = (left, cursor, [number, *[start] * rows])
            (number, *sums), cursor = runs_of(nest, segments, state, row)
            corner = nest.offset(place.corner, column.index * epilogue.output_bytes)
            where = Place(corner, place.row, column.index, place.pitch)
            epilogue.finish(nest, [[each] for each in sums], where, shape)
            column.carry([cursor, number])

    def _of_column(self, column: Value) -> EncodedProduct:
        """The same with the column's own table."""
        if not self.encoding.has_own_tables:
            return self
        *rest, tables = self.weights
        size = self.encoding.table_size
        table = self.nest.offset(tables, column * size, self._stored)
        return replace(self, weights=(*rest, table))

    def _run(self, at: Value, cursor: Value, state: list[Value]) -> _Progress:
        """A run of the inner dimension; `state` is the run's number, then the sums."""
        number, *sums = state
        if self.encoding.is_list:
            sums, cursor = self._list(at, cursor, number, sums)
        elif self.encoding.index_bits == 4:
            sums, cursor = self._pairs(at, cursor, sums)
        else:
            sums, cursor = self._each(at, cursor, sums)
        return [number + 1, *sums], cursor

    def _list(
        self, at: Value, cursor: Value, number: Value, sums: list[Value]
    ) -> _Progress:
        """The weights that are not zero, each at a distance from the one before."""
        nest, encoding = self.nest, self.encoding
        counts = self.weights[1 if encoding.is_joined else 2]
        count = nest.unsigned(nest.load(I16, counts, number), I64)
        last = cursor + count
        with nest.loop(last, start=cursor, carry=[at, *sums]) as loop:
            place, *carried = loop.values
            entry = nest.unsigned(nest.load(I8, self.weights[0], loop.index), I64)
            if encoding.is_joined:
                gap, weight = entry >> 4, self._from_table(entry & 15)
            else:
                gap, weight = entry, self._value(loop.index)
            place = nest.offset(place, gap * self.plan.multiply.left_bytes)
            loop.carry([place, *self._met(place, weight, carried)])
        return list(loop.results[1:]), last

    def _value(self, index: Value) -> Value:
        """The value of an entry of its own bytes."""
        nest = self.nest
        if not self.encoding.index_bits:
            return self._wide(nest.load(self._stored, self.weights[1], index))
        place = nest.unsigned(nest.load(I8, self.weights[1], index), I64)
        return self._from_table(place)

    def _each(self, at: Value, cursor: Value, sums: list[Value]) -> _Progress:
        """Every weight by a place of eight bits."""
        nest, size = self.nest, self.plan.multiply.left_bytes
        words = self.plan.depth.words
        with nest.loop(words, carry=sums) as loop:
            entry = nest.load(I8, self.weights[0], cursor + loop.index)
            weight = self._from_table(nest.unsigned(entry, I64))
            place = nest.offset(at, loop.index * size)
            loop.carry(self._met(place, weight, list(loop.values)))
        return list(loop.results), cursor + words

    def _pairs(self, at: Value, cursor: Value, sums: list[Value]) -> _Progress:
        """Every weight by a place of four bits, two a byte."""
        nest, size = self.nest, self.plan.multiply.left_bytes
        pairs, rest = divmod(self.plan.depth.words, 2)
        if pairs:
            with nest.loop(pairs, carry=sums) as loop:
                low, high = self._two(cursor + loop.index)
                place = nest.offset(at, loop.index * (2 * size))
                after = self._met(place, low, list(loop.values))
                loop.carry(self._met(nest.offset(place, size), high, after))
            sums = list(loop.results)
        if rest:
            low, _ = self._two(cursor + pairs)
            sums = self._met(nest.offset(at, 2 * pairs * size), low, sums)
        return sums, cursor + (pairs + rest)

    def _two(self, index: Value) -> tuple[Value, Value]:
        entry = self.nest.unsigned(self.nest.load(I8, self.weights[0], index), I64)
        return self._from_table(entry & 15), self._from_table(entry >> 4)

    def _met(self, place: Value, weight: Value, sums: list[Value]) -> list[Value]:
        """The sums with the products of a weight and what lies at a place."""
        nest, plan = self.nest, self.plan
        made: list[Value] = []
        for row, total in enumerate(sums):
            byte = nest.constant(row * plan.rows.stride, I64)
            left = plan.multiply.broadcast(nest, place, byte, 1)
            made.append(plan.multiply.accumulate(nest, total, left, weight))
        return made

    def _from_table(self, place: Value) -> Value:
        return self._wide(self.nest.load(self._stored, self.weights[-1], place))

    @property
    def _stored(self) -> Kind:
        """The kind of a weight as it is kept."""
        return F32 if self.plan.multiply.word == F32 else I8

    def _wide(self, weight: Value) -> Value:
        return weight if self._stored == F32 else self.nest.convert(weight, I32)
