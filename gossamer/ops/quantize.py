"""QUANTIZE, DEQUANTIZE: between real numbers and the integers that stand for them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from gossamer.ir.arithmetic import centered, parameters, rescale
from gossamer.ir.graph import Tensor
from gossamer.ir.op import Free, NotQuantized, Op, operator
from gossamer.ir.types import DType, TensorType, limits_of
from gossamer.nest.expr import F32, I32
from gossamer.ops.broadcasting import single
from gossamer.ops.element_steps import element_step, integer_table_step
from gossamer.ops.integer_steps import (
    Settle,
    centered_lanes,
    is_scaled,
)
from gossamer.ops.reciprocal import reciprocals

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gossamer.ir.graph import Node
    from gossamer.ir.types import Array, Shape
    from gossamer.kernels.step import Step
    from gossamer.nest.build import Nest
    from gossamer.nest.expr import Value
    from gossamer.nest.target import Target
    from gossamer.ops.element_steps import Compute


_FIT_IN_A_LANE = frozenset(
    {
        *(DType.INT2, DType.INT4, DType.INT8, DType.INT16, DType.INT32),
        *(DType.UINT4, DType.UINT8, DType.UINT16),
    }
)
"""Integers that kernels compute with in 32 bits."""


def _is_per_channel(tensor: Tensor) -> bool:
    return tensor.quantization is not None and tensor.quantization.is_per_channel


@operator("QUANTIZE", code=114, options="QuantizeOptions")
class Quantize(Op):
    """Real numbers, or integers of another scale, as the output's integers.

    The output's element type is the output tensor's own; `infer` gives int8, the
    usual one. On real numbers the operator changes nothing.
    """

    output_quantization = Free()
    chooses_type: ClassVar[bool] = True

    def infer(self, *inputs: Tensor | None) -> tuple[TensorType, ...]:
        return (TensorType(DType.INT8, single(self, inputs).shape),)

    def reference(self, *inputs: Any) -> tuple[Array, ...]:
        (x,) = inputs
        return (x,)

    def integer(self, node: Node, *inputs: Any) -> tuple[Array, ...]:
        (x,) = inputs
        y = node.output
        if x.dtype.kind == "f" and y.quantization is not None:
            return (y.quantization.quantize(x, y.dtype),)
        factor = _factor(node)
        return (rescale(y, centered(node.input(0), x), factor),)

    def lower(self, node: Node, target: Target) -> Sequence[Step] | None:
        x, y = node.input(0), node.output
        if is_scaled(x, y):
            return _requantize_step(node, target)
        numbers = _numbers(y, y.shape)
        if x.dtype is not DType.FLOAT32 or numbers is None:
            return None
        limits = limits_of(y.dtype)
        parts = _reciprocals(numbers, limits, target)
        if parts is not None:
            return element_step("quantize", target, (x, *parts), y, _by_product(limits))

        def compute(nest: Nest, value: Value, scale: Value, zero: Value) -> Value:
            return quantize_lanes(nest, value / scale, zero, limits)

        return element_step("quantize", target, (x, *numbers), y, compute)

    def version(self, node: Node) -> int:
        if DType.INT4 in (node.input(0).dtype, node.output.dtype):
            return 4
        if _is_per_channel(node.output):
            return 3
        return 2 if node.output.dtype is DType.INT16 else 1


@operator("DEQUANTIZE", code=6, options="DequantizeOptions")
class Dequantize(Op):
    """Integers, or float16 numbers, as float32."""

    output_quantization = NotQuantized()
    chooses_type: ClassVar[bool] = True

    def infer(self, *inputs: Tensor | None) -> tuple[TensorType, ...]:
        return (TensorType(DType.FLOAT32, single(self, inputs).shape),)

    def reference(self, *inputs: Any) -> tuple[Array, ...]:
        (x,) = inputs
        return (x.astype(np.float32),)

    def integer(self, node: Node, *inputs: Any) -> tuple[Array, ...]:
        (x,) = inputs
        quantization = node.input(0).quantization
        if quantization is None or x.dtype.kind == "f":
            return self.reference(x)
        return (quantization.dequantize(x),)

    def lower(self, node: Node, target: Target) -> Sequence[Step] | None:
        x, y = node.input(0), node.output
        if y.dtype is not DType.FLOAT32:
            return None
        if x.dtype.is_float:
            return element_step("widen", target, (x,), y, _same)
        numbers = _numbers(x, y.shape)
        if numbers is None or x.dtype not in _FIT_IN_A_LANE:
            return None
        return element_step("dequantize", target, (x, *numbers), y, _dequantize_lanes)

    def version(self, node: Node) -> int:
        x = node.input(0)
        if x.dtype is DType.INT4:
            return 6
        if x.dtype in (DType.INT16, DType.FLOAT16):
            return 3
        if x.dtype is DType.INT8:
            return 5 if _is_per_channel(x) else 2
        return 1


def _requantize_step(node: Node, target: Target) -> Sequence[Step] | None:
    x, y = node.input(0), node.output
    if target.looks_up_bytes and x.dtype.bits == y.dtype.bits == _BYTE:
        return integer_table_step(node, target)
    settle = Settle.of(node, _factor(node), "none")

    def compute(nest: Nest, value: Value) -> Value:
        return settle.apply(nest, centered_lanes(nest, value, x))

    return element_step("requantize", target, (x,), y, compute)


_BYTE = 8


def _factor(node: Node) -> float:
    """From the input's scale to the output's."""
    return float(parameters(node.input(0))[0]) / float(parameters(node.output)[0])


def _numbers(tensor: Tensor, shape: Shape) -> tuple[Tensor, Tensor] | None:
    """Scale and zero point as tensors that stretch over `shape`, where there are any.

    They are float32 and int32, of one element or of one for each channel.
    """
    q = tensor.quantization
    if q is None or not q.scale.size or not np.all(q.scale > 0):
        return None
    count = q.scale.size
    places = [1] * len(shape)
    if count > 1:
        if not -len(shape) <= q.axis < len(shape) or shape[q.axis] != count:
            return None
        places[q.axis] = count
    zeros = q.zero_point if q.zero_point.size else np.zeros(1, np.int64)
    if zeros.size not in (1, count):
        return None
    wide = np.broadcast_to(zeros, (count,)).astype(np.int32)
    return (
        _constant("scale", q.scale.astype(np.float32).reshape(places)),
        _constant("zero_point", wide.reshape(places)),
    )


def _constant(name: str, array: Array) -> Tensor:
    return Tensor(name, TensorType(DType.of_numpy(array.dtype), array.shape), array)


def _same(nest: Nest, value: Value) -> Value:  # noqa: ARG001
    return value


def _dequantize_lanes(
    nest: Nest, value: Value, scale: Value, zero_point: Value
) -> Value:
    return nest.convert(value - zero_point, F32.of(value.kind.lanes)) * scale


def _reciprocals(
    numbers: tuple[Tensor, Tensor], limits: tuple[int, int], target: Target
) -> tuple[Tensor, Tensor, Tensor] | None:
    """Both parts of 1 / scale, and the zero point, where that serves as well."""
    scale, zero = numbers
    assert scale.data is not None
    assert zero.data is not None
    if "+fma" not in target.features.split(","):
        return None
    if zero.data.min() < limits[0] or zero.data.max() > limits[1]:
        return None
    found = reciprocals(scale.data, limits[1] - limits[0])
    if found is None:
        return None
    return _constant("reciprocal", found[0]), _constant("rest", found[1]), zero


def _by_product(limits: tuple[int, int]) -> Compute:
    def compute(
        nest: Nest, value: Value, high: Value, low: Value, zero: Value
    ) -> Value:
        return quantize_lanes(nest, nest.fma(value, high, value * low), zero, limits)

    return compute


def quantize_lanes(
    nest: Nest, scaled: Value, zero_point: Value, limits: tuple[int, int]
) -> Value:
    """Float lanes as int32 within limits, halves away from zero.

    What is not a number becomes the least.
    """
    kind = I32.of(scaled.kind.lanes)
    # Far beyond 16 bits nothing changes any more, and the conversion stays defined.
    scaled = nest.minimum(nest.maximum(scaled, -1e6), 1e6)
    half = nest.bits((nest.bits(scaled, kind) & _SIGN) | _HALF, scaled.kind)
    moved = nest.convert(scaled + half, kind) + zero_point
    return nest.minimum(nest.maximum(moved, limits[0]), limits[1])


_SIGN = -(2**31)
_HALF = 0x3EFFFFFF
"""The bits of the float32 below 0.5: 0.5 itself would round 0.49999997 up."""
