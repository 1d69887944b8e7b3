"""RNN, UNIDIRECTIONAL_SEQUENCE_RNN and BIDIRECTIONAL_SEQUENCE_RNN.

h' = activation(W x + V h + b)
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from gossamer.ir.op import require
from gossamer.ir.types import DType
from gossamer.ops.recurrent import (
    HYBRID_WEIGHTS,
    Checker,
    Given,
    Product,
    activated,
)

if TYPE_CHECKING:
    from gossamer.ir.graph import Tensor
    from gossamer.ir.types import Array
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
