"""What a cell makes of its gates, in float: LSTM and RNN, a vector of cells at a time.

A row of gates holds i, f, g and o of all cells one after the other; f, g and o only,
where the input gate is 1 - f.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gossamer.kernels.elementwise import Lanes, each_vector
from gossamer.kernels.epilogue import ACTIVATION_LIMITS, clamp
from gossamer.kernels.math import logistic, tanh
from gossamer.nest.expr import F32, I32, Value

if TYPE_CHECKING:
    from gossamer.kernels.recurrent import Output
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
class FloatLstm:
    """An LSTM cell; `peephole` are pointers for i, f and o, None where there is none.

    `state` is the cell state, (batch, cells).
    """

    cells: int
    activation: str
    clip: float
    has_input_gate: bool
    peephole: tuple[Value | None, Value | None, Value | None]
    state: Value

    @property
    def gates(self) -> int:
        return 4 if self.has_input_gate else 3

    def emit(self, nest: Nest, row: Value, gates: Value, output: Output) -> None:
        """One row: `gates` is its address; the output goes to `output`."""
        state = nest.offset(self.state, row * self.cells, F32)

        def vector(index: Value, group: Lanes) -> None:
            self._vector(nest, (row, index), group, (gates, state), output)

        each_vector(nest, self.cells, nest.target.lanes, vector)

    def _vector(
        self,
        nest: Nest,
        place: tuple[Value, Value],
        group: Lanes,
        pointers: tuple[Value, Value],
        output: Output,
    ) -> None:
        row, index = place
        gates, state = pointers
        cell = group.load(nest, F32, state, index)
        first = self.gates - 3

        def gate(number: int, which: int, seen: Value) -> Value:
            value = group.load(nest, F32, gates, index + number * self.cells)
            weights = self.peephole[which]
            if weights is None:
                return logistic(nest, value)
            return logistic(
                nest, nest.fma(group.load(nest, F32, weights, index), seen, value)
            )

        forget = gate(first, 1, cell)
        one = nest.constant(1.0, cell.kind)
        through = gate(0, 0, cell) if self.has_input_gate else one - forget
        raw = group.load(nest, F32, gates, index + (first + 1) * self.cells)
        fresh = activation(nest, raw, self.activation)
        cell = nest.fma(fresh, through, forget * cell)
        if self.clip > 0:
            cell = clamp(nest, cell, (-self.clip, self.clip))
        group.store(nest, cell, state, index)
        share = gate(first + 2, 2, cell)
        hidden = share * activation(nest, cell, self.activation)
        output.put(nest, hidden, row, index, group.valid)


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
