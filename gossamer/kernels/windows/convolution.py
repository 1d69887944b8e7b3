"""Convolution as matrix products: the filter's rows are runs of the inner dimension.

In NHWC the pixels under one row of a filter adjoin, so that no patch is ever copied
out; only the border is made, where there is one. A dense layer is the same with a
filter of one pixel.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from gossamer.kernels.products.epilogue import FloatEpilogue, IntegerEpilogue
from gossamer.kernels.products.gemm import gemm
from gossamer.kernels.products.hybrid import (
    PARAMETER_BYTES,
    HybridEpilogue,
    ItemForm,
    item_form,
    quantize_items,
)
from gossamer.kernels.products.multiply import (
    FloatMultiply,
    Multiply,
    PairMultiply,
    PlainMultiply,
    QuadMultiply,
    ShortQuadMultiply,
    byte_multiply,
    item_multiply,
    tile_room,
)
from gossamer.kernels.products.operand import right_operand
from gossamer.kernels.products.pack import pack_panels, pad_columns
from gossamer.kernels.products.product import Depth, Gemm, Rows, choose_tile
from gossamer.kernels.products.shared import (
    plan_shared,
    shared_product,
    shares,
    sizes_of,
)
from gossamer.kernels.step import Argument, Constant, Scratch, Step
from gossamer.kernels.tail import bind, extendable, operands_of
from gossamer.kernels.windows.border import (
    Border,
    Form,
    float_form,
    pair_form,
    plain_form,
    quad_form,
)
from gossamer.kernels.windows.border_steps import SLACK, bordered
from gossamer.nest.build import Nest

if TYPE_CHECKING:
    import numpy.typing as npt

    from gossamer.kernels.arithmetic.integer_output import IntegerOutput
    from gossamer.kernels.tail import Tail
    from gossamer.kernels.windows.depthwise import Window
    from gossamer.nest.target import Target

RESIDENT_BYTES = 192 * 1024
"""Weights up to this size stay in the cache while all rows pass."""


def border_of(window: Window) -> Border:
    """The border that makes every tap of every output pixel lie inside."""
    reach = [
        (out - 1) * stride + (taps - 1) * dilation + 1
        for out, stride, taps, dilation in zip(
            (window.out_height, window.out_width),
            window.stride,
            window.filter,
            window.dilation,
            strict=True,
        )
    ]
    top, left = window.before
    return Border(
        window.images,
        window.height,
        window.width,
        window.channels,
        top,
        max(reach[0] - top - window.height, 0),
        left,
        max(reach[1] - left - window.width, 0),
    )


def is_pointwise(window: Window) -> bool:
    """Whether each output pixel depends on the input pixel at the same place only."""
    return (
        window.filter == (1, 1)
        and window.stride == (1, 1)
        and border_of(window).is_empty
    )


def plan_convolution(
    target: Target,
    window: Window,
    columns: int,
    multiply: Multiply,
    element: int,
    *,
    packs_rows: bool = False,
) -> Gemm:
    """The matrix product of a convolution whose input has its border on.

    `element` is the size in bytes of an input element.
    """
    channels = window.channels
    pixel = channels * element
    if is_pointwise(window):
        count = window.images * window.height * window.width
        rows = Rows(count, pixel)
        depth = Depth(-(-channels // multiply.depth))
    else:
        border = border_of(window)
        line = border.columns * pixel
        rows = Rows(
            window.out_width,
            window.stride[1] * pixel,
            window.images * window.out_height,
            window.stride[0] * line,
            window.out_height,
            border.rows * line,
        )
        depth = _depth(window, multiply, line, pixel)
    plan = _tiled(target, rows, depth, columns, multiply, packs_rows=packs_rows)
    weight_bytes = plan.panel_bytes * -(-columns // plan.panel_columns)
    return replace(plan, panels_outer=weight_bytes > RESIDENT_BYTES)


def _tiled(
    target: Target,
    rows: Rows,
    depth: Depth,
    columns: int,
    multiply: Multiply,
    *,
    packs_rows: bool,
) -> Gemm:
    """The product in the register tiles that suit the machine."""
    if packs_rows and shares(multiply, rows, depth, columns):
        return plan_shared(target, multiply, rows, depth, columns)
    fuses = target.fuses and not isinstance(multiply, PairMultiply | ShortQuadMultiply)
    height, vectors = choose_tile(
        tile_room(target, multiply),
        rows.count,
        columns,
        packs_rows=packs_rows,
        fuses=fuses,
    )
    return Gemm(
        rows,
        depth,
        columns,
        multiply,
        target.lanes,
        vectors,
        height,
        panels_outer=False,
        packs_rows=packs_rows,
    )


def _depth(window: Window, multiply: Multiply, line: int, pixel: int) -> Depth:
    filter_rows, filter_columns = window.filter
    row_stride = window.dilation[0] * line
    if window.dilation[1] == 1 or filter_columns == 1:
        words = -(-filter_columns * window.channels // multiply.depth)
        return Depth(words, filter_rows, row_stride)
    words = -(-window.channels // multiply.depth)
    part = window.dilation[1] * pixel
    return Depth(words, filter_rows, row_stride, filter_columns, part)


def filter_runs(weights: npt.NDArray[Any], window: Window) -> npt.NDArray[Any]:
    """Filters (columns, rows, columns, channels) as (columns, runs, elements)."""
    columns, filter_rows, filter_columns, channels = weights.shape
    if window.dilation[1] == 1 or filter_columns == 1:
        return weights.reshape(columns, filter_rows, filter_columns * channels)
    return weights.reshape(columns, filter_rows * filter_columns, channels)


def float_convolution(
    target: Target,
    window: Window,
    weights: npt.NDArray[np.float32],
    bias: npt.NDArray[np.float32] | None,
    limits: tuple[float, float],
    x: Argument,
    y: Argument,
) -> list[Step]:
    """Steps of a float convolution; weights are (out, rows, columns, in)."""
    plan = plan_convolution(target, window, len(weights), FloatMultiply(), 4)
    steps, source = bordered(target, border_of(window), float_form(), x)
    operand = right_operand(target, filter_runs(weights, window), plan)
    plan = operand.plan
    constants = [*operand.constants]
    if bias is not None:
        constants.append(Constant(pad_columns(bias, plan)))

    def make(tail: Tail | None) -> Step:
        nest = Nest("conv_f32", target)
        image = nest.pointer()
        packed = [nest.pointer() for _ in operand.constants]
        first = nest.pointer() if bias is not None else None
        output = nest.pointer()
        epilogue = FloatEpilogue(first, limits, bind(nest, tail))
        operand.product(nest, epilogue, image, packed, output)
        result = y if tail is None else tail.output
        arguments = (source, *constants, result, *operands_of(tail))
        written = (1 + len(constants),)
        return Step(nest.finish(), arguments, plan.units, written, operand.note)

    return [*steps, extendable(y, make)]


def integer_convolution(
    target: Target,
    window: Window,
    weights: npt.NDArray[np.int8],
    bias: npt.NDArray[np.int32],
    zero_point: int,
    output: IntegerOutput,
    x: Argument,
    y: Argument,
) -> list[Step]:
    """Steps of an int8 convolution; weights are (out, rows, columns, in).

    `zero_point` is the input's.
    """
    multiply = byte_multiply(target, weights)
    form, lift = _form_of(multiply, zero_point, window)
    plan = plan_convolution(
        target, window, len(weights), multiply, form.result.bytes, packs_rows=True
    )
    operand = right_operand(target, filter_runs(weights, window), plan)
    plan = operand.plan
    steps, source = bordered(target, border_of(window), form, x)
    sums = weights.astype(np.int64).reshape(len(weights), -1).sum(axis=1)
    start = bias.astype(np.int64) - lift * sums
    nest = Nest("conv_i8", target)
    image = nest.pointer()
    packed = [nest.pointer() for _ in operand.constants]
    first = nest.pointer()
    columns = [pad_columns(array, plan) for array in output.constants()]
    factors = output.factors([nest.pointer() for _ in columns])
    epilogue = IntegerEpilogue(first, factors, output.low, output.high)
    if plan.slides:
        columns.append(sizes_of(plan))
        sizes, result = nest.pointer(), nest.pointer()
        shared_product(nest, plan, epilogue, (image, packed[0], result), sizes)
    else:
        result = nest.pointer()
        operand.product(nest, epilogue, image, packed, result)
    arguments = (
        source,
        *operand.constants,
        Constant(pad_columns(start.astype(np.int32), plan)),
        *(Constant(array) for array in columns),
        y,
    )
    written = (len(arguments) - 1,)
    steps.append(Step(nest.finish(), arguments, plan.units, written, operand.note))
    return steps


def _form_of(multiply: Multiply, zero_point: int, window: Window) -> tuple[Form, int]:
    """What int8 becomes for a product, and how far that is above what it stands for."""
    if isinstance(multiply, QuadMultiply):
        return quad_form(zero_point), zero_point + 128
    if isinstance(multiply, PlainMultiply):
        copies = window.channels % multiply.depth != 0
        return plain_form(zero_point, copies=copies), zero_point
    return pair_form(zero_point), 0


def hybrid_convolution(
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
    """Steps of a convolution of float input with int8 weights, a scale per column.

    Each image is quantized by its own range.
    """
    multiply = item_multiply(target, weights)
    form = item_form(multiply, asymmetric=asymmetric)
    plan = plan_convolution(target, window, len(weights), multiply, form.element_bytes)
    quantize, source, parameters = quantized_items(target, border_of(window), form, x)
    flat = weights.reshape(len(weights), -1)
    sums = flat.sum(axis=1, dtype=np.int32) if form.needs_sums else None
    columns = [
        None if each is None else Constant(pad_columns(each, plan))
        for each in (scales, sums, bias)
    ]
    panels = Constant(pack_panels(filter_runs(weights, window), plan))
    constants = [panels, parameters, *filter(None, columns)]
    rows = window.out_height * window.out_width

    def make(tail: Tail | None) -> Step:
        nest = Nest("conv_hybrid", target)
        image, packed, items = (nest.pointer() for _ in range(3))
        factors, less, first = (each and nest.pointer() for each in columns)
        assert factors is not None
        given = (items, factors, less, first, limits, window.images, rows)
        output = nest.pointer()
        epilogue = HybridEpilogue(*given, tail=bind(nest, tail), lift=form.lift)
        gemm(nest, plan, epilogue, image, packed, output)
        result = y if tail is None else tail.output
        arguments = (source, *constants, result, *operands_of(tail))
        written = (1 + len(constants),)
        return Step(nest.finish(), arguments, plan.units, written, plan.note)

    return [quantize, extendable(y, make)]


def quantized_items(
    target: Target, border: Border, form: ItemForm, x: Argument
) -> tuple[Step, Scratch, Scratch]:
    """The step that quantizes items, and where it leaves them and their parameters."""
    items = Scratch(border.elements * form.element_bytes + SLACK)
    parameters = Scratch(border.images * PARAMETER_BYTES)
    nest = Nest("quantize_items", target)
    pointers = (nest.pointer(), nest.pointer(), nest.pointer())
    quantize_items(nest, border, form, pointers)
    arguments = (x, items, parameters)
    same = ("quantize_items", border, form)
    step = Step(nest.finish(), arguments, border.images, (1, 2), same=same)
    return step, items, parameters
