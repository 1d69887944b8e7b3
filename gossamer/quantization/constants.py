"""Integer constants of a node: weights, bias, and other operands."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, cast

from gossamer.ir.op import option_fields
from gossamer.ir.quantization import Quantization
from gossamer.ir.types import Array, DType, TensorType
from gossamer.quantization import ranges
from gossamer.quantization.recipe import bias_input, weight_input

if TYPE_CHECKING:
    from gossamer.ir.graph import Node, Tensor
    from gossamer.ir.op import Op


@dataclass(frozen=True, slots=True)
class Weights:
    """The weights of a node as int8, and its bias as integers (None: it has none)."""

    weights: Tensor
    bias: Tensor | None


STATES_BIAS = "quantized_bias_type"
"""The option by which an operator tells the type of its bias."""


@dataclass(frozen=True, slots=True)
class WeightOptions:
    """How the constants of integer nodes are made.

    Attributes:
        bias16: type of the bias beside int16 activations, INT64 or INT32; operators
            that cannot tell which keep INT64.
        per_channel: whether weights have a scale for each channel.
        per_channel_dense: the same for FULLY_CONNECTED.
    """

    bias16: DType = DType.INT64
    per_channel: bool = True
    per_channel_dense: bool = True

    def is_per_channel(self, node: Node) -> bool:
        if node.op.name == "FULLY_CONNECTED":
            return self.per_channel and self.per_channel_dense
        return self.per_channel

    def bias_type(self, node: Node, dtype: DType) -> DType:
        """The type of a node's bias beside int8 or int16 activations."""
        if dtype is DType.INT8:
            return DType.INT32
        stated = {option.name for option in option_fields(node.op)}
        return self.bias16 if STATES_BIAS in stated else DType.INT64

    def apply(self, node: Node, dtype: DType) -> Op:
        """The operator, telling the type of its bias where that is not the usual."""
        bias = bias_input(node)
        usual = DType.INT32 if dtype is DType.INT8 else DType.INT64
        kind = self.bias_type(node, dtype)
        if bias is None or kind is usual:
            return node.op
        return cast("Op", replace(cast("Any", node.op), **{STATES_BIAS: kind}))


def integer_weights(
    node: Node, input_scale: float, dtype: DType, options: WeightOptions
) -> Weights | None:
    """Weights and bias for a node on int8 or int16 whose data has `input_scale`.

    None where the operator has no weights, or they are computed, or they are of the
    activations' type.
    """
    weights, rule = weight_input(node), node.op.weights
    if weights is None or weights.data is None or rule is None:
        return None
    if dtype is DType.INT16 and rule.axis is None:
        return None
    axis = rule.axis if options.is_per_channel(node) else None
    quantization = ranges.weight_quantization(weights.data, axis)
    bias = bias_input(node)
    if bias is None or bias.data is None:
        return Weights(_int8_weights(weights, quantization), None)
    kind = options.bias_type(node, dtype)
    if kind is DType.INT32:
        quantization = ranges.widen_for_bias(quantization, bias.data, input_scale)
    made = _int8_weights(weights, quantization)
    return Weights(made, _integer_bias(bias, made, input_scale, kind))


def hybrid_weights(tensor: Tensor, axis: int | None) -> Tensor:
    """A constant as symmetric int8 for kernels that compute in float."""
    assert tensor.data is not None
    data = ranges.quantize_weights_precisely(tensor.data, axis)
    quantization = ranges.weight_quantization(tensor.data, axis)
    return as_constant(tensor, DType.INT8, data, quantization)


def integer_constant(
    tensor: Tensor, dtype: DType, quantization: Quantization | None
) -> Tensor:
    """A constant that is not weights as integers of a type.

    None for the quantization gives it the range of its values.
    """
    assert tensor.data is not None
    chosen = quantization or ranges.constant_quantization(tensor.data, dtype)
    data = ranges.quantize_constant(tensor.data, chosen, dtype)
    return as_constant(tensor, dtype, data, chosen)


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


def _integer_bias(
    bias: Tensor, weights: Tensor, input_scale: float, dtype: DType
) -> Tensor:
    assert weights.quantization is not None
    assert bias.data is not None
    scale = ranges.bias_scale(input_scale, weights.quantization)
    quantization = Quantization(scale, weights.quantization.zero_point, axis=0)
    values = ranges.quantize_bias(bias.data, quantization, dtype)
    return as_constant(bias, dtype, values, quantization)
