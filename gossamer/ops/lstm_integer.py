"""The LSTM cell on int8 activations with an int16 cell state, bit for bit as TFLite.

Gates are sums of two products, each brought to 16 bits with 12 fractional bits (or to
the scale that the node's intermediate tensors state, where the gates are normalized);
logistic and tanh are those of `gossamer.ir.fixed_point_16`. The cell state has a power
of two as its scale. Without a projection the hidden values are the output.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from gossamer.errors import GraphError
from gossamer.ir.arithmetic import (
    Integers,
    choose,
    divide_by_power_of_two,
    multiply,
    parameters,
    quantize_multiplier,
    wrap,
)
from gossamer.ir.fixed_point import inverse_square_root
from gossamer.ir.fixed_point_16 import logistic_table, look_up_16, tanh_table
from gossamer.ops.lstm_cell import CELL, INPUT

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gossamer.ir.graph import Node, Tensor
    from gossamer.ir.types import Array
    from gossamer.ops.lstm_cell import Options, Slots
    from gossamer.ops.recurrent import State

Factor: TypeAlias = tuple[int, int]
"""A real factor as (multiplier, shift)."""

GATE_INTEGER_BITS = 3
HIDDEN = 4
"""The intermediate tensor that holds the quantization of the hidden values."""
_GATE_SCALE = np.float32(2.0**-12)
_CELL_EXPONENTS = range(-15, -8)


@dataclass(frozen=True, slots=True)
class IntegerProduct:
    """int8 rows times weights (N, K) plus a bias that holds the zero point's share."""

    weights: Array
    bias: Integers
    factor: Factor

    def __call__(self, x: Array) -> Integers:
        sums = x.astype(np.float64) @ self.weights.T.astype(np.float64)
        return multiply(wrap(sums.astype(np.int64) + self.bias), *self.factor)


@dataclass(frozen=True, slots=True)
class Norm:
    """The normalization of a gate: coefficients, bias, factor, least variance."""

    weights: Integers
    bias: Integers
    factor: Factor
    guard: int

    def __call__(self, gate: Integers) -> Integers:
        rows = [self._row(row) for row in gate]
        return np.array(rows, np.int64).reshape(gate.shape)

    def _row(self, gate: Integers) -> Integers:
        count = len(gate)
        mean = _towards_zero(int(gate.sum()) * 1024, count)
        square = int(np.square(gate).sum()) * ((1 << 20) // count) - mean * mean
        variance = _towards_zero(square, 1 << 20)
        deviation = inverse_square_root(variance if variance >= 1 else self.guard)
        shifted = 1024 * gate - mean
        rescaled = multiply(shifted, *deviation)
        weighted = wrap(rescaled * self.weights + self.bias)
        nudged = choose(weighted > 0, weighted + 512, weighted - 512)
        whole = np.sign(nudged) * (np.abs(nudged) // 1024)
        multiplier, shift = self.factor
        return _to_16_bits(multiply(whole, multiplier, shift + 12))


def _towards_zero(number: int, by: int) -> int:
    return number // by if number >= 0 else -(-number // by)


def _to_16_bits(values: Integers) -> Integers:
    return np.clip(values, -(1 << 15), (1 << 15) - 1)


@dataclass(frozen=True, slots=True)
class IntegerGate:
    """One gate: from rows of inputs, outputs and cells to 16 bits."""

    input: IntegerProduct
    recurrent: IntegerProduct
    peephole: Integers | None
    peephole_factor: Factor
    norm: Norm | None

    def __call__(self, x: Array, output: Array, cell: Integers) -> Integers:
        total = _to_16_bits(self.input(x))
        total = _to_16_bits(total + self.recurrent(output))
        if self.peephole is not None:
            share = multiply(self.peephole * cell, *self.peephole_factor)
            total = _to_16_bits(total + share)
        return total if self.norm is None else self.norm(total)


@dataclass(frozen=True, slots=True)
class IntegerCell:
    """A cell ready to `step`; `gates` has None where there is no input gate."""

    gates: tuple[IntegerGate | None, IntegerGate, IntegerGate, IntegerGate]
    exponent: int
    cell_clip: int
    hidden_factor: Factor
    hidden_zero: int
    projection: IntegerProduct | None
    output_zero: int
    proj_clip: int

    def step(self, moment: State, state: State) -> tuple[Array, State]:
        """From (output, cell) of the moment before to those of this one."""
        (x,) = moment
        output, before = state
        cell = before.astype(np.int64)
        input_gate, forget_gate, cell_gate, output_gate = self.gates
        forget = look_up_16(logistic_table(), forget_gate(x, output, cell))
        through = (
            (1 << 15) - 1 - forget
            if input_gate is None
            else look_up_16(logistic_table(), input_gate(x, output, cell))
        )
        fresh = look_up_16(tanh_table(GATE_INTEGER_BITS), cell_gate(x, output, cell))
        cell = divide_by_power_of_two(forget * cell, 15) + divide_by_power_of_two(
            through * fresh, 30 + self.exponent
        )
        cell = _within(_to_16_bits(cell), self.cell_clip)
        share = look_up_16(logistic_table(), output_gate(x, output, cell))
        bent = look_up_16(tanh_table(15 + self.exponent), cell)
        result = self._output(multiply(share * bent, *self.hidden_factor))
        return result, (result, cell.astype(np.int16))

    def _output(self, hidden: Integers) -> Array:
        if self.projection is None:
            return np.clip(hidden + self.hidden_zero, -128, 127).astype(np.int8)
        # The reference kernel centres the hidden values before it narrows them.
        narrow = np.clip(hidden - self.hidden_zero, -128, 127)
        sums = self.projection(narrow) + self.output_zero
        return _within(np.clip(sums, -128, 127), self.proj_clip).astype(np.int8)


def _within(values: Integers, limit: int) -> Integers:
    return np.clip(values, -limit, limit) if limit > 0 else values


def integer_cell(
    node: Node, slots: Slots, options: Options, arrays: Sequence[Array | None]
) -> IntegerCell:
    """The integer cell of `node`, whose inputs have the values `arrays`.

    Raises:
        GraphError: the quantization of a tensor is missing or cannot be computed with.
    """
    return _Builder(node, slots, arrays).cell(options)


@dataclass(frozen=True, slots=True)
class _Builder:
    node: Node
    slots: Slots
    arrays: Sequence[Array | None]

    def cell(self, options: Options) -> IntegerCell:
        slots, node = self.slots, self.node
        hidden_scale, hidden_zero = self._intermediate(HIDDEN)
        cell_scale, _ = parameters(node.input(slots.cell_state))
        _, output_zero = parameters(node.input(slots.output_state))
        exponent = self._exponent(float(cell_scale))
        hidden = np.float32(2.0**-15 / float(hidden_scale) * 2.0**-15)
        has_input_gate = self._array(slots.weights[INPUT]) is not None
        output_scale, _ = parameters(node.output)
        return IntegerCell(
            (
                self._gate(INPUT, exponent) if has_input_gate else None,
                self._gate(1, exponent),
                self._gate(2, exponent),
                self._gate(3, exponent),
            ),
            exponent,
            _quantized_clip(options.cell_clip, cell_scale, (1 << 15) - 1),
            quantize_multiplier(float(hidden)),
            hidden_zero,
            self._projection(hidden_scale, hidden_zero),
            output_zero,
            _quantized_clip(options.proj_clip, output_scale, 127),
        )

    def _gate(self, which: int, exponent: int) -> IntegerGate:
        slots, node = self.slots, self.node
        norm = self._array(slots.norm[which])
        scale = _GATE_SCALE if norm is None else self._intermediate(which)[0]
        bias = None if norm is not None else self._array(slots.bias[which])
        peephole = self._array(slots.peephole[which]) if which != CELL else None
        factor = (0, 0)
        if peephole is not None:
            weight, _ = parameters(node.input(slots.peephole[which]))
            real = np.float32(2.0**exponent * float(weight) / float(scale))
            factor = quantize_multiplier(float(real))
        return IntegerGate(
            self._product(slots.weights[which], node.input(0), scale, bias),
            self._product(
                slots.recurrent[which], node.input(slots.output_state), scale, None
            ),
            None if peephole is None else peephole.astype(np.int64),
            factor,
            None if norm is None else self._norm(which, norm),
        )

    def _product(
        self, index: int, x: Tensor, result: np.float32, bias: Array | None
    ) -> IntegerProduct:
        """The product of `x` with the weights at `index`, in steps of `result`."""
        weights = self._array(index)
        assert weights is not None
        scale, zero_point = parameters(x)
        weight, _ = parameters(self.node.input(index))
        return _with_bias(
            weights, bias, -zero_point, np.float32(weight * scale / result)
        )

    def _projection(
        self, hidden_scale: np.float32, hidden_zero: int
    ) -> IntegerProduct | None:
        slots, node = self.slots, self.node
        weights = self._array(slots.projection)
        if weights is None:
            return None
        weight, _ = parameters(node.input(slots.projection))
        output, _ = parameters(node.input(slots.output_state))
        factor = np.float32(weight * hidden_scale / output)
        bias = self._array(slots.projection_bias)
        return _with_bias(weights, bias, hidden_zero, factor)

    def _norm(self, which: int, weights: Array) -> Norm:
        scale, _ = parameters(self.node.input(self.slots.norm[which]))
        bias = self._array(self.slots.bias[which])
        assert bias is not None
        return Norm(
            weights.astype(np.int64),
            bias.astype(np.int64),
            quantize_multiplier(float(scale)),
            max(1, int(np.float32(10000) * scale)),
        )

    def _array(self, index: int) -> Array | None:
        return self.arrays[index] if 0 <= index < len(self.arrays) else None

    def _intermediate(self, index: int) -> tuple[np.float32, int]:
        intermediates = self.node.intermediates
        if len(intermediates) != HIDDEN + 1:
            raise GraphError(
                f"{self.node.op.name} in int8 has {len(intermediates)} intermediate "
                f"tensors; expected {HIDDEN + 1}"
            )
        return parameters(intermediates[index])

    def _exponent(self, scale: float) -> int:
        """The cell state's scale as a power of two."""
        exponent = round(math.log2(scale))
        if abs(math.log2(scale) - exponent) > 1e-3 or exponent not in _CELL_EXPONENTS:
            raise GraphError(
                f"{self.node.op.name} in int8 has a cell state of scale {scale}; "
                "expected a power of two from 2**-15 to 2**-9"
            )
        return exponent


def _with_bias(
    weights: Array, bias: Array | None, zero_point: int, factor: np.float32
) -> IntegerProduct:
    """A product whose bias has the share of `zero_point` in each sum."""
    start = weights.sum(axis=1, dtype=np.int64) * zero_point
    if bias is not None:
        start = start + bias.astype(np.int64)
    return IntegerProduct(weights, wrap(start), quantize_multiplier(float(factor)))


def _quantized_clip(limit: float, scale: np.float32, most: int) -> int:
    if limit <= 0:
        return 0
    return int(min(np.float32(limit) / scale, np.float32(most)))
