"""MEAN, SUM, REDUCE_PROD, REDUCE_MAX, REDUCE_MIN: fold some axes into one number."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from gossamer.ir.arithmetic import (
    centered,
    multiply,
    multiply_wide,
    parameters,
    quantize_multiplier,
    settle,
    wrap,
)
from gossamer.ir.op import Free, Op, SameAsInput, operator, require
from gossamer.ir.types import DType, TensorType
from gossamer.kernels.rows.reduce import folding, reduce
from gossamer.kernels.rows.reduce_arithmetic import (
    ALL,
    ANY,
    FloatSum,
    Joined,
    ScaledProduct,
    ScaledSum,
    WholeMean,
)
from gossamer.kernels.step import Step
from gossamer.nest.build import Nest
from gossamer.ops.broadcasting import pair
from gossamer.ops.stored import PLAIN, STORED, WHOLE, is_quantized

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gossamer.ir.graph import Node, Tensor
    from gossamer.ir.types import Array, Shape
    from gossamer.kernels.rows.reduce import ReduceArithmetic
    from gossamer.nest.target import Target


_ORDERED = {**PLAIN, **{dtype: stored.kind for dtype, stored in STORED.items()}}


class Reduce(Op):
    """What the reductions share. Inputs: x, and the axes to fold (int32)."""

    __slots__ = ()

    if TYPE_CHECKING:
        keep_dims: bool

    def infer(self, *inputs: Tensor | None) -> tuple[TensorType, ...]:
        x, axes = pair(self, inputs)
        require(
            axes.dtype in (DType.INT32, DType.INT64),
            self,
            f"the axes '{axes.name}' are {axes.dtype.title}; expected int32",
        )
        return (TensorType(x.dtype, self._shape(x.shape, axes)),)

    def _shape(self, shape: Shape, axes: Tensor) -> Shape:
        if axes.data is None:
            left = len(shape) if self.keep_dims else len(shape) - axes.type.size
            return (-1,) * max(0, left)
        folded = self.axes(len(shape), axes.data)
        if self.keep_dims:
            return tuple(1 if i in folded else dim for i, dim in enumerate(shape))
        return tuple(dim for i, dim in enumerate(shape) if i not in folded)

    def axes(self, rank: int, axes: Array) -> tuple[int, ...]:
        """The axes to fold, counted from the front, each once, in order.

        Raises:
            GraphError: an axis lies outside the input's rank.
        """
        if rank == 0:
            return ()
        given = [int(axis) for axis in np.asarray(axes).reshape(-1)]
        for axis in given:
            require(
                -rank <= axis < rank,
                self,
                f"axis {axis} lies outside an input of rank {rank}",
            )
        return tuple(sorted({axis % rank for axis in given}))

    def lower(self, node: Node, target: Target) -> Sequence[Step] | None:
        x, axes, y = node.input(0), node.input(1), node.output
        if axes.data is None or not x.type.size:
            return None
        folded = self.axes(len(x.shape), axes.data)
        arithmetic = self.arithmetic(node, _count(x.shape, folded))
        if arithmetic is None:
            return None
        shape = folding(x.shape, folded)
        nest = Nest("reduce", target)
        reduce(nest, shape, arithmetic, nest.pointer(), nest.pointer())
        return [Step(nest.finish(), (x, y), shape.units, (1,))]

    def arithmetic(self, node: Node, count: int) -> ReduceArithmetic | None:
        """How the kernel folds `count` elements; None for types without a kernel."""
        return None

    def version(self, node: Node) -> int:
        return {DType.INT8: 2, DType.INT16: 3}.get(node.input(0).dtype, 1)

    def _sums(self, node: Node, x: Array, axes: Array) -> tuple[Array, int]:
        """Centred sums in 32 bits, and how many elements each holds."""
        folded = self.axes(x.ndim, axes)
        values = centered(node.input(0), x)
        sums = values.sum(axis=folded, keepdims=self.keep_dims)
        return wrap(sums), _count(x.shape, folded)


def _count(shape: Shape, folded: tuple[int, ...]) -> int:
    return int(np.prod([shape[axis] for axis in folded], dtype=np.int64))


@operator("MEAN", code=40, options="ReducerOptions")
class Mean(Reduce):
    """The mean; of plain integers it is cut towards zero."""

    keep_dims: bool = False

    output_quantization = Free()

    def reference(self, *inputs: Any) -> tuple[Array, ...]:
        x, axes = inputs
        folded = self.axes(x.ndim, axes)
        count = _count(x.shape, folded)
        if x.dtype.kind == "f":
            total = x.sum(axis=folded, keepdims=self.keep_dims, dtype=x.dtype)
            divisor = x.dtype.type(count) if count else x.dtype.type(np.nan)
            return (np.asarray(total / divisor, x.dtype),)
        total = x.sum(axis=folded, keepdims=self.keep_dims, dtype=np.int64)
        mean = np.sign(total) * (np.abs(total) // max(1, count))
        return (np.asarray(mean).astype(x.dtype),)

    def integer(self, node: Node, *inputs: Any) -> tuple[Array, ...]:
        x, axes = inputs
        if x.dtype.kind == "f" or not x.size or not node.output.is_quantized:
            return self.reference(x, axes)
        sums, count = self._sums(node, x, axes)
        return (settle(node.output, multiply(sums, *mean_factor(node, count))),)

    def arithmetic(self, node: Node, count: int) -> ReduceArithmetic | None:
        dtype = node.input(0).dtype
        if dtype is DType.FLOAT32:
            return FloatSum(float(count))
        if not node.output.is_quantized and dtype in WHOLE:
            return WholeMean(count, WHOLE[dtype])
        if not is_quantized(node.input(0), node.output):
            return None
        return _scaled_sum(node, count, mean_factor(node, count))


def mean_factor(node: Node, count: int) -> tuple[int, int]:
    """The factor from a sum of `count` centred integers to the output's mean."""
    in_scale, _ = parameters(node.input(0))
    out_scale, _ = parameters(node.output)
    multiplier, shift = quantize_multiplier(float(in_scale) / float(out_scale))
    # The division moves into the multiplier, kept as wide as 64 bits allow.
    extra = min(count.bit_length() - 1, 32, 31 + shift)
    return (multiplier << extra) // count, shift - extra


@operator("SUM", code=74, options="ReducerOptions")
class Sum(Reduce):
    """The sum; integers wrap around."""

    keep_dims: bool = False

    output_quantization = Free()

    def reference(self, *inputs: Any) -> tuple[Array, ...]:
        x, axes = inputs
        folded = self.axes(x.ndim, axes)
        y = x.sum(axis=folded, keepdims=self.keep_dims, dtype=x.dtype)
        return (np.asarray(y, x.dtype),)

    def integer(self, node: Node, *inputs: Any) -> tuple[Array, ...]:
        x, axes = inputs
        if x.dtype.kind == "f" or not node.output.is_quantized:
            return self.reference(x, axes)
        sums, _ = self._sums(node, x, axes)
        return (settle(node.output, multiply(sums, *sum_factor(node))),)

    def version(self, node: Node) -> int:
        return {DType.INT8: 2, DType.INT16: 2}.get(node.input(0).dtype, 1)

    def arithmetic(self, node: Node, count: int) -> ReduceArithmetic | None:
        dtype = node.input(0).dtype
        if dtype is DType.FLOAT32:
            return FloatSum()
        if dtype is DType.BOOL:
            return ANY
        if not node.output.is_quantized and dtype in WHOLE:
            return Joined("add", 0, WHOLE[dtype])
        if not is_quantized(node.input(0), node.output):
            return None
        return _scaled_sum(node, count, sum_factor(node))


def sum_factor(node: Node) -> tuple[int, int]:
    """The factor from a sum of centred integers to the output's."""
    in_scale, _ = parameters(node.input(0))
    out_scale, _ = parameters(node.output)
    return quantize_multiplier(float(in_scale) / float(out_scale))


def _scaled_sum(node: Node, count: int, factor: tuple[int, int]) -> ScaledSum:
    _, zero_in = parameters(node.input(0))
    _, zero_out = parameters(node.output)
    stored = STORED[node.input(0).dtype]
    return ScaledSum(stored, zero_in * count, *factor, zero_out)


@operator("REDUCE_PROD", code=81, options="ReducerOptions")
class ReduceProd(Reduce):
    """The product; plain integers wrap around."""

    keep_dims: bool = False

    output_quantization = Free()

    def reference(self, *inputs: Any) -> tuple[Array, ...]:
        x, axes = inputs
        folded = self.axes(x.ndim, axes)
        y = x.prod(axis=folded, keepdims=self.keep_dims, dtype=x.dtype)
        return (np.asarray(y, x.dtype),)

    def integer(self, node: Node, *inputs: Any) -> tuple[Array, ...]:
        x, axes = inputs
        if x.dtype.kind == "f" or not node.output.is_quantized:
            return self.reference(x, axes)
        folded = self.axes(x.ndim, axes)
        count = max(1, _count(x.shape, folded))
        factor = product_factor(node, count)
        shape = np.sum(x, axis=folded, keepdims=self.keep_dims).shape
        rest = [axis for axis in range(x.ndim) if axis not in folded]
        values = centered(node.input(0), x).transpose(*rest, *folded)
        columns = values.reshape(-1, count)
        product = columns[:, 0]
        for index in range(1, count):
            product = wrap(multiply_wide(product * columns[:, index], *factor))
        return (settle(node.output, multiply_wide(product, *factor)).reshape(shape),)

    def version(self, node: Node) -> int:
        return {DType.INT8: 2, DType.INT16: 2}.get(node.input(0).dtype, 1)

    def arithmetic(self, node: Node, count: int) -> ReduceArithmetic | None:
        dtype = node.input(0).dtype
        plain = PLAIN.get(dtype)
        if dtype is DType.BOOL:
            return ALL
        if plain is not None and not node.output.is_quantized:
            return Joined("mul", 1, plain)
        stored = STORED.get(dtype)
        if stored is None or not is_quantized(node.input(0), node.output):
            return None
        multiplier, shift = product_factor(node, count)
        reduced = (multiplier + (1 << 15)) >> 16 if multiplier < 0x7FFF0000 else 0x7FFF
        _, zero_in = parameters(node.input(0))
        _, zero_out = parameters(node.output)
        if not 1 <= 15 - shift < 63:
            return None
        return ScaledProduct(stored, zero_in, reduced, 15 - shift, zero_out)


def product_factor(node: Node, count: int) -> tuple[int, int]:
    """The factor of each of `count` centred integers that are multiplied."""
    in_scale, _ = parameters(node.input(0))
    out_scale, _ = parameters(node.output)
    # Each factor takes its share of the output's scale, or products overflow.
    return quantize_multiplier(float(in_scale) / float(out_scale) ** (1 / count))


def _limits(dtype: np.dtype[Any]) -> tuple[Any, Any]:
    """The least and greatest value of a type."""
    if dtype.kind == "b":
        return False, True
    if dtype.kind == "f":
        return np.finfo(dtype).min, np.finfo(dtype).max
    return np.iinfo(dtype).min, np.iinfo(dtype).max


@operator("REDUCE_MAX", code=82, options="ReducerOptions")
class ReduceMax(Reduce):
    """The greatest element; of no elements, the least number of the type."""

    keep_dims: bool = False

    output_quantization = SameAsInput()

    def reference(self, *inputs: Any) -> tuple[Array, ...]:
        x, axes = inputs
        folded = self.axes(x.ndim, axes)
        least, _ = _limits(x.dtype)
        return (np.asarray(x.max(folded, keepdims=self.keep_dims, initial=least)),)

    def integer(self, node: Node, *inputs: Any) -> tuple[Array, ...]:
        return self.reference(*inputs)

    def arithmetic(self, node: Node, count: int) -> ReduceArithmetic | None:
        return _extreme(node.input(0).dtype, greatest=True)


@operator("REDUCE_MIN", code=89, options="ReducerOptions")
class ReduceMin(Reduce):
    """The least element; of no elements, the greatest number of the type."""

    keep_dims: bool = False

    output_quantization = SameAsInput()

    def reference(self, *inputs: Any) -> tuple[Array, ...]:
        x, axes = inputs
        folded = self.axes(x.ndim, axes)
        _, greatest = _limits(x.dtype)
        return (np.asarray(x.min(folded, keepdims=self.keep_dims, initial=greatest)),)

    def integer(self, node: Node, *inputs: Any) -> tuple[Array, ...]:
        return self.reference(*inputs)

    def arithmetic(self, node: Node, count: int) -> ReduceArithmetic | None:
        return _extreme(node.input(0).dtype, greatest=False)


def _extreme(dtype: DType, *, greatest: bool) -> ReduceArithmetic | None:
    """What finds the greatest or the least element of a type."""
    if dtype is DType.BOOL:
        return ANY if greatest else ALL
    kind = _ORDERED.get(dtype)
    if kind is None:
        return None
    sign = "" if kind.is_float else "s" if dtype is not DType.UINT8 else "u"
    low, high = _limits(dtype.numpy)
    op, first = ("max", low) if greatest else ("min", high)
    return Joined(sign + op, first.item() if kind.is_float else int(first), kind)
