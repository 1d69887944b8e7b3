"""RNN and UNIDIRECTIONAL_SEQUENCE_RNN: a cell on one moment, or along time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gossamer.ir.op import Op, operator, require
from gossamer.ir.types import TensorType
from gossamer.kernels.recurrent.layer import Course
from gossamer.ops.recurrent import Checker, Given, Walk, hybrid_version
from gossamer.ops.recurrent_steps import Place
from gossamer.ops.rnn_cell import RnnOptions, RnnSlots, cell_of, check_cell, input_of
from gossamer.ops.rnn_steps import RnnPart

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gossamer.ir.graph import Node, Tensor
    from gossamer.ir.types import Array, Shape
    from gossamer.kernels.step import Step
    from gossamer.nest.target import Target

SLOTS = RnnSlots(1, 2, 3, 4)


@dataclass(frozen=True, slots=True)
class RnnLayer:
    """One cell of the operator `op`, whose input has `rank` axes."""

    op: Op
    options: RnnOptions
    rank: int

    def infer(self, inputs: Sequence[Tensor | None]) -> tuple[TensorType, ...]:
        require(len(inputs) == 5, self.op, f"{len(inputs)} inputs; expected 5")
        check = Checker(self.op, inputs)
        x = input_of(check, self.rank)
        units = check_cell(check, SLOTS, x.shape[-1], self.batch(x.shape))
        return (TensorType(x.dtype, (*x.shape[:-1], units)),)

    def batch(self, shape: Shape) -> int:
        """How many sequences an input of this shape holds."""
        return shape[1] if self.options.time_major else shape[0]

    def run(self, given: Given) -> tuple[Array, ...]:
        """The output and the new state."""
        cell = cell_of(given, SLOTS, self.options)
        state = given.array(SLOTS.state)
        walk = Walk(self.options.time_major)
        inputs = (given.array(0),)
        output, after = walk(cell.step, inputs, (state,), cell.bias.size)
        return (output, *after)

    def lower(self, node: Node, target: Target) -> list[Step] | None:
        """The steps that compute `node`; None where there is no kernel."""
        x, y = node.input(0), node.output
        time_major, sizes = self.options.time_major, x.shape
        time = 1 if self.rank == 2 else sizes[0 if time_major else 1]
        course = Course(self.batch(sizes), time, time_major)
        part = RnnPart(node, SLOTS, self.options, course)
        return part.steps(target, (x,), Place(y, y.shape[-1]))


@operator("RNN", code=24, options="RNNOptions")
class Rnn(Op):
    """Inputs: x (B, I), weights (N, I), recurrent weights (N, N), bias (N), state.

    The state (B, N) is a variable.
    """

    fused_activation_function: str = "none"
    asymmetric_quantize_inputs: bool = False

    updates = (SLOTS.state,)

    def _layer(self) -> RnnLayer:
        options = RnnOptions(
            self.fused_activation_function, self.asymmetric_quantize_inputs
        )
        return RnnLayer(self, options, 2)

    def infer(self, *inputs: Tensor | None) -> tuple[TensorType, ...]:
        return self._layer().infer(inputs)

    def reference(self, *inputs: Any) -> tuple[Array, ...]:
        return self._layer().run(Given(inputs))

    def integer(self, node: Node, *inputs: Any) -> tuple[Array, ...]:
        return self._layer().run(Given(inputs, node.inputs))

    def lower(self, node: Node, target: Target) -> Sequence[Step] | None:
        return self._layer().lower(node, target)

    def version(self, node: Node) -> int:
        return hybrid_version(node, (1, 2, 3), zero=self.asymmetric_quantize_inputs)


@operator("UNIDIRECTIONAL_SEQUENCE_RNN", code=35, options="SequenceRNNOptions")
class UnidirectionalSequenceRnn(Op):
    """Inputs: those of RNN, with x (batch, time, I), or time first."""

    time_major: bool = False
    fused_activation_function: str = "none"
    asymmetric_quantize_inputs: bool = False

    updates = (SLOTS.state,)

    def _layer(self) -> RnnLayer:
        options = RnnOptions(
            self.fused_activation_function,
            self.asymmetric_quantize_inputs,
            self.time_major,
        )
        return RnnLayer(self, options, 3)

    def infer(self, *inputs: Tensor | None) -> tuple[TensorType, ...]:
        return self._layer().infer(inputs)

    def reference(self, *inputs: Any) -> tuple[Array, ...]:
        return self._layer().run(Given(inputs))

    def integer(self, node: Node, *inputs: Any) -> tuple[Array, ...]:
        return self._layer().run(Given(inputs, node.inputs))

    def lower(self, node: Node, target: Target) -> Sequence[Step] | None:
        return self._layer().lower(node, target)

    def version(self, node: Node) -> int:
        return hybrid_version(node, (1, 2, 3), zero=self.asymmetric_quantize_inputs)
