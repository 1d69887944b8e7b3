"""An LSTM cell along time, as the operators with one cell have it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from gossamer.ir.op import Op, require
from gossamer.ir.types import DType, TensorType
from gossamer.kernels.recurrent.layer import Course
from gossamer.ops.lstm_cell import LstmCell, Options, Slots, cell_sizes, check_cell
from gossamer.ops.lstm_integer import integer_cell
from gossamer.ops.lstm_steps import Part
from gossamer.ops.recurrent import Checker, Given, Walk
from gossamer.ops.recurrent_steps import Place

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gossamer.ir.graph import Node, Tensor
    from gossamer.ir.types import Array, Shape
    from gossamer.kernels.step import Step
    from gossamer.nest.target import Target

SLOTS = Slots.of(1, (18, 19), norm=20)
"""Where the inputs of an operator with one cell lie."""
STATES = (SLOTS.output_state, SLOTS.cell_state)
CELL_WEIGHTS = (*SLOTS.weights, *SLOTS.recurrent, SLOTS.projection)


@dataclass(frozen=True, slots=True)
class Layer:
    """One cell of the operator `op`, whose input has `rank` axes."""

    op: Op
    options: Options
    time_major: bool
    rank: int = 3

    def infer(self, inputs: Sequence[Tensor | None]) -> tuple[TensorType, ...]:
        """The output's type: the input's shape with the outputs as its last size."""
        op = self.op
        require(len(inputs) in (20, 24), op, f"{len(inputs)} inputs; expected 20 or 24")
        check = Checker(op, inputs)
        x = check.present(0, "input")
        check.typed(x, (DType.FLOAT32, DType.INT8))
        require(
            x.type.rank == self.rank,
            op,
            f"the input '{x.name}' has rank {x.type.rank}; expected {self.rank}",
        )
        check_options(op, self.options)
        sizes = cell_sizes(check, SLOTS, x.shape[-1])
        check_cell(check, SLOTS, sizes, self.batch(x.shape), x.dtype)
        return (TensorType(x.dtype, (*x.shape[:-1], sizes.outputs)),)

    def batch(self, shape: Shape) -> int:
        """How many sequences an input of this shape holds."""
        return shape[1] if self.time_major and len(shape) == 3 else shape[0]

    def reference(
        self, inputs: Sequence[Any], tensors: Sequence[Tensor | None] = ()
    ) -> tuple[Array, ...]:
        """The output and the new states, on floats."""
        given = Given(inputs, tensors)
        cell = LstmCell.of(given, SLOTS, self.options, auxiliary=False)
        return self._walk(cell.step, inputs)

    def integer(self, node: Node, inputs: Sequence[Any]) -> tuple[Array, ...]:
        """The output and the new states, with integer weights."""
        if inputs[0].dtype == np.float32:
            return self.reference(inputs, node.inputs)
        cell = integer_cell(node, SLOTS, self.options, inputs)
        return self._walk(cell.step, inputs)

    def lower(self, node: Node, target: Target) -> list[Step] | None:
        """The steps that compute `node`; None where there is no kernel."""
        x, y = node.input(0), node.output
        batch = self.batch(x.shape)
        course = Course(batch, self._moments(x.shape), self.time_major)
        part = Part(node, SLOTS, self.options, course)
        return part.steps(target, (x,), Place(y, y.shape[-1]))

    def _moments(self, shape: Shape) -> int:
        if len(shape) == 2:
            return 1
        return shape[0 if self.time_major else 1]

    def _walk(self, step: Any, inputs: Sequence[Any]) -> tuple[Array, ...]:
        states = tuple(inputs[index] for index in STATES)
        size = inputs[SLOTS.recurrent[3]].shape[-1]
        output, after = Walk(self.time_major)(step, (inputs[0],), states, size)
        return (output, *after)


def check_options(op: Op, options: Options) -> None:
    """A negative clip has no meaning."""
    for name, limit in (("cell", options.cell_clip), ("proj", options.proj_clip)):
        require(limit >= 0, op, f"{name}_clip is {limit}; expected 0 or more")
