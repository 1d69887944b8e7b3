"""Which products go to the matrix unit, and how they are walked."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from gossamer.kernels.tiles.product import CHUNK, HEIGHT, LANES, WIDEST, TileProduct
from gossamer.kernels.tiles.rows import Patches, Pixels, RowsInPlace, Segments
from gossamer.kernels.windows.convolution import RESIDENT_BYTES, border_of, is_pointwise

if TYPE_CHECKING:
    from gossamer.kernels.tiles.rows import RowSource
    from gossamer.kernels.windows.depthwise import Window
    from gossamer.nest.target import Target

LOCAL_BYTES = 144 * 1024
"""A block of rows up to this size is put together on the stack."""
_LARGEST_COPY = 1 << 24
"""Bytes of all patches, where these are copied before they are multiplied."""
CACHED_BYTES = 1 << 20
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
        and not _copies_too_much(window, columns, patches_of(window, 1))
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
        and not _copies_too_much(
            window, columns, patches_of(window, 2, planes=tiles.float_parts)
        )
    )


def _copies_too_much(window: Window, columns: int, patches: Patches) -> bool:
    """Whether all patches together would take more memory than they are worth."""
    return (
        not rows_in_place(window)
        and not _reads_pixels(window, columns, patches)
        and patches.local_bytes > LOCAL_BYTES
        and patches.rows * patches.pitch * patches.planes > _LARGEST_COPY
    )


def patches_of(
    window: Window, element: int, next_image: int = 0, planes: int = 1
) -> Patches:
    """The patches under a filter, as an image with its border on has them."""
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


def rows_in_place(window: Window) -> bool:
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
    far = 4 if patches.local_bytes > LOCAL_BYTES else 1
    copied = blocks[1] * patches.segments.chunks * (products + far * patches.planes)
    return in_place <= copied


def plan_product(
    window: Window, columns: int, patches: Patches
) -> tuple[TileProduct, RowSource, bool]:
    """The product of an image with its border on, where its rows come from, and
    whether these are patches that are all copied before.
    """
    chunks = patches.pitch // CHUNK
    large = columns * patches.pitch * patches.planes > RESIDENT_BYTES
    widest = WIDEST if chunks < _NARROW_FROM else WIDEST // 2
    plan = TileProduct(
        patches.rows, chunks, columns, large, widest=widest, planes=patches.planes
    )
    if rows_in_place(window):
        pitch = patches.step if patches.planes == 1 else patches.pitch
        source = RowsInPlace(pitch, patches.segments, patches.next_image)
        return plan, source, False
    if _reads_pixels(window, columns, patches):
        pixels = _pixels(window, patches)
        chunks = pixels.segments.count * pixels.segments.chunks
        return replace(plan, rows=pixels.rows, chunks=chunks), pixels, False
    if patches.local_bytes <= LOCAL_BYTES:
        return replace(plan, panels_outer=False), patches, False
    plane = copied_plane_bytes(patches) if patches.planes > 1 else 0
    return plan, RowsInPlace(patches.pitch, patches.segments, plane), True


def copied_plane_bytes(patches: Patches) -> int:
    """Bytes of all patches of one plane, and of what fills a tile."""
    return max(patches.rows, HEIGHT) * patches.pitch
