"""Products of many pairs of matrices, both known only when the model runs."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from gossamer.kernels.products.gemm import product
from gossamer.kernels.products.multiply import PairMultiply
from gossamer.kernels.products.product import Depth, Gemm, Rows, choose_tile
from gossamer.nest.expr import I8, I16, I32, I64, Value

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from gossamer.kernels.products.gemm import Epilogue
    from gossamer.kernels.products.multiply import Multiply
    from gossamer.nest.build import Nest
    from gossamer.nest.target import Target

_RESIDENT_BYTES = 192 * 1024
"""Right operands up to this size stay in the cache while all rows pass."""
_WIDE_TOTAL = 8
"""Bytes of sums that take two registers for one vector of lanes."""


@dataclass(frozen=True, slots=True)
class Matrices:
    """Matrices under leading axes; strides are in elements."""

    lead: tuple[int, ...]
    lead_strides: tuple[int, ...]
    rows: int
    columns: int
    row_stride: int
    column_stride: int

    @staticmethod
    def dense(lead: Sequence[int], rows: int, columns: int) -> Matrices:
        strides: list[int] = []
        step = rows * columns
        for size in reversed(lead):
            strides.append(step)
            step *= size
        return Matrices(
            tuple(lead), tuple(reversed(strides)), rows, columns, columns, 1
        )

    @property
    def turned(self) -> Matrices:
        """Rows as columns."""
        return replace(
            self,
            rows=self.columns,
            columns=self.rows,
            row_stride=self.column_stride,
            column_stride=self.row_stride,
        )

    @property
    def count(self) -> int:
        return math.prod(self.lead)

    @property
    def is_dense(self) -> bool:
        """Whether all elements adjoin, row by row."""
        return replace(
            Matrices.dense(self.lead, self.rows, self.columns),
            lead_strides=self.lead_strides,
        ) == self and all(
            size == 1 or one == other
            for size, one, other in zip(
                self.lead,
                self.lead_strides,
                Matrices.dense(self.lead, self.rows, self.columns).lead_strides,
                strict=True,
            )
        )

    def place(self, index: Value, lead: Sequence[int]) -> Value:
        """Where, in elements, the matrix lies for index `index` of the axes `lead`.

        These are the own leading axes, with 1 stretched to other sizes.
        """
        return place_of(index, lead, self.steps(lead))

    def steps(self, lead: Sequence[int]) -> tuple[int, ...]:
        """The strides along axes `lead`; 0 along those that are stretched."""
        missing = len(lead) - len(self.lead)
        own = (1,) * missing + self.lead
        strides = (0,) * missing + self.lead_strides
        return tuple(
            0 if size == 1 else step for size, step in zip(own, strides, strict=True)
        )


def place_of(index: Value, sizes: Sequence[int], strides: Sequence[int]) -> Value:
    """The sum of strides times the indices that a flat index stands for."""
    merged: list[tuple[int, int]] = []  # size, stride
    for size, stride in zip(sizes, strides, strict=True):
        if size == 1:
            continue
        if merged and merged[-1][1] == stride * size:
            merged[-1] = (merged[-1][0] * size, stride)
        else:
            merged.append((size, stride))
    total = index * 0
    inner = 1
    for position, (size, stride) in enumerate(reversed(merged)):
        if stride:
            along = index // inner
            last = position == len(merged) - 1
            total = total + (along if last else along % size) * stride
        inner *= size
    return total


def plan_products(
    target: Target,
    x: Matrices,
    columns: int,
    multiply: Multiply,
    element_bytes: int,
) -> Gemm:
    """How one pair is multiplied; `element_bytes` is the size of x's elements."""
    fuses = target.fuses and not isinstance(multiply, PairMultiply)
    machine = target
    if multiply.total.bytes == _WIDE_TOTAL:
        machine = replace(target, registers=target.registers // 2)
    height, vectors = choose_tile(machine, x.rows, columns, fuses=fuses)
    plan = Gemm(
        Rows(x.rows, x.row_stride * element_bytes),
        Depth(-(-x.columns // multiply.depth)),
        columns,
        multiply,
        target.lanes,
        vectors,
        height,
        panels_outer=False,
    )
    nbytes = plan.panel_bytes * -(-columns // plan.panel_columns)
    return replace(plan, panels_outer=nbytes > _RESIDENT_BYTES)


def padded_columns(plan: Gemm) -> int:
    """Columns of all panels, the last one filled up to whole vectors."""
    return -(-plan.columns // plan.lanes) * plan.lanes


def right_bytes(plan: Gemm) -> int:
    """Bytes of one packed right operand."""
    return padded_columns(plan) * plan.depth.words * plan.multiply.weight_bytes


@dataclass(frozen=True, slots=True)
class Batch:
    """Where the pairs lie: sizes of the output's leading axes, and strides in bytes."""

    lead: tuple[int, ...]
    left: tuple[int, ...]
    right: tuple[int, ...]
    output: tuple[int, ...]

    def units(self, plan: Gemm) -> int:
        return math.prod(self.lead) * plan.units


def batch_products(
    nest: Nest,
    plan: Gemm,
    batch: Batch,
    pointers: tuple[Value, Value, Value],
    epilogue: Callable[[Value], Epilogue],
) -> None:
    """A whole kernel; `epilogue` is told the flat index of the leading axes."""
    begin, end = nest.integer(), nest.integer()
    units = plan.units
    strides = (batch.left, batch.right, batch.output)
    last = (end + (units - 1)) // units
    with nest.loop(last, start=begin // units) as pair:
        before = pair.index * units
        bounds = (nest.maximum(begin - before, 0), nest.minimum(end - before, units))
        x, w, y = (
            nest.offset(pointer, place_of(pair.index, batch.lead, steps))
            for pointer, steps in zip(pointers, strides, strict=True)
        )
        product(nest, plan, epilogue(pair.index), (x, w, y), bounds)


@dataclass(frozen=True, slots=True)
class CenteredRows:
    """How int8 rows become a left operand, and their sums a term of the output.

    Elements become the uint8 q + 128 (`quads`) or the int16 q - zero_point; the term
    is `factor` times the row's sum of q - zero_point.
    """

    quads: bool
    zero_point: int
    factor: int

    @property
    def element_bytes(self) -> int:
        return 1 if self.quads else 2


def center_rows(
    nest: Nest,
    rows: Matrices,
    form: CenteredRows,
    pointers: tuple[Value, Value, Value | None],
) -> None:
    """A whole kernel: x to dense rows, and their terms; units are rows.

    Along a row of x elements adjoin.
    """
    x, y, terms = pointers
    begin, end = nest.integer(), nest.integer()
    with nest.loop(end, start=begin) as row:
        matrix, line = row.index // rows.rows, row.index % rows.rows
        at = rows.place(matrix, rows.lead) + line * rows.row_stride
        source = nest.offset(x, at)
        target = nest.offset(y, row.index * (rows.columns * form.element_bytes))
        emit = _quads if form.quads else _pairs
        total = emit(nest, form, rows.columns, source, target)
        if terms is not None:
            nest.store(total * form.factor, terms, row.index)


def _quads(nest: Nest, form: CenteredRows, count: int, x: Value, y: Value) -> Value:
    lanes = nest.target.lanes
    step = 4 * lanes
    whole = count // step * step
    total = nest.constant(-count * (128 + form.zero_point), I32)
    if whole:
        ones = nest.constant(0x01010101, I32.of(lanes))
        with nest.loop(whole, step=step, carry=[nest.zero(lanes, I32)]) as loop:
            value = nest.load(I8.of(step), x, loop.index) ^ -128
            nest.store(value, y, loop.index)
            words = nest.bits(value, I32.of(lanes))
            loop.carry([nest.dot_quads(loop.values[0], words, ones)])
        total = total + nest.sum(loop.results[0])
    if count == whole:
        return total
    with nest.loop(count, start=whole, carry=[total]) as loop:
        value = nest.load(I8, x, loop.index) ^ -128
        nest.store(value, y, loop.index)
        loop.carry([loop.values[0] + nest.unsigned(value, I32)])
    return loop.results[0]


def _pairs(nest: Nest, form: CenteredRows, count: int, x: Value, y: Value) -> Value:
    lanes = nest.target.lanes
    whole = count // lanes * lanes
    total = nest.constant(0, I32)

    def move(index: Value, width: int) -> Value:
        value = nest.convert(nest.load(I8.of(width), x, index), I16.of(width))
        value = value - form.zero_point
        nest.store(value, y, index)
        return nest.convert(value, I32.of(width))

    if whole:
        with nest.loop(whole, step=lanes, carry=[nest.zero(lanes, I32)]) as loop:
            loop.carry([loop.values[0] + move(loop.index, lanes)])
        total = nest.sum(loop.results[0])
    if count == whole:
        return total
    with nest.loop(count, start=whole, carry=[total]) as loop:
        loop.carry([loop.values[0] + move(loop.index, 1)])
    return loop.results[0]


def column_sums(nest: Nest, plan: Gemm, factor: int, w: Value, y: Value) -> None:
    """A whole kernel: `factor` times the sums of packed int8 columns.

    A word holds four elements. Units are packed operands; each gets
    `padded_columns` int32.
    """
    begin, end = nest.integer(), nest.integer()
    whole, rest = divmod(padded_columns(plan), plan.panel_columns)
    with nest.loop(end, start=begin) as unit:
        first = nest.offset(w, unit.index * right_bytes(plan))
        result = nest.offset(y, unit.index * padded_columns(plan), I32)
        if whole:
            with nest.loop(whole) as panel:
                source = nest.offset(first, panel.index * plan.panel_bytes)
                target = nest.offset(result, panel.index * plan.panel_columns, I32)
                _sums_of_panel(nest, plan, plan.vectors, factor, (source, target))
        if rest:
            source = nest.offset(first, whole * plan.panel_bytes)
            target = nest.offset(result, whole * plan.panel_columns, I32)
            _sums_of_panel(nest, plan, rest // plan.lanes, factor, (source, target))


def _sums_of_panel(
    nest: Nest, plan: Gemm, vectors: int, factor: int, pointers: tuple[Value, Value]
) -> None:
    source, target = pointers
    kind = I32.of(plan.lanes)
    ones = nest.constant(0x01010101, kind)
    start = [nest.zero(plan.lanes, I32)] * vectors
    with nest.loop(plan.depth.words, carry=start) as word:
        at = word.index * (vectors * plan.lanes)
        word.carry(
            [
                nest.dot_quads(
                    total, ones, nest.load(kind, source, at + v * plan.lanes)
                )
                for v, total in enumerate(word.values)
            ]
        )
    for v, total in enumerate(word.results):
        nest.store(total * factor, target, nest.constant(v * plan.lanes, I64))
