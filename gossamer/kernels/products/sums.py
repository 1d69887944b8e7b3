"""The arithmetics of placed products: float, int8 and its kin, dynamic range."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from gossamer.kernels.products.epilogue import FloatEpilogue, IntegerEpilogue
from gossamer.kernels.products.hybrid import HybridEpilogue
from gossamer.kernels.products.multiply import FloatMultiply, Multiply
from gossamer.kernels.products.pack import pad_columns
from gossamer.kernels.step import Argument, Constant

if TYPE_CHECKING:
    import numpy.typing as npt

    from gossamer.kernels.arithmetic.integer_output import IntegerOutput
    from gossamer.kernels.products.gemm import Epilogue
    from gossamer.kernels.products.product import Gemm
    from gossamer.nest.build import Nest
    from gossamer.nest.expr import Value


@dataclass(frozen=True, slots=True)
class FloatSums:
    """float32 in and out; the bias is one number per column.

    `computed` is where it lies if only running the model tells it.
    """

    bias: npt.NDArray[np.float32] | None
    limits: tuple[float, float]
    computed: Argument | None = None
    name: str = "product_f32"
    packs_rows: bool = False
    parts: int = 1

    @property
    def multiply(self) -> Multiply:
        return FloatMultiply()

    def fitted(self, weights: npt.NDArray[Any]) -> FloatSums:
        """The same: nothing here depends on the weights."""
        return self

    def part(self, columns: slice) -> FloatSums:
        """The same for some of the columns."""
        if self.bias is None:
            return self
        return replace(self, bias=self.bias[columns])

    def arguments(self, plan: Gemm) -> list[Argument]:
        if self.computed is not None:
            return [self.computed]
        return [] if self.bias is None else [Constant(pad_columns(self.bias, plan))]

    def epilogue(self, nest: Nest, pointers: list[Value]) -> Epilogue:
        return FloatEpilogue(pointers[0] if pointers else None, self.limits)


@dataclass(frozen=True, slots=True)
class IntegerSums:
    """Eight bits in and out; `start` is what the sums begin with, before `fitted`.

    Inputs are `lift` above what they stand for. With `unsigned` the output is stored
    as uint8, 128 above the int8 of `output`.
    """

    multiply: Multiply
    start: npt.NDArray[np.int64]
    lift: int
    output: IntegerOutput
    unsigned: bool = False
    name: str = "product_i8"
    packs_rows: bool = True
    parts: int = 1

    def fitted(self, weights: npt.NDArray[Any]) -> IntegerSums:
        """The same for weights (columns, runs, elements)."""
        start = self.start - self.lift * weights.sum(axis=(1, 2), dtype=np.int64)
        return replace(self, start=start, lift=0)

    def part(self, columns: slice) -> IntegerSums:
        """The same for some of the columns."""
        output = self.output.part(columns)
        return replace(self, start=self.start[columns], output=output)

    def arguments(self, plan: Gemm) -> list[Argument]:
        columns = (self.start.astype(np.int32), *self.output.constants())
        return [Constant(pad_columns(array, plan)) for array in columns]

    def epilogue(self, nest: Nest, pointers: list[Value]) -> Epilogue:
        factors = self.output.factors(pointers[1:])
        low, high = self.output.low, self.output.high
        return IntegerEpilogue(pointers[0], factors, low, high, self.unsigned)


@dataclass(frozen=True, slots=True)
class HybridSums:
    """Floats quantized item by item, int8 weights, floats out.

    `parameters` is where the items' scales and zero points lie; `weight_sums` are
    needed unless the items carry their zero point no longer. `rows` of the product
    come from one item.
    """

    multiply: Multiply
    parameters: Argument
    scales: npt.NDArray[np.float32]
    weight_sums: npt.NDArray[np.int32] | None
    bias: npt.NDArray[np.float32] | None
    limits: tuple[float, float]
    items: int
    rows: int
    needs_sums: bool = False
    lift: int = 128
    name: str = "product_hybrid"
    packs_rows: bool = False
    parts: int = 1

    def fitted(self, weights: npt.NDArray[Any]) -> HybridSums:
        """The same for weights (columns, runs, elements)."""
        if not self.needs_sums:
            return self
        return replace(self, weight_sums=weights.sum(axis=(1, 2), dtype=np.int32))

    def part(self, columns: slice) -> HybridSums:
        """The same for some of the columns."""
        sums, bias = self.weight_sums, self.bias
        return replace(
            self,
            scales=self.scales[columns],
            weight_sums=None if sums is None else sums[columns],
            bias=None if bias is None else bias[columns],
        )

    def arguments(self, plan: Gemm) -> list[Argument]:
        given = (self.scales, self.weight_sums, self.bias)
        columns = [pad_columns(array, plan) for array in given if array is not None]
        return [self.parameters, *(Constant(array) for array in columns)]

    def epilogue(self, nest: Nest, pointers: list[Value]) -> Epilogue:
        rest = iter(pointers[2:])
        sums = None if self.weight_sums is None else next(rest)
        bias = None if self.bias is None else next(rest)
        limits, items, rows = self.limits, self.items, self.rows
        scales = (pointers[0], pointers[1], sums, bias)
        return HybridEpilogue(*scales, limits, items, rows, lift=self.lift)
