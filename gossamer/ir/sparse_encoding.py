"""Dense arrays as sparse constants, in the encoding that takes the fewest bytes.

One level leaves zeros out, and what is below it, if anything, is a block. The inner
part of an axis is always a whole block: LiteRT divides by zero on others.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING

import numpy as np

from gossamer.ir.graph import DimensionMetadata, Sparsity

if TYPE_CHECKING:
    import numpy.typing as npt

    from gossamer.ir.types import Array, Shape

    Mask = npt.NDArray[np.bool_]

_BLOCKS = (2, 4, 8, 16)
"""Sizes of blocks that are tried, along the first axis, the last, and both."""


@dataclass(frozen=True, slots=True)
class Layout:
    """In which order an array is stored, and at which level zeros are left out.

    Attributes:
        order: the axes from the outermost level in; `rank + i` is the inner part of
            the i-th axis that is split.
        splits: pairs of an axis and the size of its inner part, which divides it.
        level: what is zero at this level and below is left out; others are whole.
    """

    order: tuple[int, ...]
    splits: tuple[tuple[int, int], ...]
    level: int

    def levels(self, array: Array) -> Array:
        """The array with one axis for each level, outermost first."""
        rank = array.ndim
        for place, (axis, size) in enumerate(self.splits):
            shape = list(array.shape)
            shape[axis : axis + 1] = [shape[axis] // size, size]
            array = np.moveaxis(array.reshape(shape), axis + 1, rank + place)
        return array.transpose(self.order)

    def kept(self, mask: Mask) -> Mask:
        """Which entries (row, index) of the level are stored; at least one is.

        Readers take a buffer without a byte for no constant at all.
        """
        split = self.levels(mask)
        rows = prod(split.shape[: self.level])
        size = split.shape[self.level]
        kept: Mask = np.asarray(split.reshape(rows, size, -1).any(axis=2))
        if not kept.any():
            kept[0, 0] = True
        return kept


def layouts(shape: Shape) -> list[Layout]:
    """The layouts that are tried for an array."""
    rank = len(shape)
    plain = tuple(range(rank))
    found = [Layout(plain, (), level) for level in plain]
    if rank == 1:
        return found
    for axis in plain:
        others = tuple(other for other in plain if other != axis)
        found.append(Layout((*others, axis), (), rank - 1))
        found.append(Layout((axis, *others), (), 0))
    return list(dict.fromkeys([*found, *_in_blocks(shape, plain)]))


def _in_blocks(shape: Shape, plain: tuple[int, ...]) -> list[Layout]:
    """Blocks along the last axis, the first, and both."""
    last = len(shape) - 1
    found: list[Layout] = []
    for wide in (1, *_BLOCKS):
        for high in (1, *_BLOCKS):
            if shape[last] % wide or shape[0] % high or wide == high == 1:
                continue
            given = ((0, high), (last, wide))
            splits = tuple((axis, size) for axis, size in given if size > 1)
            inner = tuple(len(plain) + place for place in range(len(splits)))
            found.append(Layout((*plain, *inner), splits, last))
    return found


def encoded_bytes(mask: Mask, layout: Layout, element: int) -> int:
    """Bytes of the values and indices of an array.

    Args:
        mask: which elements are not zero.
        layout: how they are stored.
        element: bytes of one of them.
    """
    kept = layout.kept(mask)
    count = int(kept.sum())
    below = mask.size // kept.size
    last = int(np.flatnonzero(kept.any(axis=0))[-1])
    indices = count * _width(last)
    return count * below * element + indices + (len(kept) + 1) * _width(count)


def _width(largest: int) -> int:
    """Bytes of the narrowest index vector that holds a number."""
    return 1 if largest <= 0xFF else 2 if largest <= 0xFFFF else 4


def best_layout(array: Array) -> tuple[Layout, int] | None:
    """The layout that takes the fewest bytes, and how many; None for scalars and none.

    The first of those that are alike is taken.
    """
    if not array.size or not array.ndim:
        return None
    mask = np.asarray(array != 0)
    element = array.dtype.itemsize
    sizes = [
        (encoded_bytes(mask, layout, element), place, layout)
        for place, layout in enumerate(layouts(array.shape))
    ]
    size, _, layout = min(sizes, key=lambda each: each[:2])
    return layout, size


def encoded(array: Array, layout: Layout) -> tuple[Array, Sparsity]:
    """The stored values of an array, flat, and where they belong."""
    split = layout.levels(array)
    kept = layout.kept(np.asarray(array != 0))
    values = split.reshape(*kept.shape, -1)[kept].reshape(-1)
    segments = np.concatenate([[0], np.cumsum(kept.sum(axis=1))])
    dimensions = [DimensionMetadata(size) for size in split.shape]
    dimensions[layout.level] = DimensionMetadata(
        split.shape[layout.level],
        tuple(segments.tolist()),
        tuple(np.nonzero(kept)[1].tolist()),
    )
    blocks = tuple(axis for axis, _ in layout.splits)
    return values, Sparsity(layout.order, blocks, tuple(dimensions))
