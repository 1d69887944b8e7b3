"""Matrix products on the machine's matrix unit: their shapes and packed weights.

    y[row, column] = finish(first[column] + sum over k of x[row, k] * w[k, column])

The unit multiplies 16 rows of 64 bytes by 16 columns at once. A block of up to 32 rows
meets a panel of up to 64 columns; the inner dimension passes in chunks of 64 bytes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from gossamer.nest.build import Nest
    from gossamer.nest.expr import Value

CHUNK = 64
"""Bytes of a row that one instruction multiplies."""
HEIGHT = 16
"""Rows of a tile."""
LANES = 16
"""Columns of a tile: words of 4 bytes, lanes of a vector."""
WIDEST = 4
"""Vectors of columns in a panel: as int8, a row of them fills one vector."""


@dataclass(frozen=True, slots=True)
class Panel:
    """`columns` columns from column `first` on, in `vectors` vectors."""

    first: int
    vectors: int
    columns: int

    def valid(self, vector: int) -> int:
        """Columns of a vector that are real."""
        return max(min(self.columns - vector * LANES, LANES), 0)


@dataclass(frozen=True, slots=True)
class TileProduct:
    """A product of `rows` rows, `chunks` chunks and `columns` columns.

    `panels_outer`: each panel of weights meets all rows before the next one comes, so
    that large weights are read once; otherwise each block of rows meets all panels.
    `packs_rows`: columns of panels are in `packed_order`. `widest` is how many vectors
    of columns a panel has, 2 or 4. `planes` is 2 where operands are split into a high
    and a low part.
    """

    rows: int
    chunks: int
    columns: int
    panels_outer: bool
    packs_rows: bool = False
    widest: int = WIDEST
    planes: int = 1

    @property
    def note(self) -> str:
        """Why it is walked like this, in a few words."""
        order = "rows outside, as weights stay near"
        if self.panels_outer:
            order = "panels outside, as weights are many"
        return (
            f"matrix unit: {self.rows} rows, {self.columns} columns, depth in "
            f"{self.chunks} tiles; {order}"
        )

    @property
    def height(self) -> int:
        """Rows of a block."""
        return 2 * HEIGHT if self.rows >= 2 * HEIGHT else HEIGHT

    @property
    def blocks(self) -> int:
        return -(-self.rows // self.height)

    @property
    def column_bytes(self) -> int:
        """Bytes of the weights of one column."""
        return self.chunks * CHUNK * self.planes

    @property
    def panels(self) -> tuple[Panel, ...]:
        """The widest panels first, then narrower ones for what is left."""
        found: list[Panel] = []
        first, left = 0, self.columns
        while left > 0:
            needed = -(-left // LANES)
            vectors = self.widest if needed >= self.widest else min(needed, 2)
            columns = min(vectors * LANES, left)
            found.append(Panel(first, vectors, columns))
            first, left = first + columns, left - columns
        return tuple(found)

    @property
    def units(self) -> int:
        """Units of work: panels, or blocks of rows."""
        return len(self.panels) if self.panels_outer else self.blocks

    def first_row(self, nest: Nest, block: Value) -> tuple[Value, Value]:
        """A block's first row, and how many of its rows the one before has done.

        The last block reaches back, so that no row beyond the end is touched.
        """
        planned = block * self.height
        first = nest.minimum(planned, max(self.rows - self.height, 0))
        return first, planned - first


def packed_order(vectors: int) -> npt.NDArray[np.intp]:
    """Which column stands where in a panel whose rows `Nest.pack` narrows.

    `vectors` int32 vectors make a row; each block of 16 bytes that is packed takes
    four bytes from each vector in turn.
    """
    columns = np.arange(vectors * LANES).reshape(-1, vectors, 4)  # block, vector, lane
    return columns.transpose(1, 0, 2).ravel()


def pack_tiles(
    planes: Sequence[npt.NDArray[Any]], plan: TileProduct
) -> npt.NDArray[Any]:
    """Weights (columns, elements) as [panel][pair of vectors][chunk][plane][vector].

    Each of these is a tile of 16 rows of 16 words, a word the elements of 4 bytes of
    one column. What is left of the last chunk and of the last vector is zero.
    """
    columns, elements = planes[0].shape
    size = planes[0].itemsize
    shape = (len(planes), -(-columns // LANES) * LANES, plan.chunks * CHUNK // size)
    filled = np.zeros(shape, planes[0].dtype)
    filled[:, :columns, :elements] = planes
    parts: list[npt.NDArray[Any]] = []
    for panel in plan.panels:
        block = filled[:, panel.first : panel.first + panel.vectors * LANES]
        block = block[:, column_order(panel, plan)]
        tiles = block.reshape(
            len(planes), panel.vectors, LANES, plan.chunks, HEIGHT, 4 // size
        )
        for vector in range(0, panel.vectors, 2):
            pair = tiles[:, vector : vector + 2].transpose(3, 0, 1, 4, 2, 5)
            parts.append(np.ascontiguousarray(pair).ravel())
    return np.concatenate(parts)


def column_order(panel: Panel, plan: TileProduct) -> npt.NDArray[np.intp]:
    if plan.packs_rows:
        return packed_order(panel.vectors)
    return np.arange(panel.vectors * LANES)


def panel_columns(values: npt.NDArray[Any], plan: TileProduct) -> npt.NDArray[Any]:
    """One value per column in the panels' order, filled up with zeros."""
    filled = np.zeros(-(-len(values) // LANES) * LANES, values.dtype)
    filled[: len(values)] = values
    parts = [
        filled[panel.first : panel.first + panel.vectors * LANES][
            column_order(panel, plan)
        ]
        for panel in plan.panels
    ]
    return np.concatenate(parts)
