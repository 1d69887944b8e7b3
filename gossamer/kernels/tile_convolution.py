"""Convolution and dense layers on the matrix unit."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from gossamer.kernels.border import plain_form
from gossamer.kernels.convolution import (
    RESIDENT_BYTES,
    SLACK,
    border_of,
    bordered,
    is_pointwise,
    quantized_items,
)
from gossamer.kernels.hybrid import ItemForm
from gossamer.kernels.split import SplitLines, split_constant, split_lines
from gossamer.kernels.step import Argument, Constant, Scratch, Step
from gossamer.kernels.tile_epilogue import (
    FloatRows,
    HybridItems,
    HybridRows,
    IntegerRows,
)
from gossamer.kernels.tile_gemm import tile_gemm
from gossamer.kernels.tile_product import (
    CHUNK,
    HEIGHT,
    LANES,
    WIDEST,
    TileProduct,
    pack_tiles,
    panel_columns,
)
from gossamer.kernels.tile_rows import (
    Patches,
    Pixels,
    RowsInPlace,
    Segments,
    SplitRows,
    copy_patches,
)
from gossamer.nest.build import Nest

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from gossamer.kernels.depthwise import Window
    from gossamer.kernels.requantize import IntegerOutput
    from gossamer.kernels.tile_rows import RowSource
    from gossamer.nest.target import Target

_LOCAL_BYTES = 144 * 1024
"""A block of rows up to this size is put together on the stack."""
_CACHED_BYTES = 1 << 20
"""Weights up to this size stay in the L2 cache while block by block passes."""
_FEWEST_ROWS, _FEWEST_COLUMNS, _LEAST_DEPTH = 8, 16, 32
"""Below these the tiles are mostly empty, and the vector unit is as fast."""
_LEAST_WORK = 1 << 17
"""Products that take so long that some 100 ns more per layer do not count."""
_FEWEST_SPLIT_COLUMNS, _LEAST_SPLIT_DEPTH = 64, 64
_LEAST_SPLIT_WORK = 1 << 19
"""The same for floats, which the vector unit does not multiply so much slower."""
_NARROW_FROM = 8
"""From so many chunks on, narrow panels do not drive the rows out of the L1 cache."""


def suits_tiles(target: Target, window: Window, columns: int) -> bool:
    """Whether the matrix unit beats the vector unit on int8 products of this shape."""
    rows = _rows(window)
    depth = window.filter[0] * window.filter[1] * window.channels
    return (
        target.tiles is not None
        and rows >= _FEWEST_ROWS
        and columns >= _FEWEST_COLUMNS
        and depth >= _LEAST_DEPTH
        and rows * columns * depth >= _LEAST_WORK
    )


def _rows(window: Window) -> int:
    """Rows of the product: output pixels."""
    return window.images * window.out_height * window.out_width


def suits_split_tiles(target: Target, window: Window, columns: int) -> bool:
    """Whether it beats the vector unit on float32, split into parts of bfloat16.

    To split rows, or to copy patches, pays where many columns use them.
    """
    tiles = target.tiles
    if tiles is None or tiles.float_parts == 0 or _rows(window) < HEIGHT:
        return False
    depth = window.filter[0] * window.filter[1] * window.channels
    slides = window.filter != (1, 1) and window.stride == (1, 1)
    return (
        columns >= (_FEWEST_COLUMNS if slides else _FEWEST_SPLIT_COLUMNS)
        and depth >= _LEAST_SPLIT_DEPTH
        and _rows(window) * columns * depth >= _LEAST_SPLIT_WORK
    )


def _patches(
    window: Window, element: int, next_image: int = 0, planes: int = 1
) -> Patches:
    border = border_of(window)
    pixel = window.channels * element
    line = border.columns * pixel
    filter_rows, filter_columns = window.filter
    adjoin = window.dilation[1] == 1 or filter_columns == 1
    return Patches(
        out_height=window.out_height,
        out_width=window.out_width,
        image_stride=border.rows * line,
        line_stride=window.stride[0] * line,
        step=window.stride[1] * pixel,
        run=pixel * filter_columns if adjoin else pixel,
        lines=filter_rows,
        line_distance=window.dilation[0] * line,
        parts=1 if adjoin else filter_columns,
        part_stride=0 if adjoin else window.dilation[1] * pixel,
        images=window.images,
        height=2 * HEIGHT if _rows(window) >= 2 * HEIGHT else HEIGHT,
        next_image=next_image,
        planes=planes,
    )


def _in_place(window: Window) -> bool:
    """Whether the image's pixels are the product's rows."""
    return is_pointwise(window) and _rows(window) >= HEIGHT


def _pixels(window: Window, patches: Patches) -> Pixels:
    border = border_of(window)
    return Pixels(
        patches.step,
        Segments(-(-patches.run // 4), patches.lines, patches.line_distance),
        window.images,
        border.rows,
        border.columns,
        window.out_height,
        window.out_width,
        patches.next_image,
    )


def _reads_pixels(window: Window, columns: int, patches: Patches) -> bool:
    """Whether to read patches in place is faster than to copy them together.

    In place there are more rows, for the border, and each run has a last chunk of its
    own. A copy costs as much as one product of its chunks, and more where it does not
    stay in the cache.
    """
    pixels = _pixels(window, patches)
    if window.stride != (1, 1) or patches.parts > 1 or pixels.rows < HEIGHT:
        return False
    if patches.planes > 1 and patches.run % 4:
        return False
    terms = patches.planes * (patches.planes + 1) // 2
    products = -(-columns // LANES) * terms
    blocks = [-(-rows // patches.height) for rows in (pixels.rows, patches.rows)]
    in_place = blocks[0] * pixels.segments.count * pixels.segments.chunks * products
    far = 4 if patches.local_bytes > _LOCAL_BYTES else 1
    copied = blocks[1] * patches.segments.chunks * (products + far * patches.planes)
    return in_place <= copied


def _plan(
    target: Target, window: Window, columns: int, patches: Patches, x: Argument
) -> tuple[TileProduct, RowSource, list[Step], Argument]:
    """The product of an image with its border on, and steps that come before."""
    chunks = patches.pitch // CHUNK
    large = columns * patches.pitch * patches.planes > RESIDENT_BYTES
    widest = WIDEST if chunks < _NARROW_FROM else WIDEST // 2
    plan = TileProduct(
        patches.rows, chunks, columns, large, widest=widest, planes=patches.planes
    )
    if _in_place(window):
        pitch = patches.step if patches.planes == 1 else patches.pitch
        return plan, RowsInPlace(pitch, patches.segments, patches.next_image), [], x
    if _reads_pixels(window, columns, patches):
        pixels = _pixels(window, patches)
        chunks = pixels.segments.count * pixels.segments.chunks
        return replace(plan, rows=pixels.rows, chunks=chunks), pixels, [], x
    if patches.local_bytes <= _LOCAL_BYTES:
        return replace(plan, panels_outer=False), patches, [], x
    step, copied, next_part = _copied(target, patches, x)
    source = RowsInPlace(patches.pitch, patches.segments, next_part)
    return plan, source, [step], copied


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


def _copied(target: Target, patches: Patches, x: Argument) -> tuple[Step, Scratch, int]:
    """All patches in memory of their own, and how far the next parts lie behind."""
    height = max(patches.rows, HEIGHT)
    size = height * patches.pitch
    scratch = Scratch(size * patches.planes + SLACK)
    nest = Nest("patches", target)
    source, result = nest.pointer(), nest.pointer()
    copy_patches(nest, replace(patches, height=height), source, result)
    units = patches.images * patches.out_height
    next_part = size if patches.planes > 1 else 0
    return Step(nest.finish(), (x, scratch), units, (1,)), scratch, next_part


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
    product = Step(nest.finish(), arguments, plan.units, (len(arguments) - 1,))
    return [*before, product]


def _float_plan(
    target: Target, window: Window, columns: int, x: Argument
) -> tuple[TileProduct, RowSource, list[Step], Argument]:
    """The product of an image of floats, and the steps that come before."""
    parts = target.tiles.float_parts if target.tiles is not None else 0
    lines = _split_shape(window, parts)
    patches = _patches(window, 2, lines.plane_bytes, parts)
    large = columns * patches.pitch * patches.planes > _CACHED_BYTES
    if _in_place(window) and not large and patches.local_bytes <= _LOCAL_BYTES:
        rows = SplitRows(window.channels, patches.height, parts)
        chunks = rows.segments.chunks
        plan = TileProduct(patches.rows, chunks, columns, False, planes=parts)
        return plan, rows, [], x
    split, planes = _split(target, lines, x)
    plan, source, before, left = _plan(target, window, columns, patches, planes)
    return plan, source, [split, *before], left


def _split_shape(window: Window, parts: int) -> SplitLines:
    """Lines of images with their border, or rows of whole chunks."""
    channels, border = window.channels, border_of(window)
    if _in_place(window):
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
    steps, image = bordered(target, window, plain_form(zero_point), x)
    plan, source, before, left = _plan(
        target, window, len(weights), _patches(window, 1), image
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
    return [*steps, *before, Step(nest.finish(), arguments, plan.units, written)]


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
        target, window, len(weights), _patches(window, 1), items
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
        _weights([matrix], plan, source),
        parameters,
        *(Constant(array) for array in constants),
        y,
    )
    product = Step(nest.finish(), arguments, plan.units, (len(arguments) - 1,))
    return [quantize, *before, product]
