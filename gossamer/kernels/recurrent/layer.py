"""Cells along time: one kernel for all moments.

The products of all inputs come before, one matrix product for all moments at once, and
leave their sums in memory, a row of gates per moment and sequence. The kernel then goes
from moment to moment: the state times the recurrent weights is added to the gates, and
the cell makes the next state of them, in the state's own memory.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from gossamer.kernels.arithmetic.clamp import clamp
from gossamer.kernels.elements.elementwise import Lanes, each_vector
from gossamer.kernels.products.gemm import each_tile, panels_of_tile
from gossamer.kernels.products.hybrid import PARAMETER_BYTES, ItemForm, quantize_row
from gossamer.nest.expr import F32, I8, I16, I32, Kind, Value

if TYPE_CHECKING:
    from collections.abc import Callable

    from gossamer.kernels.arithmetic.requantize import Factors
    from gossamer.kernels.products.gemm import Place
    from gossamer.kernels.products.product import Gemm, Tile
    from gossamer.nest.build import Nest

SHORT = (1 << 15) - 1
"""The largest integer of a gate that is held in 16 bits."""


@dataclass(frozen=True, slots=True)
class Course:
    """How sequences lie in memory, and which way a cell goes through them."""

    batch: int
    time: int
    time_major: bool
    backward: bool = False

    @property
    def rows(self) -> int:
        """Rows of all moments of all sequences."""
        return self.batch * self.time

    def row_stride(self, pitch: int) -> int:
        """The distance between sequences at one moment, for rows `pitch` apart."""
        return pitch if self.time_major else self.time * pitch

    def moment(self, nest: Nest, base: Value, step: Value, pitch: int) -> Value:
        """The address of the first sequence's row at a step of the walk."""
        moment = (self.time - 1) - step if self.backward else step
        stride = pitch * self.batch if self.time_major else pitch
        return nest.offset(base, moment * stride)


def along_time(
    nest: Nest, course: Course, plan: Gemm, emit: Callable[[int, Value, Value], None]
) -> None:
    """A whole kernel: `emit(rows, row, step)` for each step, per tile of sequences.

    Units of work are the tiles of `plan`: sequences do not depend on each other.
    """
    bounds = (nest.integer(), nest.integer())

    def tile(rows: int, row: Value) -> None:
        with nest.loop(course.time) as loop:
            emit(rows, row, loop.index)

    each_tile(nest, plan, tile, bounds)


class Sums(Protocol):
    """What the sums of a product stand for."""

    def start(self, nest: Nest, column: Value, tile: Tile) -> list[Value]:
        """The sums to begin with, one per vector."""
        ...

    def column(
        self, nest: Nest, column: Value, lanes: int
    ) -> Callable[[Value, Value], Value]:
        """From (sums, row) to values, for the columns from `column` on."""
        ...


@dataclass(frozen=True, slots=True)
class FloatSums:
    """Sums that are the values; they begin with a bias."""

    bias: Value | None

    def start(self, nest: Nest, column: Value, tile: Tile) -> list[Value]:
        if self.bias is None:
            return [nest.zero(tile.lanes)] * tile.vectors
        return _loads(nest, F32, self.bias, column, tile)

    def column(
        self, nest: Nest, column: Value, lanes: int
    ) -> Callable[[Value, Value], Value]:
        def value(total: Value, row: Value) -> Value:
            del row
            return total

        return value


@dataclass(frozen=True, slots=True)
class HybridSums:
    """Sums of products of integers: times a scale per column and one per row."""

    parameters: Value
    scales: Value
    weight_sums: Value | None
    bias: Value | None

    def start(self, nest: Nest, column: Value, tile: Tile) -> list[Value]:
        return [nest.zero(tile.lanes, I32)] * tile.vectors

    def column(
        self, nest: Nest, column: Value, lanes: int
    ) -> Callable[[Value, Value], Value]:
        kind = F32.of(lanes)
        scales = nest.load(kind, self.scales, column)
        bias = None if self.bias is None else nest.load(kind, self.bias, column)
        sums = None
        if self.weight_sums is not None:
            sums = nest.load(I32.of(lanes), self.weight_sums, column)

        def value(total: Value, row: Value) -> Value:
            place = nest.offset(self.parameters, row * PARAMETER_BYTES)
            if sums is not None:
                zero = nest.load(I32, place, 2) + 128
                total = total - sums * nest.splat(zero, lanes)
            scale = nest.splat(nest.load(F32, place), lanes)
            result = nest.convert(total, kind) * (scales * scale)
            return result if bias is None else result + bias

        return value


@dataclass(frozen=True, slots=True)
class IntegerSums:
    """Sums that begin with a bias and are brought to another scale."""

    bias: Value
    factors: Factors

    def start(self, nest: Nest, column: Value, tile: Tile) -> list[Value]:
        return _loads(nest, I32, self.bias, column, tile)

    def column(
        self, nest: Nest, column: Value, lanes: int
    ) -> Callable[[Value, Value], Value]:
        factor = self.factors.load(nest, column, lanes)

        def value(total: Value, row: Value) -> Value:
            del row
            return factor(total)

        return value


def _loads(
    nest: Nest, kind: Kind, pointer: Value, column: Value, tile: Tile
) -> list[Value]:
    first = nest.offset(pointer, column, kind)
    vectors = range(tile.vectors)
    return [nest.load(kind.of(tile.lanes), first, v * tile.lanes) for v in vectors]


class Sink(Protocol):
    """Where the values of a product go."""

    def put(
        self, nest: Nest, value: Value, row: Value, column: Value, valid: int
    ) -> None:
        """Take `valid` lanes of a row, from `column` on."""
        ...


@dataclass(frozen=True, slots=True)
class GateSink:
    """Gates in 32 bits at rows `stride` bytes apart, to be set or `adds` to.

    Integers are held within 16 bits.
    """

    gates: Value
    stride: int
    adds: bool

    def put(
        self, nest: Nest, value: Value, row: Value, column: Value, valid: int
    ) -> None:
        place = nest.offset(self.gates, row * self.stride + column * 4)
        if self.adds:
            value = nest.load(value.kind, place, 0, valid) + value
        if not value.kind.is_float:
            value = nest.minimum(nest.maximum(value, -SHORT - 1), SHORT)
        nest.store(value, place, 0, valid)


@dataclass(frozen=True, slots=True)
class Output:
    """Where a cell's output goes: over the state, into the sequence, or elsewhere.

    `places` are addresses of the first sequence's row, with the distance in bytes to
    the next one's. `element` is what they hold.
    """

    places: tuple[tuple[Value, int], ...]
    element: Kind

    def put(
        self, nest: Nest, value: Value, row: Value, column: Value, valid: int
    ) -> None:
        """Store `valid` lanes of a row, from `column` on."""
        for base, stride in self.places:
            place = row * stride + column * self.element.bytes
            nest.store(value, nest.offset(base, place), 0, valid)


@dataclass(frozen=True, slots=True)
class ProjectionSink:
    """A projection's values: clipped, and put out."""

    output: Output
    limits: tuple[float, float]

    def put(
        self, nest: Nest, value: Value, row: Value, column: Value, valid: int
    ) -> None:
        if value.kind.is_float:
            value = clamp(nest, value, self.limits)
        else:
            value = nest.narrow(value)
            low, high = (int(limit) for limit in self.limits)
            value = nest.minimum(nest.maximum(value, low), high)
        self.output.put(nest, value, row, column, valid)


@dataclass(frozen=True, slots=True)
class SumsEpilogue:
    """The epilogue of a product: what the sums stand for, and where that goes."""

    sums: Sums
    sink: Sink
    output_bytes: int = 4

    def start(self, nest: Nest, column: Value, tile: Tile) -> list[Value]:
        return self.sums.start(nest, column, tile)

    def finish(
        self, nest: Nest, sums: list[list[Value]], place: Place, tile: Tile
    ) -> None:
        for v in range(tile.vectors):
            column = place.column + v * tile.lanes
            value = self.sums.column(nest, column, tile.lanes)
            for index, vectors in enumerate(sums):
                row = place.row + index
                self.sink.put(nest, value(vectors[v], row), row, column, tile.valid(v))


class Left(Protocol):
    """How rows of a state become the left operand of a product."""

    def prepare(self, nest: Nest, rows: int, row: Value) -> Value:
        """Make rows ready; the address of the first row of all."""
        ...


@dataclass(frozen=True, slots=True)
class FloatLeft:
    """Floats are read as they are."""

    source: Value

    def prepare(self, nest: Nest, rows: int, row: Value) -> Value:
        return self.source


@dataclass(frozen=True, slots=True)
class HybridLeft:
    """Rows of `size` floats are quantized into rows `stride` bytes apart."""

    source: Value
    items: Value
    parameters: Value
    form: ItemForm
    size: int
    stride: int

    def prepare(self, nest: Nest, rows: int, row: Value) -> Value:
        with nest.loop(rows) as loop:
            which = row + loop.index
            pointers = (
                nest.offset(self.source, which * self.size, F32),
                nest.offset(self.items, which * self.stride),
                nest.offset(self.parameters, which * PARAMETER_BYTES),
            )
            quantize_row(nest, self.form, self.size, pointers)
        return self.items


@dataclass(frozen=True, slots=True)
class IntegerLeft:
    """Rows of `size` int8: q + 128 in uint8 for `quads`, else int16."""

    source: Value
    items: Value
    quads: bool
    size: int
    stride: int

    def prepare(self, nest: Nest, rows: int, row: Value) -> Value:
        lanes = nest.target.lanes
        with nest.loop(rows) as loop:
            which = row + loop.index
            source = nest.offset(self.source, which * self.size)
            target = nest.offset(self.items, which * self.stride)

            def move(index: Value, group: Lanes) -> None:
                value = group.load(nest, I8, source, index)
                if self.quads:
                    value = value ^ -128
                else:
                    value = nest.convert(value, I16.of(group.count))
                group.store(nest, value, target, index)

            each_vector(nest, self.size, lanes, move)
        return self.items


@dataclass(frozen=True, slots=True)
class StateProduct:
    """The product of a state's rows with packed weights, ready to be emitted."""

    plan: Gemm
    left: Left
    weights: Value
    sums: Sums

    def emit(self, nest: Nest, rows: int, row: Value, sink: Sink) -> None:
        """The rows of one tile."""
        first = self.left.prepare(nest, rows, row)
        epilogue = SumsEpilogue(self.sums, sink)
        pointers = (first, self.weights, first)
        panels_of_tile(nest, self.plan, epilogue, pointers, rows, row, 0)


class Cell(Protocol):
    """What becomes of a row of gates."""

    def emit(self, nest: Nest, row: Value, gates: Value, output: Output) -> None:
        """One row: `gates` is its address; the output goes to `output`."""
        ...


def each_row(nest: Nest, rows: int, row: Value, emit: Callable[[Value], None]) -> None:
    """`emit` for each row of a tile."""
    with nest.loop(rows) as loop:
        emit(row + loop.index)
