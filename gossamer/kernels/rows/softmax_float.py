"""Softmax of float32 along rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gossamer.kernels.arithmetic.exponential import exp_below
from gossamer.kernels.arithmetic.math import exp
from gossamer.nest.expr import F32, Value

if TYPE_CHECKING:
    from collections.abc import Callable

    from gossamer.nest.build import Nest

_LEAST = -3.4028234663852886e38
_HELD_VECTORS = 8
"""Vectors of a row that are kept in registers from one pass to the next."""
_REGISTERS_PER_WAY = 8
"""Registers that an exponential in flight takes, with its share of the constants.

Longer rows take as many vectors at a time, so that none waits for the one before.
"""


def float_softmax(nest: Nest, columns: int, beta: float, x: Value, y: Value) -> None:
    """A whole kernel; units of work are rows of `columns` elements."""
    begin, end = nest.integer(), nest.integer()
    row = _Row(nest, columns, beta)
    is_short = columns <= _HELD_VECTORS * nest.target.lanes
    with nest.loop(end, start=begin) as unit:
        base = unit.index * columns
        source, target = nest.offset(x, base, F32), nest.offset(y, base, F32)
        if is_short and nest.target.registers >= 2 * _HELD_VECTORS:
            row.held(source, target)
        else:
            row.streamed(source, target)


@dataclass(frozen=True, slots=True)
class _Row:
    nest: Nest
    columns: int
    beta: float

    @property
    def whole(self) -> int:
        """Elements in whole vectors."""
        return self.columns // self.nest.target.lanes * self.nest.target.lanes

    def held(self, x: Value, y: Value) -> None:
        """All vectors of the row at once; the last one is filled up."""
        nest, lanes = self.nest, self.nest.target.lanes
        rest = self.columns - self.whole
        starts = range(0, self.columns, lanes)
        values = [
            nest.load(F32.of(lanes), x, start, min(self.columns - start, lanes))
            for start in starts
        ]
        if rest:
            values[-1] = self._filled(values[-1], rest, _LEAST)
        peak = nest.splat(nest.peak(folded(values, nest.maximum)), lanes)
        powers = [self._power(value, peak) for value in values]
        if rest:
            powers[-1] = self._filled(powers[-1], rest, 0.0)
        total = nest.sum(folded(powers, lambda one, two: one + two))
        share = nest.splat(nest.constant(1.0, F32) / total, lanes)
        for start, power in zip(starts, powers, strict=True):
            nest.store(power * share, y, start, min(self.columns - start, lanes))

    def streamed(self, x: Value, y: Value) -> None:
        """Three passes over a row that is longer than the registers."""
        nest = self.nest
        peak = self._fold(
            _LEAST, nest.maximum, nest.peak, lambda at, n: nest.load(F32.of(n), x, at)
        )

        def power(at: Value, lanes: int) -> Value:
            value = nest.load(F32.of(lanes), x, at)
            result = self._power(value, nest.splat(peak, lanes))
            nest.store(result, y, at)
            return result

        total = self._fold(0.0, lambda one, two: one + two, nest.sum, power)
        share = nest.constant(1.0, F32) / total

        def divide(at: Value, lanes: int) -> Value:
            result = nest.load(F32.of(lanes), y, at) * nest.splat(share, lanes)
            nest.store(result, y, at)
            return result

        for first, last, lanes in self._spans():
            with nest.loop(last, start=first, step=lanes) as loop:
                divide(loop.index, lanes)

    def _spans(self) -> list[tuple[int, int, int]]:
        """First, last and lanes at a time: several vectors, one, single elements."""
        lanes = self.nest.target.lanes
        several = max(self.nest.target.registers // _REGISTERS_PER_WAY, 1) * lanes
        wide = self.columns // several * several
        spans = [
            (0, wide, several),
            (wide, self.whole, lanes),
            (self.whole, self.columns, 1),
        ]
        return [span for span in spans if span[0] < span[1]]

    def _fold(
        self,
        start: float,
        gather: Callable[[Value, Value], Value],
        within: Callable[[Value], Value],
        element: Callable[[Value, int], Value],
    ) -> Value:
        """All elements of the row gathered into one."""
        nest = self.nest
        found: list[Value] = []
        for first, last, lanes in self._spans():
            begin = nest.constant(start, F32.of(lanes))
            with nest.loop(last, start=first, step=lanes, carry=[begin]) as loop:
                more = element(loop.index, lanes)
                loop.carry([gather(loop.values[0], more)])
            found.append(within(loop.results[0]))
        return folded(found, gather)

    def _power(self, value: Value, peak: Value) -> Value:
        shifted = value - peak
        if self.beta != 1.0:
            shifted = shifted * self.beta
        return (exp_below if self.beta >= 0 else exp)(self.nest, shifted)

    def _filled(self, vector: Value, valid: int, number: float) -> Value:
        """The vector with `number` in the lanes beyond `valid`."""
        lanes = vector.kind.lanes
        order = [lane if lane < valid else lane + lanes for lane in range(lanes)]
        other = self.nest.constant(number, vector.kind)
        return self.nest.shuffle(vector, other, order)


def folded(values: list[Value], gather: Callable[[Value, Value], Value]) -> Value:
    """All values gathered two by two."""
    while len(values) > 1:
        pairs = [gather(a, b) for a, b in zip(values[::2], values[1::2], strict=False)]
        values = pairs + values[len(pairs) * 2 :]
    return values[0]
