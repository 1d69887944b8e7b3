"""RNN, UNIDIRECTIONAL_SEQUENCE_RNN and BIDIRECTIONAL_SEQUENCE_RNN.

h' = activation(W x + V h + b)
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from gossamer.ir.op import Free, Op, operator, require
from gossamer.ir.types import DType, TensorType
from gossamer.ops.recurrent import (
    HYBRID_WEIGHTS,
    Checker,
    Given,
    Product,
    Walk,
    activated,
    hybrid_version,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gossamer.ir.graph import Node, Tensor
    from gossamer.ir.types import Array, Shape
    from gossamer.ops.recurrent import State


@dataclass(frozen=True, slots=True)
class RnnSlots:
    """Which inputs of a node belong to a cell; `auxiliary` -1 for none."""

    weights: int
    recurrent: int
    bias: int
    state: int
    auxiliary: int = -1


@dataclass(frozen=True, slots=True)
class RnnCell:
    """A cell with its weights, ready to `step`."""

    inputs: tuple[Product, ...]
    recurrent: Product
    bias: Array
    activation: str

    def step(self, moment: State, state: State) -> tuple[Array, State]:
        """From the output of the moment before to that of this one."""
        (before,) = state
        total = self.bias
        for product, x in zip(self.inputs, moment, strict=True):
            total = total + product(x)
        total = (total + self.recurrent(before)).astype(np.float32)
        output = activated(total, self.activation)
        return output, (output,)


@dataclass(frozen=True, slots=True)
class RnnOptions:
    """What the three operators have in common."""

    activation: str
    asymmetric: bool
    time_major: bool = False


SLOTS = RnnSlots(1, 2, 3, 4)


def check_cell(check: Checker, slots: RnnSlots, size: int, batch: int) -> int:
    """Check a cell's inputs for rows of `size`; the number of its outputs.

    Raises:
        GraphError: something is missing, or does not fit the rest.
    """
    weights = check.present(slots.weights, "weights")
    for index in (slots.recurrent, slots.bias):
        check.present(index, "recurrent weights or bias")
    units = weights.shape[0] if weights.shape else -1
    kinds = (DType.FLOAT32, *HYBRID_WEIGHTS)
    check.typed(weights, kinds)
    check.shaped(slots.weights, (units, size), kinds)
    check.shaped(slots.recurrent, (units, units), (weights.dtype,))
    check.shaped(slots.bias, (units,), (DType.FLOAT32,))
    check.state(slots.state, (batch, units), DType.FLOAT32)
    return units


def cell_of(given: Given, slots: RnnSlots, options: RnnOptions) -> RnnCell:
    """The cell whose weights are at `slots` of the inputs."""
    indices = [slots.weights]
    if given.array(slots.auxiliary) is not None:
        indices.append(slots.auxiliary)

    def product(index: int) -> Product:
        made = given.product(index, asymmetric=options.asymmetric)
        assert made is not None
        return made

    return RnnCell(
        tuple(product(index) for index in indices),
        product(slots.recurrent),
        given.array(slots.bias),
        options.activation,
    )


def input_of(check: Checker, rank: int) -> Tensor:
    """The float input of a rank."""
    x = check.present(0, "input")
    check.typed(x, (DType.FLOAT32,))
    require(
        x.type.rank == rank,
        check.op,
        f"the input '{x.name}' has rank {x.type.rank}; expected {rank}",
    )
    return x


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


@operator("RNN", code=24, options="RNNOptions")
class Rnn(Op):
    """Inputs: x (B, I), weights (N, I), recurrent weights (N, N), bias (N), state.

    The state (B, N) is a variable.
    """

    fused_activation_function: str = "none"
    asymmetric_quantize_inputs: bool = False

    output_quantization = Free()
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

    def version(self, node: Node) -> int:
        return hybrid_version(node, (1, 2, 3), zero=self.asymmetric_quantize_inputs)


@operator("UNIDIRECTIONAL_SEQUENCE_RNN", code=35, options="SequenceRNNOptions")
class UnidirectionalSequenceRnn(Op):
    """Inputs: those of RNN, with x (batch, time, I), or time first."""

    time_major: bool = False
    fused_activation_function: str = "none"
    asymmetric_quantize_inputs: bool = False

    output_quantization = Free()
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

    def version(self, node: Node) -> int:
        return hybrid_version(node, (1, 2, 3), zero=self.asymmetric_quantize_inputs)
