"""Steps of cells along time: the products of all inputs, then the walk.

Weights are those of all gates below one another, so that a moment is one product.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from gossamer.kernels.arithmetic.integer_output import IntegerOutput
from gossamer.kernels.products.gemm import gemm
from gossamer.kernels.products.hybrid import PARAMETER_BYTES, ItemForm
from gossamer.kernels.products.multiply import (
    WORD_BYTES,
    FloatMultiply,
    integer_multiply,
)
from gossamer.kernels.products.pack import pack_panels, pad_columns
from gossamer.kernels.products.product import Depth, Gemm, Rows, choose_tile
from gossamer.kernels.recurrent.layer import (
    Course,
    FloatLeft,
    FloatSums,
    GateSink,
    HybridLeft,
    HybridSums,
    IntegerLeft,
    IntegerSums,
    Left,
    Output,
    ProjectionSink,
    StateProduct,
    Sums,
    SumsEpilogue,
    along_time,
    each_row,
)
from gossamer.kernels.step import Argument, Constant, Scratch, Step
from gossamer.kernels.windows.border import Border, pair_form, quad_form
from gossamer.kernels.windows.border_steps import reformed
from gossamer.kernels.windows.convolution import (
    plan_convolution,
    quantized_items,
)
from gossamer.nest.build import Nest
from gossamer.nest.expr import F32, I8, Value
from gossamer.ops.product_steps import rows_as_pixels

if TYPE_CHECKING:
    from collections.abc import Callable

    from gossamer.ir.types import Array
    from gossamer.kernels.recurrent.layer import Cell
    from gossamer.nest.target import Target

_SLACK = 64
"""Bytes behind scratch memory that may be read, never used."""


@dataclass(frozen=True, slots=True)
class Matrix:
    """Weights (N, K) and what makes values of the sums, per column.

    Float: nothing more. Hybrid, int8 weights beside floats: `scales`. Integer:
    `factors`, multipliers and shifts, to a result around `zero_point`.
    """

    weights: Array
    bias: Array | None = None
    scales: Array | None = None
    asymmetric: bool = False
    factors: tuple[Array, Array] | None = None
    zero_point: int = 0

    @property
    def columns(self) -> int:
        return self.weights.shape[0]

    @property
    def depth(self) -> int:
        return self.weights.shape[1]

    @property
    def is_float(self) -> bool:
        return self.weights.dtype == np.float32


@dataclass(slots=True)
class Memory:
    """The arguments of a kernel, in the order of its pointers."""

    nest: Nest
    arguments: list[Argument] = field(default_factory=list[Argument])
    written: list[int] = field(default_factory=list[int])

    def read(self, argument: Argument) -> Value:
        """A pointer to what the kernel reads."""
        self.arguments.append(argument)
        return self.nest.pointer()

    def write(self, argument: Argument) -> Value:
        """A pointer to what the kernel writes, or reads and writes."""
        self.written.append(len(self.arguments))
        return self.read(argument)

    def step(self, units: int) -> Step:
        """The step of the finished kernel."""
        kernel, written = self.nest.finish(), tuple(self.written)
        return Step(kernel, tuple(self.arguments), units, written)


def input_steps(
    target: Target,
    matrix: Matrix,
    x: Argument,
    rows: int,
    gates: Scratch,
    *,
    adds: bool,
) -> list[Step]:
    """Steps that set `gates` (rows, N) to the products of x's rows, or add these."""
    memory = Memory(Nest("gates", target))
    steps, source, parameters = _left_of_all(target, matrix, x, rows)
    plan = plan_convolution(
        target,
        rows_as_pixels(rows, matrix.depth),
        matrix.columns,
        _multiply(target, matrix),
        _element_bytes(target, matrix),
    )
    first, weights = memory.read(source), memory.read(_packed(matrix, plan))
    items = None if parameters is None else memory.read(parameters)
    sums = _sums(memory, matrix, plan, items)
    result = memory.write(gates)
    sink = GateSink(result, matrix.columns * 4, adds)
    gemm(memory.nest, plan, SumsEpilogue(sums, sink), first, weights, result)
    return [*steps, memory.step(plan.units)]


def gate_memory(rows: int, columns: int) -> Scratch:
    """Memory for gates of 32 bits."""
    return Scratch(rows * columns * 4 + _SLACK)


def _left_of_all(
    target: Target, matrix: Matrix, x: Argument, rows: int
) -> tuple[list[Step], Argument, Argument | None]:
    """The left operand of all rows: steps, memory, parameters of quantized items."""
    if matrix.is_float:
        return [], x, None
    quads = _is_quads(target)
    if matrix.scales is not None:
        border = Border(rows, 1, 1, matrix.depth, 0, 0, 0, 0)
        form = ItemForm("unsigned" if quads else "centred", matrix.asymmetric)
        step, items, parameters = quantized_items(target, border, form, x)
        return [step], items, parameters
    form = quad_form(0) if quads else pair_form(0)
    count = rows * matrix.depth
    scratch = Scratch(count * form.result.bytes + _SLACK)
    return [reformed(target, count, form, x, scratch)], scratch, None


def _is_quads(target: Target) -> bool:
    return integer_multiply(target).depth == 4


def _multiply(target: Target, matrix: Matrix) -> Any:
    return FloatMultiply() if matrix.is_float else integer_multiply(target)


def _element_bytes(target: Target, matrix: Matrix) -> int:
    return WORD_BYTES // _multiply(target, matrix).depth


def _packed(matrix: Matrix, plan: Gemm) -> Constant:
    return Constant(pack_panels(matrix.weights[:, np.newaxis], plan))


def _sums(memory: Memory, matrix: Matrix, plan: Gemm, items: Value | None) -> Sums:
    """What the sums of a product stand for, with the constants that it takes."""

    def columns(values: Array) -> Value:
        return memory.read(Constant(pad_columns(values, plan)))

    bias = matrix.bias
    if matrix.is_float:
        return FloatSums(None if bias is None else columns(bias))
    sums = matrix.weights.sum(axis=1, dtype=np.int32)
    quads = plan.multiply.depth == 4
    if matrix.scales is not None:
        assert items is not None
        return HybridSums(
            items,
            columns(matrix.scales),
            columns(sums) if quads else None,
            None if bias is None else columns(bias),
        )
    assert matrix.factors is not None
    assert bias is not None
    start = bias.astype(np.int64) - (128 * sums.astype(np.int64) if quads else 0)
    multipliers, shifts = (values.astype(np.int32) for values in matrix.factors)
    output = IntegerOutput(multipliers, shifts, matrix.zero_point, -(1 << 31), 0)
    factors = output.factors([columns(values) for values in output.constants()])
    return IntegerSums(columns(start.astype(np.int32)), factors)


def _state_plan(target: Target, matrix: Matrix, rows: int) -> Gemm:
    multiply = _multiply(target, matrix)
    words = -(-matrix.depth // multiply.depth)
    stride = matrix.depth * 4 if matrix.is_float else words * WORD_BYTES
    fuses = target.fuses and multiply.depth != 2
    height, vectors = choose_tile(target, rows, matrix.columns, fuses=fuses)
    return Gemm(
        Rows(rows, stride),
        Depth(words),
        matrix.columns,
        multiply,
        target.lanes,
        vectors,
        height,
        panels_outer=False,
    )


def _state_product(
    memory: Memory, matrix: Matrix, plan: Gemm, source: Value
) -> StateProduct:
    """The product of the rows at `source`, within a kernel."""
    left, items = _left(memory, matrix, plan, source)
    weights = memory.read(_packed(matrix, plan))
    return StateProduct(plan, left, weights, _sums(memory, matrix, plan, items))


def _left(
    memory: Memory, matrix: Matrix, plan: Gemm, source: Value
) -> tuple[Left, Value | None]:
    if matrix.is_float:
        return FloatLeft(source), None
    target, rows = memory.nest.target, plan.rows
    items = memory.write(Scratch(rows.count * rows.stride + _SLACK))
    quads = _is_quads(target)
    if matrix.scales is None:
        left = IntegerLeft(source, items, quads, matrix.depth, rows.stride)
        return left, None
    parameters = memory.write(Scratch(rows.count * PARAMETER_BYTES))
    form = ItemForm("unsigned" if quads else "centred", matrix.asymmetric)
    left = HybridLeft(source, items, parameters, form, matrix.depth, rows.stride)
    return left, parameters


@dataclass(frozen=True, slots=True)
class Place:
    """Where a cell's outputs go: columns `first` to … of rows of `width` elements."""

    y: Argument
    width: int
    first: int = 0


MakeCell: TypeAlias = "Callable[[Memory], Cell]"


@dataclass(frozen=True, slots=True)
class Projection:
    """A product behind the cell, its values held within `limits`."""

    matrix: Matrix
    limits: tuple[float, float]


def walk_step(
    target: Target,
    course: Course,
    recurrent: Matrix,
    gates: Scratch,
    state: Argument,
    place: Place,
    make_cell: MakeCell,
    projection: Projection | None = None,
) -> Step:
    """The step that goes through all moments, with the inputs' products in `gates`.

    `state` (batch, outputs) holds the output of the moment before.
    """
    memory = Memory(Nest("walk", target))
    nest = memory.nest
    gate_rows, before, y = (memory.write(each) for each in (gates, state, place.y))
    element = I8 if recurrent.factors is not None else F32
    plan = _state_plan(target, recurrent, course.batch)
    product = _state_product(memory, recurrent, plan, before)
    cell = make_cell(memory)
    pitch, width = recurrent.columns * 4, place.width * element.bytes
    after, hidden = None, Output((), element)
    if projection is not None:
        after, hidden = _projection(memory, projection.matrix, plan)
    outputs = nest.offset(y, place.first * element.bytes)

    def emit(rows: int, row: Value, step: Value) -> None:
        at = course.moment(nest, gate_rows, step, pitch)
        sink = GateSink(at, course.row_stride(pitch), adds=True)
        product.emit(nest, rows, row, sink)
        there = course.moment(nest, outputs, step, width)
        places = (
            (before, recurrent.depth * element.bytes),
            (there, course.row_stride(width)),
        )
        output = Output(places, element)

        def one(which: Value) -> None:
            gate = nest.offset(at, which * course.row_stride(pitch))
            cell.emit(nest, which, gate, output if after is None else hidden)

        each_row(nest, rows, row, one)
        if after is not None and projection is not None:
            after.emit(nest, rows, row, ProjectionSink(output, projection.limits))

    along_time(nest, course, plan, emit)
    return memory.step(plan.units)


def _projection(
    memory: Memory, matrix: Matrix, plan: Gemm
) -> tuple[StateProduct, Output]:
    """The projection's product, and the memory of what it multiplies."""
    element = I8 if matrix.factors is not None else F32
    rows, target = plan.rows.count, memory.nest.target
    source = memory.write(Scratch(rows * matrix.depth * element.bytes + _SLACK))
    needed = -(-matrix.columns // target.lanes)
    made = _state_plan(target, matrix, rows)
    made = replace(made, vectors=min(plan.vectors, needed), tile_rows=plan.tile_rows)
    product = _state_product(memory, matrix, made, source)
    return product, Output(((source, matrix.depth * element.bytes),), element)
