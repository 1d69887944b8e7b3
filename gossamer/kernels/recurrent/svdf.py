"""The second half of SVDF: filters remember, look back in time, and make outputs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from gossamer.kernels.arithmetic.requantize import scale, uniform_factor
from gossamer.kernels.elements.elementwise import Lanes, each_vector
from gossamer.kernels.recurrent.cells import activation
from gossamer.nest.expr import F32, I16, I32, Kind, Value

if TYPE_CHECKING:
    from gossamer.nest.build import Nest


@dataclass(frozen=True, slots=True)
class Memory:
    """Filters `rank` at a time make one of `units` outputs; each keeps `size` values.

    `stored` is what state and weights in time hold, `total` what sums are.
    """

    units: int
    rank: int
    size: int
    stored: Kind
    total: Kind

    @property
    def filters(self) -> int:
        return self.units * self.rank


class Finish(Protocol):
    """What becomes of a row of sums."""

    def emit(self, nest: Nest, row: Value, sums: Value, units: int) -> None:
        """The outputs of a row, from its sums at an address."""
        ...


def look_back(
    nest: Nest, memory: Memory, pointers: tuple[Value, Value, Value, Value], end: Finish
) -> None:
    """A whole kernel; units of work are rows of the batch.

    `pointers` are the features (batch, filters), the weights in time (filters, size),
    the state (batch, filters, size), and room for sums (batch, units).
    """
    features, weights, state, sums = pointers
    begin, stop = nest.integer(), nest.integer()
    with nest.loop(stop, start=begin) as row:
        own = nest.offset(features, row.index * memory.filters, memory.total)
        past = nest.offset(
            state, row.index * (memory.filters * memory.size), memory.stored
        )
        result = nest.offset(sums, row.index * memory.units, memory.total)
        with nest.loop(memory.units) as unit:
            zero = nest.constant(0, memory.total)
            with nest.loop(memory.rank, carry=[zero]) as filters:
                which = unit.index * memory.rank + filters.index
                total = _filter(nest, memory, which, (own, weights, past))
                filters.carry([filters.values[0] + total])
            nest.store(filters.results[0], result, unit.index)
        end.emit(nest, row.index, result, memory.units)


def _filter(
    nest: Nest, memory: Memory, which: Value, pointers: tuple[Value, Value, Value]
) -> Value:
    """Move a filter's values one place further, and multiply them with the weights."""
    features, weights, past = pointers
    first = which * memory.size
    feature = nest.load(memory.total, features, which)
    last = first + (memory.size - 1)
    lanes = nest.target.lanes
    whole = (memory.size - 1) // lanes * lanes
    total = nest.constant(0, memory.total)

    def moved(place: Value, group: Lanes) -> Value:
        """The values behind `place`, moved there, times the weights."""
        value = group.load(nest, memory.stored, past, place + 1)
        group.store(nest, value, past, place)
        weight = group.load(nest, memory.stored, weights, place)
        return _widen(nest, memory, value) * _widen(nest, memory, weight)

    if whole:
        zero = nest.zero(lanes, memory.total)
        with nest.loop(whole, step=lanes, carry=[zero]) as loop:
            product = moved(first + loop.index, Lanes(lanes, lanes))
            loop.carry([loop.values[0] + product])
        total = nest.sum(loop.results[0])
    start = whole
    for group in _rest(memory.size - 1 - whole):
        total = total + nest.sum(moved(first + start, group))
        start += group.valid
    nest.store(nest.convert(feature, memory.stored), past, last)
    weight = _widen(nest, memory, nest.load(memory.stored, weights, last))
    return total + feature * weight


def _rest(count: int) -> list[Lanes]:
    """Fewer elements than a vector has, in powers of two.

    Masked vectors would overlap with the next filter's, whose loads then wait.
    """
    sizes = (1 << bit for bit in reversed(range(count.bit_length())))
    return [Lanes(size, size) for size in sizes if count & size]


def _widen(nest: Nest, memory: Memory, value: Value) -> Value:
    return nest.convert(value, memory.total.of(value.kind.lanes))


@dataclass(frozen=True, slots=True)
class FloatFinish:
    """Sums are in the output already: bias and activation."""

    bias: Value | None
    activation: str

    def emit(self, nest: Nest, row: Value, sums: Value, units: int) -> None:
        def finish(index: Value, group: Lanes) -> None:
            value = group.load(nest, F32, sums, index)
            if self.bias is not None:
                value = value + group.load(nest, F32, self.bias, index)
            value = activation(nest, value, self.activation)
            group.store(nest, value, sums, index)

        each_vector(nest, units, nest.target.lanes, finish)


@dataclass(frozen=True, slots=True)
class IntegerFinish:
    """Sums are brought to the output's scale around its zero point."""

    y: Value
    bias: Value | None
    multiplier: int
    shift: int
    zero_point: int

    def emit(self, nest: Nest, row: Value, sums: Value, units: int) -> None:
        y = nest.offset(self.y, row * units)

        def finish(index: Value, group: Lanes) -> None:
            value = group.load(nest, I32, sums, index)
            if self.bias is not None:
                value = value + group.load(nest, I32, self.bias, index)
            factor = uniform_factor(nest, self.multiplier, self.shift, group.count)
            scaled = scale(nest, value, factor) + self.zero_point
            group.store(nest, nest.narrow(scaled), y, index)

        each_vector(nest, units, nest.target.lanes, finish)


FLOAT_KINDS = (F32, F32)
INTEGER_KINDS = (I16, I32)
"""What is stored, and what sums are."""
