"""The LSTM cell on floats, with weights in float or in 8 bits.

    i, f, o = logistic(gate)      g = activation(gate)
    gate = W x + V h + p * c + b, or norm(W x + V h + p * c) * n + b
    c' = f * c + i * g            h' = P (o * activation(c')) + q

i is 1 - f where there is no input gate (CIFG); p, n, P and q are optional. The output
gate looks at c', the others at c. Gates come in the order i, f, g, o.
"""

from __future__ import annotations

from dataclasses import dataclass, field
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
    clipped,
    logistic,
)

if TYPE_CHECKING:
    from gossamer.ir.types import Array
    from gossamer.ops.recurrent import State

INPUT, FORGET, CELL, OUTPUT = range(4)

_EPSILON = np.float32(1e-8)


@dataclass(frozen=True, slots=True)
class Slots:
    """Which inputs of a node belong to a cell; -1 for what the operator lacks.

    Each of the tuples has a place per gate.
    """

    weights: tuple[int, int, int, int]
    recurrent: tuple[int, int, int, int]
    peephole: tuple[int, int, int, int]
    bias: tuple[int, int, int, int]
    projection: int
    projection_bias: int
    output_state: int
    cell_state: int
    norm: tuple[int, int, int, int] = (-1, -1, -1, -1)
    auxiliary: tuple[int, int, int, int] = (-1, -1, -1, -1)

    @staticmethod
    def of(
        first: int, states: tuple[int, int], norm: int = -1, auxiliary: int = -1
    ) -> Slots:
        """The usual order: 17 inputs from `first` on, four from `norm` on."""
        return Slots(
            _four(first),
            _four(first + 4),
            (first + 8, first + 9, -1, first + 10),
            _four(first + 11),
            first + 15,
            first + 16,
            *states,
            _four(norm) if norm >= 0 else (-1, -1, -1, -1),
            _four(auxiliary) if auxiliary >= 0 else (-1, -1, -1, -1),
        )


def _four(first: int) -> tuple[int, int, int, int]:
    return (first, first + 1, first + 2, first + 3)


@dataclass(frozen=True, slots=True)
class Options:
    """What the operator's options say of its cells."""

    activation: str
    cell_clip: float
    proj_clip: float
    asymmetric: bool = False


@dataclass(frozen=True, slots=True)
class Sizes:
    """Numbers of a moment: inputs, cells, outputs; -1 where one is not known."""

    inputs: int
    cells: int
    outputs: int


@dataclass(frozen=True, slots=True)
class Gate:
    """One gate: the products with what goes in, and what is added to their sum."""

    inputs: tuple[Product, ...]
    recurrent: Product
    peephole: Array | None
    norm: Array | None
    bias: Array

    def __call__(self, moment: State, output: Array, cell: Array) -> Array:
        total = np.float32(0) if self.norm is not None else self.bias
        for product, x in zip(self.inputs, moment, strict=True):
            total = total + product(x)
        total = total + self.recurrent(output)
        if self.peephole is not None:
            total = total + self.peephole * cell
        if self.norm is not None:
            total = normalized(total) * self.norm + self.bias
        return total.astype(np.float32)


def normalized(values: Array) -> Array:
    """Rows with mean 0 and variance 1."""
    difference = values - values.mean(axis=1, keepdims=True, dtype=np.float32)
    variance = np.square(difference).mean(axis=1, keepdims=True, dtype=np.float32)
    return difference / np.sqrt(variance + _EPSILON)


@dataclass(frozen=True, slots=True)
class LstmCell:
    """A cell with its weights, ready to `step`; `gates` has None for no input gate."""

    gates: tuple[Gate | None, Gate, Gate, Gate]
    projection: Product | None
    projection_bias: Array | None
    options: Options = field(default_factory=lambda: Options("tanh", 0, 0))

    @staticmethod
    def of(
        given: Given, slots: Slots, options: Options, *, auxiliary: bool
    ) -> LstmCell:
        """The cell whose weights are at `slots` of the inputs."""

        def gate(which: int) -> Gate:
            inputs = [slots.weights[which]]
            if auxiliary:
                inputs.append(slots.auxiliary[which])
            return Gate(
                tuple(_product(given, index, options) for index in inputs),
                _product(given, slots.recurrent[which], options),
                given.vector(slots.peephole[which]),
                given.vector(slots.norm[which]),
                given.array(slots.bias[which]),
            )

        has_input_gate = given.array(slots.weights[INPUT]) is not None
        return LstmCell(
            (gate(INPUT) if has_input_gate else None, gate(1), gate(2), gate(3)),
            given.product(slots.projection, asymmetric=options.asymmetric),
            given.array(slots.projection_bias),
            options,
        )

    def step(self, moment: State, state: State) -> tuple[Array, State]:
        """From (output, cell) of the moment before to those of this one."""
        output, cell = state
        options = self.options
        input_gate, forget_gate, cell_gate, output_gate = self.gates
        forget = logistic(forget_gate(moment, output, cell))
        through = (
            1 - forget
            if input_gate is None
            else logistic(input_gate(moment, output, cell))
        )
        fresh = activated(cell_gate(moment, output, cell), options.activation)
        cell = clipped(forget * cell + fresh * through, options.cell_clip)
        hidden = logistic(output_gate(moment, output, cell))
        hidden = hidden * activated(cell, options.activation)
        output = self._projected(hidden)
        return output, (output, cell)

    def _projected(self, hidden: Array) -> Array:
        if self.projection is None:
            return hidden
        result = self.projection(hidden)
        if self.projection_bias is not None:
            result = self.projection_bias + result
        return clipped(result, self.options.proj_clip)


def _product(given: Given, index: int, options: Options) -> Product:
    product = given.product(index, asymmetric=options.asymmetric)
    assert product is not None
    return product


def cell_sizes(check: Checker, slots: Slots, inputs: int) -> Sizes:
    """The sizes that the output gate's weights state."""
    weights = check.present(slots.weights[OUTPUT], "weights of the output gate")
    recurrent = check.present(slots.recurrent[OUTPUT], "recurrent weights")
    cells = weights.shape[0] if weights.shape else -1
    outputs = recurrent.shape[-1] if recurrent.shape else -1
    return Sizes(inputs, cells, outputs)


def check_cell(
    check: Checker, slots: Slots, sizes: Sizes, batch: int, dtype: DType
) -> None:
    """Check the types and shapes of a cell's inputs, for inputs of type `dtype`.

    Raises:
        GraphError: something is missing, or does not fit the rest.
    """
    weights = check.present(slots.weights[OUTPUT], "weights of the output gate")
    is_integer = dtype is DType.INT8
    hybrid = (DType.FLOAT32, *sorted(HYBRID_WEIGHTS, key=lambda kind: kind.code))
    check.typed(weights, (DType.INT8,) if is_integer else hybrid)
    kinds = (weights.dtype,)
    vectors = (DType.INT16,) if is_integer else kinds
    biases = (DType.INT32,) if is_integer else (DType.FLOAT32,)
    _check_presence(check, slots)
    cells, outputs = sizes.cells, sizes.outputs
    for which in range(4):
        check.shaped(slots.weights[which], (cells, sizes.inputs), kinds)
        _check_recurrent(check, slots.recurrent[which], sizes, kinds[0], dtype)
        check.shaped(slots.peephole[which], (cells,), vectors)
        check.shaped(slots.bias[which], (cells,), biases)
        norms = (DType.INT16,) if is_integer else (DType.FLOAT32,)
        check.shaped(slots.norm[which], (cells,), norms)
    check.shaped(slots.projection, (outputs, cells), kinds)
    check.shaped(slots.projection_bias, (outputs,), biases)
    projected = check.optional(slots.projection) is not None
    require(
        projected or -1 in (cells, outputs) or cells == outputs,
        check.op,
        f"{cells} cells give {outputs} outputs without a projection",
    )
    check.state(slots.output_state, (batch, outputs), dtype)
    state = DType.INT16 if is_integer else DType.FLOAT32
    check.state(slots.cell_state, (batch, cells), state)


def _check_recurrent(
    check: Checker, index: int, sizes: Sizes, kind: DType, dtype: DType
) -> None:
    """Recurrent weights are a matrix, or a diagonal in float."""
    tensor = check.optional(index)
    if tensor is not None and tensor.type.rank == 1 and dtype is DType.FLOAT32:
        check.shaped(index, (sizes.cells,), (DType.FLOAT32,))
        check.shaped(index, (sizes.outputs,), (DType.FLOAT32,))
        return
    check.shaped(index, (sizes.cells, sizes.outputs), (kind,))


def _check_presence(check: Checker, slots: Slots) -> None:
    for which in (FORGET, CELL, OUTPUT):
        check.present(slots.weights[which], "weights")
        check.present(slots.recurrent[which], "recurrent weights")
        check.present(slots.bias[which], "bias")
    entry = (slots.weights[INPUT], slots.recurrent[INPUT], slots.bias[INPUT])
    first = INPUT if check.same(entry, "the input gate's inputs") else FORGET
    for vectors, what in (
        (slots.peephole, "the peephole weights"),
        (slots.norm, "the normalization's weights"),
    ):
        check.same([index for index in vectors[first:] if index >= 0], what)
    if check.optional(slots.projection_bias) is not None:
        check.present(slots.projection, "projection")
