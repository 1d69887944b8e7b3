"""Steps of RNN cells along time, for operators with one cell or two."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gossamer.ir.types import DType
from gossamer.kernels.recurrent.cells import ACTIVATIONS, FloatRnn
from gossamer.ops.lstm_steps import constants, stacked
from gossamer.ops.recurrent import Given
from gossamer.ops.recurrent_steps import Place, gate_memory, input_steps, walk_step
from gossamer.ops.rnn_cell import RnnOptions, RnnSlots, cell_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gossamer.ir.graph import Node, Tensor
    from gossamer.kernels.recurrent.layer import Course
    from gossamer.kernels.step import Step
    from gossamer.nest.target import Target


@dataclass(frozen=True, slots=True)
class RnnPart:
    """One cell of a node: its inputs' indices, its options, and how it walks."""

    node: Node
    slots: RnnSlots
    options: RnnOptions
    course: Course

    def steps(
        self, target: Target, inputs: Sequence[Tensor], place: Place
    ) -> list[Step] | None:
        """The steps; None where there is no kernel for such a cell."""
        slots, rows = self.slots, self.course.rows
        weights = (slots.weights, slots.recurrent, slots.bias, slots.auxiliary)
        known = constants(self.node, weights)
        outputs = self.node.outputs
        same = all(y.dtype is DType.FLOAT32 and y.type.size for y in outputs)
        if known is None or not same or not self.node.input(0).type.size:
            return None
        if self.options.activation not in ACTIVATIONS:
            return None
        cell = cell_of(Given(known, self.node.inputs), slots, self.options)
        memory = gate_memory(rows, cell.bias.size)
        steps: list[Step] = []
        for index, x in enumerate(inputs):
            bias = None if index else cell.bias
            matrix = stacked([cell.inputs[index]], bias)
            steps += input_steps(target, matrix, x, rows, memory, adds=index > 0)
        walk = walk_step(
            target,
            self.course,
            stacked([cell.recurrent], None),
            memory,
            self.node.input(slots.state),
            place,
            lambda _: FloatRnn(cell.bias.size, self.options.activation),
        )
        return [*steps, walk]
