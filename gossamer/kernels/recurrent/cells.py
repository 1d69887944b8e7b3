"""What a cell makes of its gates, in float: LSTM and RNN, a vector of cells at a time.

A row of gates holds i, f, g and o of all cells one after the other; f, g and o only,
where the input gate is 1 - f.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gossamer.kernels.arithmetic.clamp import ACTIVATION_LIMITS, clamp
from gossamer.kernels.arithmetic.math import logistic, tanh
from gossamer.kernels.elements.elementwise import Lanes, each_vector
from gossamer.nest.expr import F32, I32, Value

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from gossamer.kernels.recurrent.layer import Output
    from gossamer.nest.build import Nest

ACTIVATIONS = (*ACTIVATION_LIMITS, "tanh", "sign_bit")


def activation(nest: Nest, value: Value, name: str) -> Value:
    """A fused activation of a recurrent cell; one of `ACTIVATIONS`."""
    if name == "tanh":
        return tanh(nest, value)
    if name == "sign_bit":
        kind = I32.of(value.kind.lanes)
        sign = nest.logical_shift(nest.bits(value, kind), 31)
        return nest.convert(sign, value.kind)
    return clamp(nest, value, ACTIVATION_LIMITS[name])


@dataclass(frozen=True, slots=True)
class Norm:
    """A gate's normalization: coefficients and bias (cells)."""

    weights: Value
    bias: Value


@dataclass(frozen=True, slots=True)
class FloatLstm:
    """An LSTM cell; `peephole` are pointers for i, f, g and o, None for none.

    `state` is the cell state, (batch, cells). `norms`, for i, f, g and o, is empty
    where gates are not normalized.
    """

    cells: int
    activation: str
    clip: float
    has_input_gate: bool
    peephole: Sequence[Value | None]
    norms: Sequence[Norm | None]
    state: Value

    def _place(self, which: int) -> int:
        """Where a gate begins in a row."""
        return (which if self.has_input_gate else which - 1) * self.cells

    def emit(self, nest: Nest, row: Value, gates: Value, output: Output) -> None:
        """One row: `gates` is its address; the output goes to `output`."""
        state = nest.offset(self.state, row * self.cells, F32)

        def remember(index: Value, group: Lanes) -> Value:
            return self._remember(nest, index, group, (gates, state))

        def put(index: Value, group: Lanes, cell: Value) -> None:
            hidden = self._hidden(nest, index, group, gates, cell)
            output.put(nest, hidden, row, index, group.valid)

        def both(index: Value, group: Lanes) -> None:
            put(index, group, remember(index, group))

        lanes = nest.target.lanes
        if not self.norms:
            each_vector(nest, self.cells, lanes, both)
            return
        for which in (0, 1, 2):
            self._normalize(nest, which, gates, state)
        each_vector(
            nest, self.cells, lanes, lambda i, group: _ignore(remember(i, group))
        )
        self._normalize(nest, 3, gates, state)
        each_vector(
            nest,
            self.cells,
            lanes,
            lambda i, group: put(i, group, group.load(nest, F32, state, i)),
        )

    def _normalize(self, nest: Nest, which: int, gates: Value, state: Value) -> None:
        norm = self.norms[which]
        if norm is None:
            return
        gate = nest.offset(gates, self._place(which), F32)
        weights = self.peephole[which]
        if weights is not None:
            look = weights

            def add(index: Value, group: Lanes) -> None:
                value = group.load(nest, F32, gate, index)
                factor = group.load(nest, F32, look, index)
                seen = group.load(nest, F32, state, index)
                group.store(nest, nest.fma(factor, seen, value), gate, index)

            each_vector(nest, self.cells, nest.target.lanes, add)
        normalize(nest, self.cells, gate, norm)

    def _gate(
        self,
        nest: Nest,
        which: int,
        place: tuple[Value, Lanes],
        gates: Value,
        seen: Value,
    ) -> Value:
        """A gate after the logistic function, which has `seen` a cell state."""
        index, group = place
        value = group.load(nest, F32, gates, index + self._place(which))
        weights = self.peephole[which]
        if weights is not None and not self.norms:
            value = nest.fma(group.load(nest, F32, weights, index), seen, value)
        return logistic(nest, value)

    def _remember(
        self, nest: Nest, index: Value, group: Lanes, pointers: tuple[Value, Value]
    ) -> Value:
        """The next cell state, which is stored too."""
        gates, state = pointers
        place = (index, group)
        cell = group.load(nest, F32, state, index)
        forget = self._gate(nest, 1, place, gates, cell)
        if self.has_input_gate:
            through = self._gate(nest, 0, place, gates, cell)
        else:
            through = nest.constant(1.0, cell.kind) - forget
        raw = group.load(nest, F32, gates, index + self._place(2))
        fresh = activation(nest, raw, self.activation)
        cell = nest.fma(fresh, through, forget * cell)
        if self.clip > 0:
            cell = clamp(nest, cell, (-self.clip, self.clip))
        group.store(nest, cell, state, index)
        return cell

    def _hidden(
        self, nest: Nest, index: Value, group: Lanes, gates: Value, cell: Value
    ) -> Value:
        share = self._gate(nest, 3, (index, group), gates, cell)
        return share * activation(nest, cell, self.activation)


def _ignore(value: Value) -> None:
    """A value that is in memory already."""
    del value


def normalize(nest: Nest, count: int, values: Value, norm: Norm) -> None:
    """Bring `count` floats to mean 0 and variance 1, then scale and shift them."""
    mean = _total(nest, count, values, lambda value: value) * (1 / count)

    def square(value: Value) -> Value:
        difference = value - nest.splat(mean, value.kind.lanes)
        return difference * difference

    variance = _total(nest, count, values, square) * (1 / count)
    one = nest.constant(1.0, F32)
    inverse = one / nest.unary("sqrt", variance + 1e-8)

    def scale(index: Value, group: Lanes) -> None:
        value = group.load(nest, F32, values, index) - nest.splat(mean, group.count)
        weights = group.load(nest, F32, norm.weights, index)
        bias = group.load(nest, F32, norm.bias, index)
        scaled = value * nest.splat(inverse, group.count) * weights + bias
        group.store(nest, scaled, values, index)

    each_vector(nest, count, nest.target.lanes, scale)


def _total(
    nest: Nest, count: int, values: Value, of: Callable[[Value], Value]
) -> Value:
    """The sum of `of` over `count` floats."""
    lanes = nest.target.lanes
    whole = count // lanes * lanes
    total = nest.constant(0.0, F32)
    if whole:
        with nest.loop(whole, step=lanes, carry=[nest.zero(lanes)]) as loop:
            value = of(nest.load(F32.of(lanes), values, loop.index))
            loop.carry([loop.values[0] + value])
        total = nest.sum(loop.results[0])
    for index in range(whole, count):
        total = total + of(nest.load(F32, values, index))
    return total


@dataclass(frozen=True, slots=True)
class FloatRnn:
    """A cell whose output is the activation of its one gate."""

    cells: int
    activation: str

    def emit(self, nest: Nest, row: Value, gates: Value, output: Output) -> None:
        """One row: `gates` is its address; the output goes to `output`."""

        def vector(index: Value, group: Lanes) -> None:
            value = group.load(nest, F32, gates, index)
            value = activation(nest, value, self.activation)
            output.put(nest, value, row, index, group.valid)

        each_vector(nest, self.cells, nest.target.lanes, vector)
