"""Integer constants of a node: weights, bias, and other operands."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from gossamer.ir.graph import Tensor
from gossamer.ir.op import option_fields
from gossamer.ir.quantization import Blockwise, Quantization
from gossamer.ir.types import Array, DType, TensorType
from gossamer.quantization import ranges
from gossamer.quantization.grids import fits_int4, grid_quantization
from gossamer.quantization.recipe import bias_input, weight_input

if TYPE_CHECKING:
    from collections.abc import Callable

    from gossamer.ir.graph import Node
    from gossamer.ir.op import Op


@dataclass(frozen=True, slots=True)
class Weights:
    """The weights of a node as int8, and its bias as integers (None: it has none)."""

    weights: Tensor
    bias: Tensor | None


SMALLEST_SCALE = float(np.finfo(np.float16).tiny)
LARGEST_SCALE = np.float16(np.inf)

NEED_BIAS = frozenset({"CONV_2D", "DEPTHWISE_CONV_2D"})
"""Operators whose integer kernels in TFLite refuse to run without a bias."""

TAKE_INT4 = frozenset({"CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED"})
"""Operators that multiply int8 activations by int4 weights."""

STATES_BIAS = "quantized_bias_type"
"""The option by which an operator tells the type of its bias."""

BY_SHIFTS = "pot_scale_int16"
"""The option of sums of 16-bit numbers to only shift them where all scales are, about,
powers of two: TFLite then refuses an input of a larger scale than that of the sum."""


@dataclass(frozen=True, slots=True)
class WeightOptions:
    """How the constants of integer nodes are made.

    Attributes:
        bias16: type of the bias beside int16 activations, INT64 or INT32; operators
            that cannot tell which keep INT64.
        per_channel: whether weights have a scale for each channel.
        per_channel_dense: the same for FULLY_CONNECTED.
        keeps_grids: whether weights that are multiples of a scale already, since they
            were trained so, are stored with that scale.
    """

    bias16: DType = DType.INT64
    per_channel: bool = True
    per_channel_dense: bool = True
    keeps_grids: bool = False

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
        """The operator, with the options that say how it computes on integers."""
        options = {option.name for option in option_fields(node.op)}
        bias = bias_input(node)
        usual = DType.INT32 if dtype is DType.INT8 else DType.INT64
        kind = self.bias_type(node, dtype)
        changes: dict[str, Any] = {}
        if bias is not None and kind is not usual:
            changes[STATES_BIAS] = kind
        if dtype is DType.INT16 and BY_SHIFTS in options:
            changes[BY_SHIFTS] = False
        if not changes:
            return node.op
        return cast("Op", replace(cast("Any", node.op), **changes))


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
    stored = DType.INT8
    quantization = ranges.weight_quantization(weights.data, axis)
    if options.keeps_grids:
        stored = _grid_type(node, weights.data, axis, dtype)
        quantization = grid_quantization(weights.data, axis, stored)
    bias = bias_input(node) or _zero_bias(node, weights)
    if bias is None or bias.data is None:
        return Weights(_integers(weights, quantization, stored), None)
    kind = options.bias_type(node, dtype)
    if kind is DType.INT32:
        quantization = ranges.widen_for_bias(quantization, bias.data, input_scale)
    made = _integers(weights, quantization, stored)
    return Weights(made, _integer_bias(bias, made, input_scale, kind))


def _grid_type(node: Node, array: Array, axis: int | None, dtype: DType) -> DType:
    """INT4 for weights that were trained with so few steps, else INT8."""
    takes = dtype is DType.INT8 and node.op.name in TAKE_INT4
    return DType.INT4 if takes and fits_int4(array, axis) else DType.INT8


def _zero_bias(node: Node, weights: Tensor) -> Tensor | None:
    """A bias of zeros for kernels that demand one on integers."""
    rule = node.op.weights
    if rule is None or rule.axis is None or node.op.name not in NEED_BIAS:
        return None
    zeros = np.zeros(weights.shape[rule.axis], np.float32)
    type_ = TensorType(DType.FLOAT32, zeros.shape)
    return Tensor(f"{node.output.name}_bias", type_, zeros)


def hybrid_weights(
    tensor: Tensor, axis: int | None, dtype: DType = DType.INT8
) -> Tensor:
    """A constant as symmetric int8 or int4 for kernels that compute in float."""
    assert tensor.data is not None
    quantization = ranges.weight_quantization(tensor.data, axis, dtype)
    if dtype is DType.INT4:
        found = grid_quantization(tensor.data, axis, dtype)
        if (found.scale > quantization.scale * np.float32(1.001)).any():
            data = ranges.quantize_weights(tensor.data, found, dtype)
            return as_constant(tensor, dtype, data, found)
    data = ranges.quantize_weights_precisely(tensor.data, axis, dtype)
    return as_constant(tensor, dtype, data, quantization)


def blockwise_weights(
    tensor: Tensor, block: int, named: Callable[[str], str]
) -> Tensor:
    """Weights (O, I) as symmetric int4 with a float16 scale for each block of a row.

    `named` makes a name that no other tensor has.
    """
    assert tensor.data is not None
    rows = tensor.data.reshape(-1, block)
    wanted = ranges.weight_quantization(rows, 0, DType.INT4).scale
    # Upwards, so that no weight is beyond 7 steps; float16 has no smaller number.
    scales = np.maximum(wanted, SMALLEST_SCALE).astype(np.float16)
    scales = np.where(scales < wanted, np.nextafter(scales, LARGEST_SCALE), scales)
    stored = ranges.quantize_weights(
        rows, Quantization.per_channel(scales.astype(np.float32), 0), DType.INT4
    )
    shape = (*tensor.shape[:-1], tensor.shape[-1] // block)
    kept = scales.astype(np.float16).reshape(shape)
    name = named(f"{tensor.name}_scales")
    given = Tensor(name, TensorType(DType.FLOAT16, shape), kept)
    quantization = Quantization(blockwise=Blockwise(given, None, block))
    return as_constant(tensor, DType.INT4, stored.reshape(tensor.shape), quantization)


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
    tensor: Tensor,
    dtype: DType,
    data: Array,
    quantization: Quantization | None = None,
) -> Tensor:
    """The constant with other data, under the same name."""
    type_ = TensorType(dtype, data.shape)
    return replace(tensor, type=type_, data=data, quantization=quantization)


def _integers(tensor: Tensor, quantization: Quantization, dtype: DType) -> Tensor:
    assert tensor.data is not None
    data = ranges.quantize_weights(tensor.data, quantization, dtype)
    return as_constant(tensor, dtype, data, quantization)


def _integer_bias(
    bias: Tensor, weights: Tensor, input_scale: float, dtype: DType
) -> Tensor:
    assert weights.quantization is not None
    assert bias.data is not None
    scale = ranges.bias_scale(input_scale, weights.quantization)
    quantization = Quantization(scale, weights.quantization.zero_point, axis=0)
    values = ranges.quantize_bias(bias.data, quantization, dtype)
    return as_constant(bias, dtype, values, quantization)
