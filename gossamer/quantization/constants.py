"""Integer constants of a node: weights, bias, and other operands."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from gossamer.ir.quantization import Quantization
from gossamer.ir.types import Array, DType, TensorType
from gossamer.quantization import ranges
from gossamer.quantization.recipe import bias_input, weight_input

if TYPE_CHECKING:
    from gossamer.ir.graph import Node, Tensor


@dataclass(frozen=True, slots=True)
class Weights:
    """The weights of a node as int8, and its bias as int32 (None: it has none)."""

    weights: Tensor
    bias: Tensor | None


def integer_weights(node: Node, input_scale: float) -> Weights | None:
    """Weights and bias for an integer node whose data has `input_scale`.

    None where the operator has no weights, or they are computed.
    """
    weights, rule = weight_input(node), node.op.weights
    if weights is None or weights.data is None or rule is None:
        return None
    quantization = ranges.weight_quantization(weights.data, rule.axis)
    bias = bias_input(node)
    if bias is None or bias.data is None:
        return Weights(_int8_weights(weights, quantization), None)
    quantization = ranges.widen_for_bias(quantization, bias.data, input_scale)
    made = _int8_weights(weights, quantization)
    return Weights(made, _int32_bias(bias, bias.data, made, input_scale))


def hybrid_weights(tensor: Tensor, axis: int | None) -> Tensor:
    """A constant as symmetric int8 for kernels that compute in float."""
    assert tensor.data is not None
    data = ranges.quantize_weights_precisely(tensor.data, axis)
    quantization = ranges.weight_quantization(tensor.data, axis)
    return as_constant(tensor, DType.INT8, data, quantization)


def int8_constant(tensor: Tensor, quantization: Quantization | None) -> Tensor:
    """A constant that is not weights as int8; None gives it the range of its values."""
    assert tensor.data is not None
    chosen = quantization or ranges.constant_quantization(tensor.data)
    data = ranges.quantize_constant(tensor.data, chosen)
    return as_constant(tensor, DType.INT8, data, chosen)


def as_constant(
    tensor: Tensor, dtype: DType, data: Array, quantization: Quantization | None
) -> Tensor:
    """The constant in another element type, under the same name."""
    type_ = TensorType(dtype, tensor.shape)
    return replace(tensor, type=type_, data=data, quantization=quantization)


def _int8_weights(tensor: Tensor, quantization: Quantization) -> Tensor:
    assert tensor.data is not None
    data = ranges.quantize_weights(tensor.data, quantization)
    return as_constant(tensor, DType.INT8, data, quantization)


def _int32_bias(
    bias: Tensor, data: Array, weights: Tensor, input_scale: float
) -> Tensor:
    assert weights.quantization is not None
    scale = ranges.bias_scale(input_scale, weights.quantization)
    quantization = Quantization(scale, weights.quantization.zero_point, axis=0)
    values = ranges.quantize_bias(data, quantization)
    return as_constant(bias, DType.INT32, values, quantization)
