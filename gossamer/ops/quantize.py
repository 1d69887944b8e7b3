"""QUANTIZE, DEQUANTIZE: between real numbers and the integers that stand for them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from gossamer.ir.arithmetic import centered, parameters, rescale
from gossamer.ir.op import Free, NotQuantized, Op, operator
from gossamer.ir.types import DType, TensorType
from gossamer.nest.expr import F32, I32
from gossamer.ops.broadcasting import single
from gossamer.ops.element_steps import element_step
from gossamer.ops.integer_steps import Settle, centered_lanes, is_int8

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gossamer.ir.graph import Node, Tensor
    from gossamer.ir.types import Array
    from gossamer.kernels.step import Step
    from gossamer.nest.build import Nest
    from gossamer.nest.expr import Value
    from gossamer.nest.target import Target


def _is_per_channel(tensor: Tensor) -> bool:
    return tensor.quantization is not None and tensor.quantization.is_per_channel


@operator("QUANTIZE", code=114, options="QuantizeOptions")
class Quantize(Op):
    """Real numbers, or integers of another scale, as the output's integers.

    The output's element type is the output tensor's own; `infer` gives int8, the
    usual one. On real numbers the operator changes nothing.
    """

    output_quantization = Free()

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
        in_scale, _ = parameters(node.input(0))
        factor = float(in_scale) / float(parameters(y)[0])
        return (rescale(y, centered(node.input(0), x), factor),)

    def lower(self, node: Node, target: Target) -> Sequence[Step] | None:
        x, y = node.input(0), node.output
        if is_int8(x, y):
            factor = float(parameters(x)[0]) / float(parameters(y)[0])
            settle_ = Settle.of(node, factor, "none")
            return element_step(
                "requantize",
                target,
                (x,),
                y,
                lambda nest, value: settle_.apply(nest, centered_lanes(nest, value, x)),
            )
        if x.dtype is not DType.FLOAT32 or not is_int8(y):
            return None
        scale, zero_point = parameters(y)
        return element_step(
            "quantize",
            target,
            (x,),
            y,
            lambda nest, value: quantize_lanes(nest, value, float(scale), zero_point),
        )

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
        if x.dtype is DType.FLOAT16:
            return element_step("widen", target, (x,), y, _to_float)
        if not is_int8(x):
            return None
        scale = float(parameters(x)[0])

        def compute(nest: Nest, value: Value) -> Value:
            return _to_float(nest, centered_lanes(nest, value, x)) * scale

        return element_step("dequantize", target, (x,), y, compute)

    def version(self, node: Node) -> int:
        x = node.input(0)
        if x.dtype is DType.INT4:
            return 6
        if x.dtype in (DType.INT16, DType.FLOAT16):
            return 3
        if x.dtype is DType.INT8:
            return 5 if _is_per_channel(x) else 2
        return 1


def _to_float(nest: Nest, value: Value) -> Value:
    return nest.convert(value, F32.of(value.kind.lanes))


def quantize_lanes(nest: Nest, value: Value, scale: float, zero_point: int) -> Value:
    """Float lanes as int8, halves away from zero."""
    kind = I32.of(value.kind.lanes)
    # Far beyond int8 nothing changes any more, and the conversion stays defined.
    scaled = nest.minimum(nest.maximum(value / scale, -1e6), 1e6)
    half = nest.bits((nest.bits(scaled, kind) & _SIGN) | _HALF, value.kind)
    return nest.narrow(nest.convert(scaled + half, kind) + zero_point)


_SIGN = -(2**31)
_HALF = 0x3EFFFFFF
"""The bits of the float32 below 0.5: 0.5 itself would round 0.49999997 up."""
