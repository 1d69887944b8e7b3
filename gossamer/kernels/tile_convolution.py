"""Convolution and dense layers on the matrix unit, int8 and dynamic range."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gossamer.kernels.border import plain_form
from gossamer.kernels.border_steps import SLACK, bordered
from gossamer.kernels.convolution import (
    RESIDENT_BYTES,
    border_of,
    is_pointwise,
    quantized_items,
)
from gossamer.kernels.hybrid import ItemForm
from gossamer.kernels.step import Argument, Constant, Scratch, Step
from gossamer.kernels.tile_epilogue import HybridItems, HybridRows, IntegerRows
from gossamer.kernels.tile_gemm import tile_gemm
from gossamer.kernels.tile_product import (
    CHUNK,
    TileProduct,
    pack_tiles,
    panel_columns,
)
from gossamer.kernels.tile_rows import Patches, RowsInPlace, copy_patches
from gossamer.nest.build import Nest

if TYPE_CHECKING:
    import numpy.typing as npt

    from gossamer.kernels.depthwise import Window
    from gossamer.kernels.requantize import IntegerOutput
    from gossamer.kernels.tile_rows import RowSource
    from gossamer.nest.target import Target

_LOCAL_BYTES = 80 * 1024
"""A block of patches up to this size is put together on the stack."""
_FEWEST_ROWS = 8


def suits_tiles(target: Target, window: Window, columns: int) -> bool:
    """Whether the matrix unit beats the vector unit on int8 products of this shape."""
    rows = window.images * window.out_height * window.out_width
    return target.tiles is not None and rows >= _FEWEST_ROWS and columns >= 8


def _patches(window: Window, element: int) -> Patches:
    border = border_of(window)
    pixel = window.channels * element
    line = border.columns * pixel
    rows = window.images * window.out_height * window.out_width
    filter_rows, filter_columns = window.filter
    adjoin = window.dilation[1] == 1 or filter_columns == 1
    return Patches(
        out_height=window.out_height,
        out_width=window.out_width,
        image_stride=border.rows * line,
        line_stride=window.stride[0] * line,
        step=window.stride[1] * pixel,
        run=pixel * filter_columns if adjoin else pixel,
        segments=filter_rows,
        segment_stride=window.dilation[0] * line,
        parts=1 if adjoin else filter_columns,
        part_stride=0 if adjoin else window.dilation[1] * pixel,
        images=window.images,
        height=32 if rows >= 32 else 16,
    )


def _plan(
    target: Target, window: Window, columns: int, x: Argument, *, packs_rows: bool
) -> tuple[TileProduct, RowSource, list[Step], Argument]:
    """The product of an int8 image with its border on, and steps that come before."""
    patches = _patches(window, 1)
    chunks = patches.pitch // CHUNK
    large = columns * patches.pitch > RESIDENT_BYTES
    rows = patches.rows
    if is_pointwise(window) and rows >= 16:
        plan = TileProduct(rows, chunks, columns, large, packs_rows)
        return plan, RowsInPlace(window.channels), [], x
    if patches.local_bytes <= _LOCAL_BYTES:
        return TileProduct(rows, chunks, columns, False, packs_rows), patches, [], x
    step, copied = _copied(target, patches, x)
    plan = TileProduct(rows, chunks, columns, large, packs_rows)
    return plan, RowsInPlace(patches.pitch), [step], copied


def _copied(target: Target, patches: Patches, x: Argument) -> tuple[Step, Scratch]:
    """All patches in memory of their own."""
    height = max(patches.rows, 16)
    scratch = Scratch(height * patches.pitch + SLACK)
    nest = Nest("patches", target)
    source, result = nest.pointer(), nest.pointer()
    copy_patches(nest, patches, source, result)
    units = patches.images * patches.out_height
    return Step(nest.finish(), (x, scratch), units, (1,)), scratch


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
    steps, image = bordered(target, border_of(window), plain_form(zero_point), x)
    plan, source, before, left = _plan(
        target, window, len(weights), image, packs_rows=True
    )
    matrix = weights.reshape(len(weights), -1)
    start = bias.astype(np.int64) - zero_point * matrix.sum(axis=1, dtype=np.int64)
    constants = [panel_columns(array, plan) for array in output.constants()]
    nest = Nest("conv_i8", target)
    rows, packed, first = nest.pointer(), nest.pointer(), nest.pointer()
    factors = output.factors([nest.pointer() for _ in constants])
    result = nest.pointer()
    limits = (output.low, output.high)
    epilogue = IntegerRows(first, factors, *limits, result, len(weights))
    tile_gemm(nest, plan, source, epilogue, rows, packed)
    arguments = (
        left,
        Constant(pack_tiles(matrix, plan)),
        Constant(panel_columns(start.astype(np.int32), plan)),
        *(Constant(array) for array in constants),
        y,
    )
    written = (len(arguments) - 1,)
    product = Step(nest.finish(), arguments, plan.units, written, plan.note)
    return [*steps, *before, product]


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
    form = ItemForm("signed", asymmetric)
    quantize, items, parameters = quantized_items(target, border_of(window), form, x)
    plan, source, before, left = _plan(
        target, window, len(weights), items, packs_rows=False
    )
    matrix = weights.reshape(len(weights), -1)
    nest = Nest("conv_hybrid", target)
    rows, packed, ranges, factors = (nest.pointer() for _ in range(4))
    sums = nest.pointer() if asymmetric else None
    first = nest.pointer() if bias is not None else None
    result = nest.pointer()
    per_item = window.out_height * window.out_width
    scaling = HybridItems(ranges, factors, sums, first, limits, window.images, per_item)
    tile_gemm(
        nest,
        plan,
        source,
        HybridRows(scaling, result, len(weights) * 4),
        rows,
        packed,
    )
    constants = [panel_columns(scales, plan)]
    if asymmetric:
        constants.append(panel_columns(matrix.sum(axis=1, dtype=np.int32), plan))
    if bias is not None:
        constants.append(panel_columns(bias, plan))
    arguments = (
        left,
        Constant(pack_tiles(matrix, plan)),
        parameters,
        *(Constant(array) for array in constants),
        y,
    )
    written = (len(arguments) - 1,)
    product = Step(nest.finish(), arguments, plan.units, written, plan.note)
    return [quantize, *before, product]
