"""Convolution and dense layers on the matrix unit."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from gossamer.kernels.products.hybrid import ItemForm
from gossamer.kernels.step import Argument, Constant, Scratch, Step
from gossamer.kernels.tail import bind, extendable, operands_of
from gossamer.kernels.tiles.epilogue import (
    FloatRows,
    HybridItems,
    HybridRows,
    IntegerRows,
)
from gossamer.kernels.tiles.gemm import tile_gemm
from gossamer.kernels.tiles.plan import (
    CACHED_BYTES,
    LOCAL_BYTES,
    copied_plane_bytes,
    patches_of,
    plan_product,
    rows_in_place,
)
from gossamer.kernels.tiles.product import (
    CHUNK,
    HEIGHT,
    TileProduct,
    pack_tiles,
    panel_columns,
)
from gossamer.kernels.tiles.rows import (
    Patches,
    SplitRows,
    copy_patches,
)
from gossamer.kernels.tiles.split import SplitLines, split_constant, split_lines
from gossamer.kernels.windows.border import plain_form
from gossamer.kernels.windows.border_steps import SLACK, bordered
from gossamer.kernels.windows.convolution import border_of, quantized_items
from gossamer.nest.build import Nest

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from gossamer.kernels.arithmetic.integer_output import IntegerOutput
    from gossamer.kernels.tail import Tail
    from gossamer.kernels.tiles.rows import RowSource
    from gossamer.kernels.windows.depthwise import Window
    from gossamer.nest.target import Target


def _weights(
    planes: Sequence[npt.NDArray[Any]], plan: TileProduct, source: RowSource
) -> Constant:
    """Weights (columns, elements) as tiles; each run of a row fills whole chunks."""
    segments = source.segments
    size = planes[0].itemsize
    made: list[npt.NDArray[Any]] = []
    for plane in planes:
        runs = plane.reshape(len(plane), segments.count, -1)
        shape = (*runs.shape[:2], segments.chunks * CHUNK // size)
        filled = np.zeros(shape, plane.dtype)
        filled[:, :, : runs.shape[2]] = runs
        made.append(filled.reshape(len(plane), -1))
    return Constant(pack_tiles(made, plan))


def _prepared(
    target: Target, window: Window, columns: int, patches: Patches, x: Argument
) -> tuple[TileProduct, RowSource, list[Step], Argument]:
    """The product of an image, the steps that come before, and what they leave."""
    plan, source, copies = plan_product(window, columns, patches)
    if not copies:
        return plan, source, [], x
    height = max(patches.rows, HEIGHT)
    scratch = Scratch(copied_plane_bytes(patches) * patches.planes + SLACK)
    nest = Nest("patches", target)
    image, result = nest.pointer(), nest.pointer()
    copy_patches(nest, replace(patches, height=height), image, result)
    units = patches.images * patches.out_height
    return plan, source, [Step(nest.finish(), (x, scratch), units, (1,))], scratch


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
    plan, source, before, left = _float_plan(target, window, len(weights), x)
    nest = Nest("conv_f32", target)
    rows, packed = nest.pointer(), nest.pointer()
    first = nest.pointer() if bias is not None else None
    epilogue = FloatRows(first, limits, nest.pointer(), len(weights) * 4)
    tile_gemm(nest, plan, source, epilogue, rows, packed)
    matrix = weights.reshape(len(weights), -1)
    constants = [_weights(split_constant(matrix, plan.planes), plan, source)]
    if bias is not None:
        constants.append(Constant(panel_columns(bias, plan)))
    arguments = (left, *constants, y)
    written = (len(arguments) - 1,)
    product = Step(nest.finish(), arguments, plan.units, written, plan.note)
    return [*before, product]


def _float_plan(
    target: Target, window: Window, columns: int, x: Argument
) -> tuple[TileProduct, RowSource, list[Step], Argument]:
    """The product of an image of floats, and the steps that come before."""
    parts = target.tiles.float_parts if target.tiles is not None else 0
    lines = _split_shape(window, parts)
    patches = patches_of(window, 2, lines.plane_bytes, parts)
    large = columns * patches.pitch * patches.planes > CACHED_BYTES
    if rows_in_place(window) and not large and patches.local_bytes <= LOCAL_BYTES:
        rows = SplitRows(window.channels, patches.height, parts)
        chunks = rows.segments.chunks
        plan = TileProduct(patches.rows, chunks, columns, False, planes=parts)
        return plan, rows, [], x
    split, planes = _split(target, lines, x)
    plan, source, before, left = _prepared(target, window, columns, patches, planes)
    return plan, source, [split, *before], left


def _split_shape(window: Window, parts: int) -> SplitLines:
    """Lines of images with their border, or rows of whole chunks."""
    channels, border = window.channels, border_of(window)
    if rows_in_place(window):
        pixels = window.images * window.height * window.width
        return SplitLines(1, pixels, channels, parts, after=-channels % (CHUNK // 2))
    return SplitLines(
        window.images,
        window.height,
        window.width * channels,
        parts,
        border.top,
        border.bottom,
        border.left * channels,
        border.right * channels,
    )


def _split(target: Target, shape: SplitLines, x: Argument) -> tuple[Step, Scratch]:
    scratch = Scratch(shape.parts * shape.plane_bytes + SLACK)
    nest = Nest("split", target)
    source, result = nest.pointer(), nest.pointer()
    split_lines(nest, shape, source, result)
    return Step(nest.finish(), (x, scratch), shape.lines, (1,)), scratch


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
    plan, source, before, left = _prepared(
        target, window, len(weights), patches_of(window, 1), image
    )
    plan = replace(plan, packs_rows=True)
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
        _weights([matrix], plan, source),
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
    plan, source, before, left = _prepared(
        target, window, len(weights), patches_of(window, 1), items
    )
    matrix = weights.reshape(len(weights), -1)
    sums = matrix.sum(axis=1, dtype=np.int32) if asymmetric else None
    columns = [
        None if each is None else Constant(panel_columns(each, plan))
        for each in (scales, sums, bias)
    ]
    constants = [_weights([matrix], plan, source), parameters, *filter(None, columns)]
    per_item = window.out_height * window.out_width

    def make(tail: Tail | None) -> Step:
        nest = Nest("conv_hybrid", target)
        rows, packed, ranges = (nest.pointer() for _ in range(3))
        factors, less, first = (each and nest.pointer() for each in columns)
        assert factors is not None
        given = (ranges, factors, less, first, limits, window.images, per_item)
        output = nest.pointer()
        epilogue = HybridRows(
            HybridItems(*given), output, len(weights) * 4, bind(nest, tail)
        )
        tile_gemm(nest, plan, source, epilogue, rows, packed)
        result = y if tail is None else tail.output
        arguments = (left, *constants, result, *operands_of(tail))
        written = (1 + len(constants),)
        return Step(nest.finish(), arguments, plan.units, written, plan.note)

    return [quantize, *before, extendable(y, make)]
