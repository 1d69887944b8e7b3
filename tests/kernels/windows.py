"""Windows that move over images, and what they see, in plain NumPy."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import numpy as np

from gossamer.kernels.windows.depthwise import Window

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from gossamer.ir.types import Array


def window(
    image: Sequence[int],
    size: tuple[int, int],
    stride: tuple[int, int] = (1, 1),
    dilation: tuple[int, int] = (1, 1),
    *,
    same: bool = True,
) -> Window:
    """A window over images (N, H, W, C), padded to cover every pixel or not at all."""
    out: list[int] = []
    before: list[int] = []
    for length, taps, step, gap in zip(image[1:3], size, stride, dilation, strict=True):
        reach = (taps - 1) * gap + 1
        count = -(-length // step) if same else (length - reach) // step + 1
        out.append(count)
        before.append(max((count - 1) * step + reach - length, 0) // 2 if same else 0)
    return Window(
        image[0],
        image[1],
        image[2],
        image[3],
        out[0],
        out[1],
        size,
        stride,
        dilation,
        (before[0], before[1]),
    )


def taps(shape: Window, x: Array, outside: float) -> Iterator[tuple[int, int, Array]]:
    """For each tap its row, its column, and the pixels (N, OH, OW, C) under it."""
    (top, left), (down, right) = shape.before, shape.stride
    reach_rows = (shape.filter[0] - 1) * shape.dilation[0]
    reach_columns = (shape.filter[1] - 1) * shape.dilation[1]
    rows = (shape.out_height - 1) * down + reach_rows + 1
    columns = (shape.out_width - 1) * right + reach_columns + 1
    padded = np.full(
        (
            shape.images,
            max(rows, top + shape.height),
            max(columns, left + shape.width),
            shape.channels,
        ),
        outside,
        np.float64,
    )
    padded[:, top : top + shape.height, left : left + shape.width] = x
    for row in range(shape.filter[0]):
        for column in range(shape.filter[1]):
            first, second = row * shape.dilation[0], column * shape.dilation[1]
            yield (
                row,
                column,
                padded[
                    :,
                    first : first + (shape.out_height - 1) * down + 1 : down,
                    second : second + (shape.out_width - 1) * right + 1 : right,
                ],
            )


def some_windows(
    seed: int, count: int, *, channels: int, dilated: bool = True
) -> list[Window]:
    """Windows of all kinds over small images, up to `channels` channels."""
    draw = random.Random(seed)
    found: list[Window] = []
    while len(found) < count:
        size = draw.randint(1, 5), draw.randint(1, 5)
        stride = draw.choice([(1, 1), (1, 1), (2, 2), (1, 2), (3, 1)])
        gaps = draw.choice([(1, 1), (1, 1), (2, 2), (1, 3), (2, 1)])
        dilation = gaps if dilated and stride == (1, 1) else (1, 1)
        image = (
            draw.randint(1, 2),
            draw.randint(1, 9),
            draw.randint(1, 9),
            draw.randint(1, channels),
        )
        made = window(image, size, stride, dilation, same=draw.random() < 0.6)
        if made.out_height > 0 and made.out_width > 0:
            found.append(made)
    return found
