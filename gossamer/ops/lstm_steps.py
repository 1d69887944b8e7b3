"""Steps of LSTM cells along time, for operators with one cell or two."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from gossamer.ir.types import DType
from gossamer.kernels.recurrent.cells import ACTIVATIONS, FloatLstm, Norm
from gossamer.kernels.step import Constant
from gossamer.ops.lstm_cell import FORGET, INPUT, LstmCell
from gossamer.ops.lstm_integer_steps import IntegerPart
from gossamer.ops.recurrent import Given
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

    from gossamer.ir.graph import Node, Tensor
    from gossamer.ir.types import Array
    from gossamer.kernels.recurrent.layer import Course
    from gossamer.kernels.step import Step
    from gossamer.nest.expr import Value
    from gossamer.nest.target import Target
    from gossamer.ops.lstm_cell import Gate, Options, Slots
    from gossamer.ops.recurrent import Product


@dataclass(frozen=True, slots=True)
class Part:
    """One cell of a node: its inputs' indices, its options, and how it walks."""

    node: Node
    slots: Slots
    options: Options
    course: Course
    auxiliary: bool = False

    def steps(
        self, target: Target, inputs: Sequence[Tensor], place: Place
    ) -> list[Step] | None:
        """The steps; None where there is no kernel for such a cell."""
        known = constants(self.node, self._weights())
        if known is None or not self._is_plain():
            return None
        if self.node.input(0).dtype is DType.INT8:
            part = IntegerPart(self.node, self.slots, self.options, self.course, known)
            return part.steps(target, place)
        given = Given(known, self.node.inputs)
        cell = LstmCell.of(given, self.slots, self.options, auxiliary=self.auxiliary)
        if cell.gates[1].recurrent.weights.ndim == 1:
            return None
        gates = [gate for gate in cell.gates if gate is not None]
        rows, columns = self.course.rows, len(gates) * gates[0].bias.size
        memory = gate_memory(rows, columns)
        steps: list[Step] = []
        for index, x in enumerate(inputs):
            bias = np.concatenate([gate.bias for gate in gates])
            begins = index == 0 and gates[0].norm is None
            products = [gate.inputs[index] for gate in gates]
            matrix = stacked(products, bias if begins else None)
            steps += input_steps(target, matrix, x, rows, memory, adds=index > 0)
        recurrent = stacked([gate.recurrent for gate in gates], None)
        state = self.node.input(self.slots.output_state)
        walk = walk_step(
            target,
            self.course,
            recurrent,
            memory,
            state,
            place,
            lambda memory: self._cell(memory, cell),
            projection_of(cell, self.options),
        )
        return [*steps, walk]

    def _weights(self) -> list[int]:
        """The indices of all inputs that must be constant."""
        slots = self.slots
        groups = (
            slots.weights,
            slots.recurrent,
            slots.peephole,
            slots.bias,
            slots.norm,
        )
        indices = [index for group in groups for index in group]
        if self.auxiliary:
            indices += slots.auxiliary
        return [*indices, slots.projection, slots.projection_bias]

    def _is_plain(self) -> bool:
        normalized = self._is_there(self.slots.norm[FORGET])
        x = self.node.input(0)
        if x.dtype is DType.INT8 and normalized:
            return False
        same = all(y.dtype is x.dtype and y.type.size for y in self.node.outputs)
        cells = self.node.input(self.slots.bias[FORGET]).type.size
        known = self.options.activation in ACTIVATIONS
        return same and known and cells > 0 and x.type.size > 0

    def _is_there(self, index: int) -> bool:
        return index >= 0 and self.node.optional(index) is not None

    def _cell(self, memory: Memory, cell: LstmCell) -> FloatLstm:
        def vector(array: Array | None) -> Value | None:
            return None if array is None else memory.read(Constant(array))

        def norm(gate: Gate | None) -> Norm | None:
            if gate is None or gate.norm is None:
                return None
            return Norm(
                memory.read(Constant(gate.norm)), memory.read(Constant(gate.bias))
            )

        _, forget, _, _ = cell.gates
        return FloatLstm(
            forget.bias.size,
            self.options.activation,
            self.options.cell_clip,
            cell.gates[INPUT] is not None,
            [None if gate is None else vector(gate.peephole) for gate in cell.gates],
            [norm(gate) for gate in cell.gates] if forget.norm is not None else [],
            memory.write(self.node.input(self.slots.cell_state)),
        )


def constants(node: Node, indices: Sequence[int]) -> list[Array | None] | None:
    """The inputs' values, where those at `indices` are constant or left out."""
    for index in indices:
        tensor = node.optional(index) if index >= 0 else None
        if tensor is not None and (tensor.data is None or tensor.sparsity is not None):
            return None
    return [None if x is None else x.data for x in node.inputs]


def stacked(products: Sequence[Product], bias: Array | None) -> Matrix:
    """Products of one input as one product, each with a scale of its own."""
    weights = np.concatenate([product.weights for product in products])
    first = products[0]
    if first.scale is None:
        return Matrix(weights, bias)
    scales = [np.full(len(each.weights), each.scale, np.float32) for each in products]
    return Matrix(weights, bias, np.concatenate(scales), first.asymmetric)


def projection_of(cell: LstmCell, options: Options) -> Projection | None:
    """The projection of a cell on floats."""
    if cell.projection is None:
        return None
    limit = options.proj_clip if options.proj_clip > 0 else math.inf
    matrix = stacked([cell.projection], cell.projection_bias)
    return Projection(matrix, (-limit, limit))
