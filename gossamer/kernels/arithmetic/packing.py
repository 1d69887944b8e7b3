"""In which order `Nest.pack` puts four int32 vectors into one of bytes.

Within each block of 16 bytes the first four come from the first vector, the next four
from the second, and so on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gossamer.nest.expr import I32

if TYPE_CHECKING:
    import numpy.typing as npt

    from gossamer.nest.build import Nest
    from gossamer.nest.expr import Value

VECTORS = 4
_BLOCK_LANES = 4
"""int32 lanes of a vector that are in one block."""


def packed_order(count: int) -> npt.NDArray[np.intp]:
    """Where `Nest.pack` wants the columns: position p of four vectors is this column.

    Four int32 vectors of `count / 4` lanes are narrowed into one of `count` bytes.
    """
    lanes = min(count // VECTORS, _BLOCK_LANES)
    columns = np.arange(count).reshape(-1, VECTORS, lanes)  # block, vector, lane
    return columns.transpose(1, 0, 2).ravel()


def in_order(nest: Nest, packed: Value, lanes: int) -> Value:
    """Four vectors of `lanes` out of `Nest.pack`, one after another."""
    if lanes <= _BLOCK_LANES:
        return packed
    words = nest.bits(packed, I32.of(lanes))
    blocks = range(lanes // _BLOCK_LANES)
    order = [block * VECTORS + v for v in range(VECTORS) for block in blocks]
    return nest.bits(nest.shuffle(words, words, order), packed.kind)
