"""Which arithmetic a product of tensors is: by their types, weights and scales."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from gossamer.ir.arithmetic import (
    activation_range,
    centered,
    parameters,
    quantize_multipliers,
)
from gossamer.ir.types import DType
from gossamer.kernels.arithmetic.clamp import ACTIVATION_LIMITS
from gossamer.kernels.arithmetic.integer_output import IntegerOutput
from gossamer.kernels.products.hybrid import item_form
from gossamer.kernels.products.multiply import (
    Multiply,
    PlainMultiply,
    QuadMultiply,
    WidePairMultiply,
    byte_multiply,
    integer_multiply,
    item_multiply,
)
from gossamer.kernels.products.sums import FloatSums, HybridSums, IntegerSums
from gossamer.kernels.products.wide import GREATEST_BIAS, ShortSums, WideSums
from gossamer.kernels.windows import border
from gossamer.kernels.windows.border_steps import bordered
from gossamer.kernels.windows.convolution import quantized_items
from gossamer.ops.blockwise import has_blocks
from gossamer.ops.integer_product import (
    has_wide_sums,
    hybrid_weights,
    product_scales,
    weight_scales,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from gossamer.ir.graph import Tensor
    from gossamer.ir.types import Array
    from gossamer.kernels.step import Argument, Step
    from gossamer.kernels.windows.border import Border, Form
    from gossamer.nest.target import Target

AnySums: TypeAlias = FloatSums | IntegerSums | HybridSums | WideSums | ShortSums

_SMALL = frozenset({DType.INT8, DType.INT4, DType.INT2})
_EIGHT = frozenset({DType.INT8, DType.UINT8})
_FARTHEST = 255 * 255
"""No product of eight bits by eight bits, both centred, is further from zero."""


@dataclass(frozen=True, slots=True)
class Task:
    """A product of `x` by constant `weights`, plus a bias, as `y`.

    `asymmetric` is for dynamic range; `is_real`: sums are requantized by a float64
    factor. `stated` is the option that tells the bias's type.
    """

    x: Tensor
    weights: Tensor
    bias: Tensor | None
    y: Tensor
    activation: str
    asymmetric: bool = False
    is_real: bool = False
    stated: DType = DType.FLOAT32


@dataclass(frozen=True, slots=True)
class Source:
    """The input as products read it: where, after which steps, and how to sum.

    `sums` takes the number of a product's rows that come from one image.
    """

    steps: list[Step]
    place: Argument
    element: int
    sums: Callable[[int], AnySums]


@dataclass(frozen=True, slots=True)
class Arithmetic:
    """Weights as numbers, channels first, and how to make the input fit them."""

    weights: Array
    source: Callable[[Target, Border], Source]


def arithmetic_of(task: Task, target: Target) -> Arithmetic | None:
    """The arithmetic of a task; None where there are no kernels for it."""
    if task.weights.data is None or task.activation not in ACTIVATION_LIMITS:
        return None
    if task.bias is not None and task.bias.data is None:
        return None
    if not _scales_fit(task.weights):
        return None
    kinds = (task.x.dtype, task.weights.dtype, task.y.dtype)
    if kinds[0] is kinds[2] is DType.FLOAT32:
        return _float(task) if kinds[1].is_float else _hybrid(task, target)
    if kinds[0] is kinds[2] and kinds[0] in _EIGHT and kinds[1] in _SMALL | _EIGHT:
        return _eight_bits(task, target)
    if kinds[0] is kinds[2] is DType.INT16 and kinds[1] in _SMALL:
        return _sixteen_bits(task, target)
    return None


def _plain(form: Form, sums: AnySums, weights: Array, task: Task) -> Arithmetic:
    def source(target: Target, edge: Border) -> Source:
        steps, place = bordered(target, edge, form, task.x)
        return Source(steps, place, form.result.bytes, lambda _: sums)

    return Arithmetic(weights, source)


def _float(task: Task) -> Arithmetic | None:
    weights, bias = task.weights.data, _bias(task)
    assert weights is not None
    added = None if bias is None else bias.astype(np.float32)
    sums = FloatSums(added, ACTIVATION_LIMITS[task.activation])
    return _plain(border.float_form(), sums, weights.astype(np.float32), task)


def _bias(task: Task) -> Array | None:
    return None if task.bias is None else task.bias.data


def _hybrid(task: Task, target: Target) -> Arithmetic | None:
    weights, bias = task.weights.data, _bias(task)
    assert weights is not None
    if task.weights.dtype not in _SMALL | _EIGHT or has_blocks(task.weights):
        return None
    if bias is not None and bias.dtype != np.float32:
        return None
    kernel = hybrid_weights(weights).astype(np.int8)
    multiply = item_multiply(target, kernel)
    form = item_form(multiply, asymmetric=task.asymmetric)
    scales = np.broadcast_to(weight_scales(task.weights), len(kernel))
    limits = ACTIVATION_LIMITS[task.activation]

    def source(target: Target, edge: Border) -> Source:
        step, items, parameters = quantized_items(target, edge, form, task.x)

        def sums(rows: int) -> HybridSums:
            return HybridSums(
                multiply,
                parameters,
                scales.astype(np.float32),
                None,
                bias,
                limits,
                edge.images,
                rows,
                needs_sums=form.needs_sums,
                lift=form.lift,
            )

        return Source([step], items, form.element_bytes, sums)

    return Arithmetic(kernel, source)


def _eight_bits(task: Task, target: Target) -> Arithmetic | None:
    """int8 or uint8; weights that need more than eight bits go by int16 pairs."""
    bias = _bias(task)
    if bias is not None and bias.dtype != np.int32:
        return None
    assert task.weights.data is not None
    kernel = centered(task.weights, task.weights.data)
    small = _is_small(kernel)
    unsigned = task.x.dtype is DType.UINT8
    multiply: Multiply = WidePairMultiply()
    if small:
        multiply = integer_multiply(target)
        if not unsigned:
            multiply = byte_multiply(target, kernel)
    zero_point = _zero_point(task.x)
    start = np.zeros(len(kernel), np.int64) if bias is None else bias.astype(np.int64)
    lift = 0
    if isinstance(multiply, QuadMultiply):
        form = border.unsigned_quad_form if unsigned else border.quad_form
        lift = zero_point + (0 if unsigned else 128)
    elif isinstance(multiply, PlainMultiply):
        copies = kernel.shape[-1] % multiply.depth != 0
        form, lift = partial(border.plain_form, copies=copies), zero_point
    else:
        form = border.unsigned_pair_form if unsigned else border.pair_form
    output = integer_output(target, task, len(kernel), 128 if unsigned else 0)
    sums = IntegerSums(multiply, start, lift, output, unsigned)
    weights = kernel.astype(np.int8 if small else np.int16)
    return _plain(form(zero_point), sums, weights, task)


def _is_small(kernel: Array) -> bool:
    """Whether whole numbers fit eight bits."""
    return bool(kernel.min(initial=0) >= -128 and kernel.max(initial=0) <= 127)


def _zero_point(tensor: Tensor) -> int:
    return parameters(tensor)[1]


def _scales_fit(weights: Tensor) -> bool:
    """Whether weights have one scale, or one for each of the first axis."""
    quantization = weights.quantization
    if quantization is None or not quantization.is_per_channel:
        return True
    return quantization.axis == 0 and quantization.scale.size == weights.shape[0]


def integer_output(
    target: Target, task: Task, columns: int, lift: int = 0
) -> IntegerOutput:
    """How int32 sums become integers, `lift` below those of the output."""
    y = task.y
    real = product_scales(task.x, task.weights, y)
    multipliers, shifts = quantize_multipliers(real)
    assert y.quantization is not None
    low, high = activation_range(task.activation, y.quantization, y.dtype)
    return IntegerOutput(
        np.broadcast_to(multipliers, columns).astype(np.int32),
        np.broadcast_to(shifts, columns).astype(np.int32),
        _zero_point(y) - lift,
        low - lift,
        high - lift,
        np.broadcast_to(real, columns) if task.is_real else None,
        _reach(task, columns),
        target.keeps_bytes,
    )


def _reach(task: Task, columns: int) -> int:
    """How far from zero a sum of products can be, at most."""
    whole, weights, bias = 1 << 31, task.weights.data, _bias(task)
    if task.x.dtype not in _EIGHT or weights is None or not columns:
        return whole
    if bias is not None and bias.dtype != np.int32:
        return whole
    start = 0 if bias is None else int(np.abs(bias.astype(np.int64)).max(initial=0))
    return min(start + weights.size // columns * _FARTHEST, whole)


def _sixteen_bits(task: Task, target: Target) -> Arithmetic | None:
    """int16 by int8; 64-bit sums as the reference kernels have, or 32-bit ones."""
    weights, bias = task.weights.data, _bias(task)
    assert weights is not None
    kernel = centered(task.weights, weights)
    if not _is_small(kernel) or _zero_point(task.x) or _zero_point(task.y):
        return None
    dtype = None if bias is None else bias.dtype
    start = np.zeros(len(kernel), np.int64) if bias is None else bias.astype(np.int64)
    if has_wide_sums(task.x.dtype, dtype, task.stated):
        sums = wide_sums(task, start)
    else:
        output = integer_output(target, task, len(kernel))
        sums = ShortSums(start.astype(np.int32), output)
    if sums is None:
        return None
    return _plain(border.short_form(), sums, kernel.astype(np.int8), task)


def wide_sums(task: Task, bias: Array) -> WideSums | None:
    """64-bit sums that start from `bias`; None where they would not be exact."""
    if np.abs(bias).max(initial=0) >= GREATEST_BIAS:
        return None
    real = product_scales(task.x, task.weights, task.y)
    factors = real if task.is_real else _reduced(real)
    if factors is None:
        return None
    assert task.y.quantization is not None
    low, high = activation_range(task.activation, task.y.quantization, task.y.dtype)
    factors = np.broadcast_to(factors, len(bias)).astype(np.float64)
    return WideSums(bias.astype(np.float64), factors, task.is_real, low, high)


def _reduced(real: Array) -> Array | None:
    """Factors with the 16 bits that wide sums are multiplied by.

    None where one is so large that it is shifted left.
    """
    multipliers, shifts = quantize_multipliers(real)
    if shifts.max(initial=0) > 14:
        return None
    rounded = (multipliers + (1 << 15)) >> 16
    short = np.where(multipliers < 0x7FFF0000, rounded, 0x7FFF)
    return short * 2.0 ** (shifts - 15)
