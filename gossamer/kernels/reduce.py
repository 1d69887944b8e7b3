"""Reductions over adjoining axes: (outer, folded, inner) to (outer, inner)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from gossamer.kernels.elementwise import Lanes, each_vector
from gossamer.kernels.requantize import saturate, scale, uniform_factor
from gossamer.nest.expr import F32, I8, I32, Kind, Value

if TYPE_CHECKING:
    from gossamer.nest.build import Nest


@dataclass(frozen=True, slots=True)
class Folded:
    """The sizes of the three parts of a shape; the middle one is folded."""

    outer: int
    folded: int
    inner: int


class ReduceArithmetic(Protocol):
    """How elements are gathered and what becomes of them."""

    @property
    def element(self) -> Kind: ...

    @property
    def total(self) -> Kind: ...

    def start(self, nest: Nest, lanes: int) -> Value: ...

    def gather(self, nest: Nest, total: Value, element: Value) -> Value: ...

    def finish(self, nest: Nest, total: Value) -> Value: ...


@dataclass(frozen=True, slots=True)
class FloatSum:
    """The sum, divided by `divisor`."""

    divisor: float = 1.0
    element: Kind = F32
    total: Kind = F32

    def start(self, nest: Nest, lanes: int) -> Value:
        return nest.zero(lanes)

    def gather(self, nest: Nest, total: Value, element: Value) -> Value:
        return total + element

    def finish(self, nest: Nest, total: Value) -> Value:
        return total if self.divisor == 1.0 else total / self.divisor


@dataclass(frozen=True, slots=True)
class FloatPeak:
    """The greatest element, or the least."""

    greatest: bool
    element: Kind = F32
    total: Kind = F32

    def start(self, nest: Nest, lanes: int) -> Value:
        least = -3.4028234663852886e38
        return nest.constant(least if self.greatest else -least, F32.of(lanes))

    def gather(self, nest: Nest, total: Value, element: Value) -> Value:
        choose = nest.maximum if self.greatest else nest.minimum
        return choose(total, element)

    def finish(self, nest: Nest, total: Value) -> Value:
        return total


@dataclass(frozen=True, slots=True)
class IntegerSum:
    """The sum of centred int8, times (multiplier, shift), as int8.

    `offset` is the input's zero point times the number of elements.
    """

    offset: int
    multiplier: int
    shift: int
    zero_point: int
    element: Kind = I8
    total: Kind = I32

    def start(self, nest: Nest, lanes: int) -> Value:
        return nest.constant(-self.offset, I32.of(lanes))

    def gather(self, nest: Nest, total: Value, element: Value) -> Value:
        return total + nest.convert(element, I32.of(element.kind.lanes))

    def finish(self, nest: Nest, total: Value) -> Value:
        lanes = total.kind.lanes
        factor = uniform_factor(nest, self.multiplier, self.shift, lanes)
        scaled = scale(nest, total, factor) + self.zero_point
        return saturate(nest, scaled, -128, 127)


def reduce(
    nest: Nest, shape: Folded, arithmetic: ReduceArithmetic, x: Value, y: Value
) -> None:
    """A whole kernel; units of work are the outer indices."""
    begin, end = nest.integer(), nest.integer()
    with nest.loop(end, start=begin) as outer:
        base = outer.index * (shape.folded * shape.inner)
        place = outer.index * shape.inner
        if shape.inner == 1:
            _along(nest, shape, arithmetic, (x, base), (y, place))
        else:
            _across(nest, shape, arithmetic, (x, base), (y, place))


def _across(
    nest: Nest,
    shape: Folded,
    arithmetic: ReduceArithmetic,
    source: tuple[Value, Value],
    target: tuple[Value, Value],
) -> None:
    """Each lane folds a column of its own."""

    def group(channel: Value, lanes: Lanes) -> None:
        start = arithmetic.start(nest, lanes.count)
        with nest.loop(shape.folded, carry=[start]) as loop:
            index = source[1] + loop.index * shape.inner + channel
            element = lanes.load(nest, arithmetic.element, source[0], index)
            loop.carry([arithmetic.gather(nest, loop.values[0], element)])
        result = arithmetic.finish(nest, loop.results[0])
        lanes.store(nest, result, target[0], target[1] + channel)

    each_vector(nest, shape.inner, nest.target.lanes, group)


def _along(
    nest: Nest,
    shape: Folded,
    arithmetic: ReduceArithmetic,
    source: tuple[Value, Value],
    target: tuple[Value, Value],
) -> None:
    """One number after another into one total."""
    with nest.loop(shape.folded, carry=[arithmetic.start(nest, 1)]) as loop:
        element = nest.load(arithmetic.element, source[0], source[1] + loop.index)
        loop.carry([arithmetic.gather(nest, loop.values[0], element)])
    nest.store(arithmetic.finish(nest, loop.results[0]), target[0], target[1])
