"""Steps of LSTM cells along time on int8 activations."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from gossamer.ir.fixed_point_16 import logistic_table, tanh_table
from gossamer.kernels.recurrent.cells_integer import IntegerLstm, Peephole
from gossamer.kernels.step import Constant, Scratch
from gossamer.ops.lstm_cell import INPUT
from gossamer.ops.lstm_integer import (
    GATE_INTEGER_BITS,
    Factor,
    IntegerCell,
    IntegerProduct,
    integer_cell,
)
from gossamer.ops.recurrent_steps import (
    Matrix,
    Memory,
    Place,
    Projection,
    gate_memory,
    input_steps,
    walk_step,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gossamer.ir.graph import Node
    from gossamer.ir.types import Array
    from gossamer.kernels.recurrent.layer import Course
    from gossamer.kernels.step import Step
    from gossamer.nest.target import Target
    from gossamer.ops.lstm_cell import Options, Slots

_LARGEST_SHIFT = 30


@dataclass(frozen=True, slots=True)
class IntegerPart:
    """The cell of a node whose inputs have the values `known` where they are constant.

    `peephole` and `norm` have been looked at: there is no kernel for gates that are
    normalized.
    """

    node: Node
    slots: Slots
    options: Options
    course: Course
    known: Sequence[Array | None]

    def steps(self, target: Target, place: Place) -> list[Step] | None:
        """The steps; None where a factor is too large for 32 bits."""
        cell = integer_cell(self.node, self.slots, self.options, self.known)
        if max(shift for _, shift in _factors(cell)) > _LARGEST_SHIFT:
            return None
        gates = [gate for gate in cell.gates if gate is not None]
        rows = self.course.rows
        units = gates[0].input.weights.shape[0]
        memory = gate_memory(rows, len(gates) * units)
        inputs = _stacked([gate.input for gate in gates])
        recurrent = _stacked([gate.recurrent for gate in gates])
        x = self.node.input(0)
        steps = input_steps(target, inputs, x, rows, memory, adds=False)
        walk = walk_step(
            target,
            self.course,
            recurrent,
            memory,
            self.node.input(self.slots.output_state),
            place,
            lambda memory: self._cell(memory, cell, units),
            _projection(cell),
        )
        return [*steps, walk]

    def _cell(self, memory: Memory, cell: IntegerCell, units: int) -> IntegerLstm:
        state = memory.write(self.node.input(self.slots.cell_state))
        scratch = memory.write(Scratch(self.course.batch * units * 4))
        seen = [None if i == INPUT and cell.gates[i] is None else i for i in (0, 1, 3)]
        peephole = [None if i is None else _peephole(memory, cell, i) for i in seen]
        return IntegerLstm(
            units,
            cell.gates[INPUT] is not None,
            (peephole[0], peephole[1], peephole[2]),
            state,
            scratch,
            memory.read(Constant(logistic_table())),
            memory.read(Constant(tanh_table(GATE_INTEGER_BITS))),
            memory.read(Constant(tanh_table(15 + cell.exponent))),
            cell.exponent,
            cell.cell_clip,
            cell.hidden_factor,
            cell.hidden_zero if cell.projection is None else -cell.hidden_zero,
        )


def _factors(cell: IntegerCell) -> list[Factor]:
    """All factors of a cell."""
    factors = [cell.hidden_factor]
    for gate in cell.gates:
        if gate is not None:
            products = (gate.input.factor, gate.recurrent.factor)
            factors += [*products, gate.peephole_factor]
    if cell.projection is not None:
        factors.append(cell.projection.factor)
    return factors


def _peephole(memory: Memory, cell: IntegerCell, which: int) -> Peephole | None:
    gate = cell.gates[which]
    if gate is None or gate.peephole is None:
        return None
    weights = memory.read(Constant(gate.peephole.astype(np.int16)))
    return Peephole(weights, *gate.peephole_factor)


def _stacked(products: Sequence[IntegerProduct], zero_point: int = 0) -> Matrix:
    """Products of one input as one product, each with a factor of its own."""
    counts = [len(each.weights) for each in products]
    factors = np.array([each.factor for each in products], np.int64)
    multipliers, shifts = np.repeat(factors, counts, axis=0).T
    return Matrix(
        np.concatenate([each.weights for each in products]),
        np.concatenate([each.bias for each in products]),
        factors=(multipliers, shifts),
        zero_point=zero_point,
    )


def _projection(cell: IntegerCell) -> Projection | None:
    if cell.projection is None:
        return None
    limits = (-cell.proj_clip, cell.proj_clip) if cell.proj_clip > 0 else (-128, 127)
    return Projection(_stacked([cell.projection], cell.output_zero), limits)
