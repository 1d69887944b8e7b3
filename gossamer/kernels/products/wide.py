"""Products of int16 inputs with int8 weights, and their 64-bit sums.

Sums are int32 in the loop: the weights tell whether they can overflow, and a column
whose sum can is split into several. What follows is exact in float64: a sum of less
than 2**36 times a factor of 16 bits has 52.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from gossamer.kernels.arithmetic.requantize import round_away
from gossamer.kernels.products.multiply import Multiply, PairMultiply
from gossamer.kernels.products.pack import pad_columns
from gossamer.kernels.step import Argument, Constant
from gossamer.nest.expr import F64, I16, I32, Value

if TYPE_CHECKING:
    import numpy.typing as npt

    from gossamer.kernels.arithmetic.integer_output import IntegerOutput
    from gossamer.kernels.arithmetic.requantize import Factors
    from gossamer.kernels.products.gemm import Epilogue, Place
    from gossamer.kernels.products.product import Gemm, Tile
    from gossamer.nest.build import Nest

GREATEST_BIAS = 1 << 35
"""Sums and a bias below this stay exact."""
_GREATEST_INPUT = 1 << 15


def parts_needed(weights: npt.NDArray[Any], most: int = 4) -> int | None:
    """Sums per column so that none overflows for any int16; None where too many.

    `weights` are (columns, runs, elements); shares are those of `split_columns`.
    """
    flat = np.abs(weights.reshape(len(weights), -1).astype(np.int64))
    size = flat.shape[1]
    for parts in range(1, most + 1):
        bounds = [size * part // parts for part in range(parts + 1)]
        shares = [
            flat[:, low:high].sum(axis=1).max(initial=0)
            for low, high in pairwise(bounds)
        ]
        if max(shares) * _GREATEST_INPUT < 1 << 31:
            return parts
    return None


@dataclass(frozen=True, slots=True)
class WideFactors:
    """float64 biases and factors behind pointers, one per column.

    `away`: halves are rounded away from zero, else up.
    """

    biases: Value
    factors: Value
    away: bool
    low: int
    high: int

    def finish(self, nest: Nest, sums: list[Value], column: Value) -> Value:
        """The sums of one column vector, int32 or float64, added and scaled; int32."""
        kind = F64.of(sums[0].kind.lanes)
        total = nest.load(kind, self.biases, column)
        for each in sums:
            total = total + nest.convert(each, kind)
        real = total * nest.load(kind, self.factors, column)
        real = nest.minimum(nest.maximum(real, float(self.low)), float(self.high))
        return round_away(nest, real) if self.away else round_up(nest, real)


def round_up(nest: Nest, real: Value) -> Value:
    """float64 lanes to the nearest int32, halves up."""
    kind = I32.of(real.kind.lanes)
    moved = real + 0.5
    whole = nest.convert(moved, kind)
    over = nest.compare("lt", moved, nest.convert(whole, real.kind))
    one, none = nest.constant(1, kind), nest.constant(0, kind)
    return whole - nest.select(over, one, none)


@dataclass(frozen=True, slots=True)
class WideEpilogue:
    """int32 sums to int16 by float64 factors; several sums may make a column."""

    factors: WideFactors
    parts: int
    output_bytes: int = 2

    def start(self, nest: Nest, column: Value, tile: Tile) -> list[Value]:
        return [nest.zero(tile.lanes, I32)] * tile.vectors

    def finish(
        self, nest: Nest, sums: list[list[Value]], place: Place, tile: Tile
    ) -> None:
        first = place.column // self.parts if self.parts > 1 else place.column
        for group in range(tile.vectors // self.parts):
            last = (group + 1) * self.parts
            column = first + group * tile.lanes
            for row, vectors in enumerate(sums):
                together = vectors[last - self.parts : last]
                value = self.factors.finish(nest, together, column)
                address = nest.offset(
                    place.corner, row * place.pitch + group * tile.lanes * 2
                )
                small = nest.convert(value, I16.of(tile.lanes))
                nest.store(small, address, 0, tile.valid(last - 1))


@dataclass(frozen=True, slots=True)
class WideSums:
    """int16 in and out, sums of 64 bits; `factors` and `bias` are per column."""

    bias: npt.NDArray[np.float64]
    factors: npt.NDArray[np.float64]
    away: bool
    low: int
    high: int
    parts: int = 1
    name: str = "product_i16"
    packs_rows: bool = False

    @property
    def multiply(self) -> Multiply:
        return PairMultiply()

    def fitted(self, weights: npt.NDArray[Any]) -> WideSums | None:
        """The same with as many sums as these weights need; None for too many."""
        parts = parts_needed(weights)
        return None if parts is None else replace(self, parts=parts)

    def part(self, columns: slice) -> WideSums:
        """The same for some of the columns."""
        return replace(self, bias=self.bias[columns], factors=self.factors[columns])

    def arguments(self, plan: Gemm) -> list[Argument]:
        whole = -(-len(self.bias) // plan.lanes) * plan.lanes
        arrays = [np.zeros(whole), np.zeros(whole)]
        for filled, given in zip(arrays, (self.bias, self.factors), strict=True):
            filled[: len(given)] = given
        return [Constant(array) for array in arrays]

    def epilogue(self, nest: Nest, pointers: list[Value]) -> Epilogue:
        biases, factors = pointers
        scaling = WideFactors(biases, factors, self.away, self.low, self.high)
        return WideEpilogue(scaling, self.parts)


@dataclass(frozen=True, slots=True)
class ShortEpilogue:
    """int32 sums that start from a bias to int16, rounded twice."""

    bias: Value
    factors: Factors
    low: int
    high: int
    output_bytes: int = 2

    def start(self, nest: Nest, column: Value, tile: Tile) -> list[Value]:
        first = nest.offset(self.bias, column, I32)
        return [
            nest.load(I32.of(tile.lanes), first, v * tile.lanes)
            for v in range(tile.vectors)
        ]

    def finish(
        self, nest: Nest, sums: list[list[Value]], place: Place, tile: Tile
    ) -> None:
        for v in range(tile.vectors):
            apply = self.factors.load(nest, place.column + v * tile.lanes, tile.lanes)
            for row, vectors in enumerate(sums):
                value = nest.minimum(apply(vectors[v]), self.high)
                small = nest.convert(nest.maximum(value, self.low), I16.of(tile.lanes))
                address = nest.offset(
                    place.corner, row * place.pitch + v * tile.lanes * 2
                )
                nest.store(small, address, 0, tile.valid(v))


@dataclass(frozen=True, slots=True)
class ShortSums:
    """int16 in and out, sums of 32 bits that wrap around."""

    start: npt.NDArray[np.int32]
    output: IntegerOutput
    name: str = "product_i16_short"
    packs_rows: bool = False
    parts: int = 1

    @property
    def multiply(self) -> Multiply:
        return PairMultiply()

    def fitted(self, weights: npt.NDArray[Any]) -> ShortSums:
        """The same: sums may wrap around."""
        return self

    def part(self, columns: slice) -> ShortSums:
        """The same for some of the columns."""
        output = self.output.part(columns)
        return replace(self, start=self.start[columns], output=output)

    def arguments(self, plan: Gemm) -> list[Argument]:
        columns = (self.start, *self.output.constants())
        return [Constant(pad_columns(array, plan)) for array in columns]

    def epilogue(self, nest: Nest, pointers: list[Value]) -> Epilogue:
        factors = self.output.factors(pointers[1:])
        return ShortEpilogue(pointers[0], factors, self.output.low, self.output.high)
