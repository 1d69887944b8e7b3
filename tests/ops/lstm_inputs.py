"""Inputs of LSTM operators: weights, biases and states of every kind of cell."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tests.ops.contract import Constant, Variable
from tests.ops.values import floats, scale

if TYPE_CHECKING:
    from gossamer.ir.quantization import Quantization

INPUT_SCALE = scale(0.05, 4)
OUTPUT_SCALE = scale(0.01, -3)
CELL_SCALE = scale(2.0**-11)
HIDDEN_SCALE = scale(0.008, 5)
NORM_SCALE = scale(2.0**-10, 0)


@dataclass(frozen=True)
class Sizes:
    """Of a cell: batch, inputs, cells, outputs."""

    batch: int
    inputs: int
    cells: int
    outputs: int


@dataclass(frozen=True)
class Kind:
    """Which of the optional parts a cell has, and the type of its weights."""

    weights: str = "float32"
    cifg: bool = False
    peephole: bool = False
    projection: bool = False
    projection_bias: bool = False
    norm: bool = False
    diagonal: bool = False
    seed: int = 0

    @property
    def is_integer(self) -> bool:
        """Whether activations are int8, not only the weights."""
        return self.weights == "integer"

    def __str__(self) -> str:
        names = ("cifg", "peephole", "projection", "projection_bias", "norm")
        parts = [each for each in (*names, "diagonal") if getattr(self, each)]
        return "-".join([self.weights, *parts])


class Maker:
    """Makes one input after the other, each with a seed of its own."""

    def __init__(self, kind: Kind, sizes: Sizes) -> None:
        self.kind = kind
        self.sizes = sizes
        self._seed = kind.seed * 1000

    def values(self, *shape: int, reach: float = 1.0):
        self._seed += 1
        return floats(*shape, seed=self._seed, reach=reach)

    def matrix(self, rows: int, columns: int) -> Constant:
        """Weights as the kind has them; each matrix has a scale of its own."""
        return self._stored(self.values(rows, columns))

    def _stored(self, array) -> Constant:
        if self.kind.weights == "float32":
            return Constant(array)
        step = float(np.abs(array).max(initial=0.01)) / 127
        quantized = np.clip(np.round(array / step), -127, 127).astype(np.int8)
        if self.kind.weights == "uint8":
            return Constant(quantized.view(np.uint8), scale(step))
        return Constant(quantized, scale(step))

    def peephole(self) -> Constant:
        array = self.values(self.sizes.cells)
        if not self.kind.is_integer:
            return self._stored(array)
        return Constant(np.round(array * 20000).astype(np.int16), scale(1 / 20000))

    def recurrent(self) -> Constant:
        if self.kind.diagonal:
            return Constant(self.values(self.sizes.cells))
        return self.matrix(self.sizes.cells, self.sizes.outputs)

    def bias(self, size: int) -> Constant:
        array = self.values(size)
        if self.kind.is_integer:
            return Constant(np.round(array * 400).astype(np.int32), scale(1e-3))
        return Constant(array)

    def norm(self) -> Constant:
        array = self.values(self.sizes.cells) + np.float32(1)
        if self.kind.is_integer:
            return Constant(np.round(array * 9000).astype(np.int16), scale(1 / 9000))
        return Constant(array)

    def gates(self, make, *, without: bool = False, present: bool = True) -> list:
        """A list of four, the input gate's left out in a cell of that kind."""
        if not present:
            return [None] * 4
        first = None if self.kind.cifg or without else make()
        return [first, make(), make(), make()]

    def cell(self) -> list:
        """The 17 inputs of a cell, from the input gate's weights on."""
        kind, sizes = self.kind, self.sizes
        peephole = [None if kind.cifg else self.peephole(), *self._two_peepholes()]
        return [
            *self.gates(lambda: self.matrix(sizes.cells, sizes.inputs)),
            *self.gates(self.recurrent),
            *(peephole if kind.peephole else [None] * 3),
            *self.gates(lambda: self.bias(sizes.cells)),
            self.matrix(sizes.outputs, sizes.cells) if kind.projection else None,
            self.bias(sizes.outputs) if kind.projection_bias else None,
        ]

    def _two_peepholes(self) -> list:
        return [self.peephole(), self.peephole()]

    def states(self) -> list:
        """Outputs and cells before the first moment, not zero."""
        output = self.values(self.sizes.batch, self.sizes.outputs)
        cell = self.values(self.sizes.batch, self.sizes.cells)
        if not self.kind.is_integer:
            return [Variable(output), Variable(cell)]
        return [
            Variable(np.round(output * 60).astype(np.int8), OUTPUT_SCALE),
            Variable(np.round(cell * 4000).astype(np.int16), CELL_SCALE),
        ]

    def norms(self) -> list:
        return self.gates(self.norm, present=self.kind.norm)


def intermediates(kind: Kind) -> tuple[Quantization, ...]:
    """The quantizations of the tensors inside an integer cell."""
    if not kind.is_integer:
        return ()
    return (*[NORM_SCALE] * 4, HIDDEN_SCALE)
