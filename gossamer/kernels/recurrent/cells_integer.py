"""An LSTM cell on gates in 16 bits, bit for bit as TFLite's reference kernels.

Gates lie as in `gossamer.kernels.recurrent.cells`, in 32 bits each. Logistic and tanh
are tables of 65536 entries, the one of -32768 first.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gossamer.kernels.arithmetic.requantize import scale, uniform_factor
from gossamer.kernels.elements.elementwise import Lanes, each_vector
from gossamer.nest.expr import I16, I32, I64, Value

if TYPE_CHECKING:
    from gossamer.kernels.recurrent.layer import Output
    from gossamer.nest.build import Nest

_MOST = (1 << 15) - 1


def _short(nest: Nest, value: Value, limit: int = 0) -> Value:
    """Held within 16 bits, or within `limit` of zero if it is set."""
    low, high = (-limit, limit) if limit > 0 else (-_MOST - 1, _MOST)
    return nest.minimum(nest.maximum(value, low), high)


def _divide(value: Value, bits: int) -> Value:
    """By a power of two, at least 2: halves away from zero."""
    sign = value >> 31
    return (value + sign + (1 << (bits - 1))) >> bits


@dataclass(frozen=True, slots=True)
class Peephole:
    """Weights (cells) in int16, and the factor that brings products to the gate."""

    weights: Value
    multiplier: int
    shift: int


@dataclass(frozen=True, slots=True)
class IntegerLstm:
    """An LSTM cell; `peephole` is for i, f and o.

    `state` is the cell state, (batch, cells) in int16, a step of 2**`exponent`;
    `scratch` has room for it in int32. `hidden` is the factor from products
    in 30 fractional bits to the output, whose zero point `zero` is added.
    """

    cells: int
    has_input_gate: bool
    peephole: tuple[Peephole | None, Peephole | None, Peephole | None]
    state: Value
    scratch: Value
    logistic: Value
    tanh: Value
    bent: Value
    exponent: int
    clip: int
    hidden: tuple[int, int]
    zero: int

    @property
    def gates(self) -> int:
        return 4 if self.has_input_gate else 3

    def emit(self, nest: Nest, row: Value, gates: Value, output: Output) -> None:
        """One row: `gates` is its address; the output goes to `output`.

        Tables are looked up one by one, the rest is done in vectors in between.
        """
        lanes, first = nest.target.lanes, self.gates - 3
        state = nest.offset(self.state, row * self.cells, I16)
        looked = nest.offset(self.scratch, row * self.cells, I32)
        self._look(nest, gates, state)
        fresh = nest.offset(gates, (first + 1) * self.cells, I32)
        self._look_up(nest, self.tanh, fresh, self.cells)
        if self.peephole[2] is None:
            shares = nest.offset(gates, (first + 2) * self.cells, I32)
            self._look_up(nest, self.logistic, shares, self.cells)
        self._look_up(nest, self.logistic, gates, (first + 1) * self.cells)

        def remember(index: Value, group: Lanes) -> None:
            self._remember(nest, index, group, (gates, state, looked))

        each_vector(nest, self.cells, lanes, remember)
        if self.peephole[2] is not None:
            shares = nest.offset(gates, (first + 2) * self.cells, I32)
            self._look_through(nest, 2, first + 2, gates, state)
            self._look_up(nest, self.logistic, shares, self.cells)
        self._look_up(nest, self.bent, looked, self.cells)

        def put(index: Value, group: Lanes) -> None:
            share = group.load(nest, I32, gates, index + (first + 2) * self.cells)
            bent = group.load(nest, I32, looked, index)
            factor = uniform_factor(nest, *self.hidden, group.count)
            value = scale(nest, share * bent, factor) + self.zero
            output.put(nest, nest.narrow(value), row, index, group.valid)

        each_vector(nest, self.cells, lanes, put)

    def _look(self, nest: Nest, gates: Value, state: Value) -> None:
        """Let the input and the forget gate see the state."""
        if self.peephole[0] is not None and self.has_input_gate:
            self._look_through(nest, 0, 0, gates, state)
        if self.peephole[1] is not None:
            self._look_through(nest, 1, self.gates - 3, gates, state)

    def _look_through(
        self, nest: Nest, which: int, number: int, gates: Value, state: Value
    ) -> None:
        """Add the state's share to the gate at place `number`."""
        peephole = self.peephole[which]
        assert peephole is not None

        def add(index: Value, group: Lanes) -> None:
            kind = I32.of(group.count)
            weights = group.load(nest, I16, peephole.weights, index)
            cell = group.load(nest, I16, state, index)
            product = nest.convert(weights, kind) * nest.convert(cell, kind)
            factor = uniform_factor(
                nest, peephole.multiplier, peephole.shift, group.count
            )
            place = index + number * self.cells
            gate = group.load(nest, I32, gates, place) + scale(nest, product, factor)
            group.store(nest, _short(nest, gate), gates, place)

        each_vector(nest, self.cells, nest.target.lanes, add)

    def _look_up(self, nest: Nest, table: Value, values: Value, count: int) -> None:
        """Replace `count` numbers by their entries of a table."""

        def replace(index: Value, group: Lanes) -> None:
            for lane in range(group.valid):
                number = nest.load(I32, values, index + lane)
                where = nest.convert(number, I64) + (_MOST + 1)
                entry = nest.convert(nest.load(I16, table, where), I32)
                nest.store(entry, values, index + lane)

        each_vector(nest, count, 4, replace)

    def _remember(
        self,
        nest: Nest,
        index: Value,
        group: Lanes,
        pointers: tuple[Value, Value, Value],
    ) -> None:
        """The next cell state, stored as such and as numbers to be looked up."""
        gates, state, looked = pointers
        first = self.gates - 3
        kind = I32.of(group.count)
        cell = nest.convert(group.load(nest, I16, state, index), kind)
        forget = group.load(nest, I32, gates, index + first * self.cells)
        fresh = group.load(nest, I32, gates, index + (first + 1) * self.cells)
        if self.has_input_gate:
            through = group.load(nest, I32, gates, index)
        else:
            through = nest.constant(_MOST, kind) - forget
        kept = _divide(forget * cell, 15)
        added = _divide(through * fresh, 30 + self.exponent)
        after = _short(nest, kept + added)
        if self.clip > 0:
            after = _short(nest, after, self.clip)
        small = nest.convert(after, I16.of(group.count))
        group.store(nest, small, state, index)
        group.store(nest, after, looked, index)
