"""Depthwise convolutions as steps: constants, border rows, and the kernel."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from gossamer.kernels.products.hybrid import HybridDepthwise, ItemForm
from gossamer.kernels.step import Argument, Constant, Step
from gossamer.kernels.tail import bind, extendable, operands_of
from gossamer.kernels.windows.border import Border
from gossamer.kernels.windows.convolution import quantized_items
from gossamer.kernels.windows.depthwise import (
    FloatDepthwise,
    IntegerDepthwise,
    Window,
    depthwise,
    depthwise_units,
)
from gossamer.kernels.windows.depthwise_bytes import ByteDepthwise
from gossamer.kernels.windows.depthwise_packing import (
    order_channels,
    pack_quads,
    quad_units,
)
from gossamer.kernels.windows.depthwise_quads import QuadPointers, depthwise_quads
from gossamer.nest.build import Nest
from gossamer.nest.target import Dot, Target

if TYPE_CHECKING:
    import numpy.typing as npt

    from gossamer.kernels.arithmetic.integer_output import IntegerOutput
    from gossamer.kernels.tail import Tail


def _padded(values: npt.NDArray[Any], lanes: int) -> Constant:
    """One value per channel, filled up with zeros to whole vectors."""
    filled = np.zeros(-(-len(values) // lanes) * lanes, values.dtype)
    filled[: len(values)] = values
    return Constant(filled)


def _zeros(window: Window, value: int, dtype: type[Any]) -> Constant:
    """A row of the image that counts as zeros."""
    return Constant(np.full(window.width * window.channels, value, dtype))


def float_depthwise(
    target: Target,
    window: Window,
    weights: npt.NDArray[np.float32],
    bias: npt.NDArray[np.float32] | None,
    limits: tuple[float, float],
    x: Argument,
    y: Argument,
) -> list[Step]:
    """Steps of a float depthwise convolution; weights are (1, rows, columns, C)."""
    constants = [_zeros(window, 0, np.float32), Constant(weights)]
    if bias is not None:
        constants.append(_padded(bias, target.lanes))

    def make(tail: Tail | None) -> Step:
        nest = Nest("depthwise_f32", target)
        source, zeros, filters = nest.pointer(), nest.pointer(), nest.pointer()
        first = nest.pointer() if bias is not None else None
        output = nest.pointer()
        bound = bind(nest, tail)
        arithmetic = FloatDepthwise(filters, first, output, limits, bound)
        depthwise(nest, window, arithmetic, source, zeros, lanes=target.lanes)
        result = y if tail is None else tail.output
        arguments = (x, *constants, result, *operands_of(tail))
        made = _step(nest, window, target, arguments)
        return replace(made, written=(1 + len(constants),))

    return [extendable(y, make)]


def integer_depthwise(
    target: Target,
    window: Window,
    weights: npt.NDArray[np.int8],
    bias: npt.NDArray[np.int32],
    zero_point: int,
    output: IntegerOutput,
    x: Argument,
    y: Argument,
) -> list[Step]:
    """Steps of an int8 depthwise convolution; `zero_point` is the input's."""
    if target.dot is Dot.UNSIGNED_QUADS:
        return _quad_depthwise(target, window, weights, bias, zero_point, output, x, y)
    sums = weights.astype(np.int64).reshape(-1, window.channels).sum(axis=0)
    start = (bias.astype(np.int64) - zero_point * sums).astype(np.int32)
    nest = Nest("depthwise_i8", target)
    source, zeros, filters, first = (nest.pointer() for _ in range(4))
    columns = output.constants()
    factors = output.factors([nest.pointer() for _ in columns])
    in_bytes = target.keeps_bytes
    arithmetic = (ByteDepthwise if in_bytes else IntegerDepthwise)(
        filters,
        first,
        nest.pointer(),
        factors,
        zero_point,
        output.low,
        output.high,
    )
    depthwise(nest, window, arithmetic, source, zeros, lanes=target.lanes)
    constants = (
        _zeros(window, zero_point, np.int8),
        Constant(weights if in_bytes else weights.astype(np.float32)),
        _padded(start, target.lanes),
        *(_padded(array, target.lanes) for array in columns),
    )
    return [_step(nest, window, target, (x, *constants, y))]


def _quad_depthwise(
    target: Target,
    window: Window,
    weights: npt.NDArray[np.int8],
    bias: npt.NDArray[np.int32],
    zero_point: int,
    output: IntegerOutput,
    x: Argument,
    y: Argument,
) -> list[Step]:
    filters = weights.reshape(*window.filter, window.channels)
    sums = filters.astype(np.int64).sum(axis=(0, 1))
    start = (bias.astype(np.int64) - (zero_point + 128) * sums).astype(np.int32)
    nest = Nest("depthwise_quads", target)
    source, zeros, packed, first = (nest.pointer() for _ in range(4))
    columns = output.constants()
    factors = output.factors([nest.pointer() for _ in columns])
    pointers = QuadPointers(source, zeros, packed, first, factors, nest.pointer())
    depthwise_quads(nest, window, (output.low, output.high), pointers)
    widest = target.vector_bytes
    arguments = (
        x,
        _zeros(window, zero_point, np.int8),
        Constant(pack_quads(filters, window, widest)),
        *(Constant(order_channels(array, widest)) for array in (start, *columns)),
        y,
    )
    written, note = (len(arguments) - 1,), _note(window, "four taps a product")
    return [Step(nest.finish(), arguments, quad_units(window), written, note)]


def hybrid_depthwise(
    target: Target,
    window: Window,
    weights: npt.NDArray[np.int8],
    scales: npt.NDArray[np.float32],
    bias: npt.NDArray[np.float32] | None,
    limits: tuple[float, float],
    x: Argument,
    y: Argument,
    *,
    asymmetric: bool,
) -> list[Step]:
    """Steps of a depthwise convolution of float input with int8 weights."""
    size = (window.images, window.height, window.width, window.channels)
    form = ItemForm("centred", asymmetric)
    quantize, items, parameters = quantized_items(
        target, Border(*size, 0, 0, 0, 0), form, x
    )
    constants = [
        _zeros(window, 0, np.int16),
        Constant(weights.astype(np.float32)),
        Constant(scales),
    ]
    if bias is not None:
        constants.append(Constant(bias))
    elements = window.out_height * window.out_width * window.channels
    units, note = depthwise_units(window, target.registers), "on quantized items"

    def make(tail: Tail | None) -> Step:
        nest = Nest("depthwise_hybrid", target)
        source, zeros, filters, factors = (nest.pointer() for _ in range(4))
        first = nest.pointer() if bias is not None else None
        output, numbers = nest.pointer(), nest.pointer()
        given = (filters, factors, first, output, numbers, limits, window.images)
        arithmetic = HybridDepthwise(*given, elements, bind(nest, tail))
        depthwise(nest, window, arithmetic, source, zeros, lanes=target.lanes)
        result = y if tail is None else tail.output
        arguments = (items, *constants, result, parameters, *operands_of(tail))
        written = (1 + len(constants),)
        return Step(nest.finish(), arguments, units, written, _note(window, note))

    return [quantize, extendable(y, make)]


def _step(
    nest: Nest, window: Window, target: Target, arguments: tuple[Argument, ...]
) -> Step:
    units = depthwise_units(window, target.registers)
    written, note = (len(arguments) - 1,), _note(window, "one tap a product")
    return Step(nest.finish(), arguments, units, written, note)


def _note(window: Window, how: str) -> str:
    """Why this kernel, in a few words."""
    rows, columns = window.filter
    return (
        f"{how}: filter {rows}x{columns}, stride {window.stride[0]}, "
        f"{window.out_height}x{window.out_width} pixels of {window.channels} channels"
    )
