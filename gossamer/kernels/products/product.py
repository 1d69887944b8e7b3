"""What a matrix product is, and how it is walked: shapes, tiles, and their choice."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gossamer.kernels.products.multiply import Multiply
    from gossamer.nest.build import Nest
    from gossamer.nest.expr import Value
    from gossamer.nest.target import Target

INDEPENDENT_SUMS = 8
"""Sums that must be under way so that none waits for the one before."""


@dataclass(frozen=True, slots=True)
class Rows:
    """Where the left operand's rows lie, in bytes.

    `lines` lines of `count` rows each: rows `stride` apart, lines `line_stride`;
    after `lines_per_image` lines the next image begins, `image_stride` further on.
    """

    count: int
    stride: int
    lines: int = 1
    line_stride: int = 0
    lines_per_image: int = 1
    image_stride: int = 0

    def line(self, nest: Nest, x: Value, line: Value) -> Value:
        """The address of a line's first row."""
        if self.lines == 1:
            return x
        if self.lines == self.lines_per_image:
            return nest.offset(x, line * self.line_stride)
        image = line // self.lines_per_image
        within = line % self.lines_per_image
        distance = image * self.image_stride + within * self.line_stride
        return nest.offset(x, distance)


@dataclass(frozen=True, slots=True)
class Depth:
    """The inner dimension: runs of `words` adjoining words, strides in bytes.

    There are `segments` groups of `parts` runs each: a filter's rows, and the columns
    within a row where these do not adjoin.
    """

    words: int
    segments: int = 1
    segment_stride: int = 0
    parts: int = 1
    part_stride: int = 0

    @property
    def runs(self) -> int:
        return self.segments * self.parts


@dataclass(frozen=True, slots=True)
class Tile:
    """A register tile: `rows` by `vectors` vectors of `lanes` columns.

    `columns` of the panel are real; what is beyond is padding.
    """

    rows: int
    vectors: int
    lanes: int
    columns: int

    def valid(self, vector: int) -> int:
        """Columns of a vector that are real."""
        return max(min(self.columns - vector * self.lanes, self.lanes), 0)


@dataclass(frozen=True, slots=True)
class Gemm:
    """A matrix product of fixed shape, and the way it is walked.

    `panels_outer`: each panel of weights meets all rows before the next panel comes,
    so that large weights are read once. Otherwise each row tile meets all panels,
    which then stay in the cache.
    """

    rows: Rows
    depth: Depth
    columns: int
    multiply: Multiply
    lanes: int
    vectors: int
    tile_rows: int
    panels_outer: bool
    packs_rows: bool = False
    """Whether columns of panels of four vectors are in `packed_order`."""
    right_pitch: int = 0
    """Bytes between words of the right operand where it is read in place, unpacked."""
    output_pitch: int = 0
    """Bytes between rows of the output where these do not adjoin."""
    slides: bool = False
    """Whether the last panel begins so far ahead that all its columns are real."""

    @property
    def panel_columns(self) -> int:
        return self.vectors * self.lanes

    @property
    def panel_bytes(self) -> int:
        """From one panel of the right operand to the next."""
        if self.right_pitch:
            return self.panel_columns * self.multiply.weight_bytes
        words = self.depth.words * self.depth.runs
        return words * self.panel_columns * self.multiply.weight_bytes

    @property
    def whole_panels(self) -> int:
        return self.columns // self.panel_columns

    @property
    def panel_starts(self) -> list[int]:
        """The first column of each panel."""
        starts = list(range(0, self.columns, self.panel_columns))
        if self.slides:
            starts[-1] = self.columns - self.panel_columns
        return starts

    @property
    def units(self) -> int:
        """Units of work: panels, lines, or row tiles."""
        if self.panels_outer:
            return -(-self.columns // self.panel_columns)
        return self.rows.lines if self.rows.lines > 1 else sum(self.tile_counts)

    @property
    def note(self) -> str:
        """Why it is walked like this, in a few words."""
        rows = self.rows.count * self.rows.lines
        depth = self.depth.words * self.depth.runs * self.multiply.depth
        panels = -(-self.columns // self.panel_columns)
        nbytes = self.panel_bytes * panels
        weights = f"{nbytes / 1000:,.1f} kB of weights"
        product = f"{rows} rows, {self.columns} columns, depth {depth}"
        tile = f"tile {self.larger_tile}x{self.panel_columns}: {product}"
        if rows == 1:
            return f"{tile}; one row reads {weights} once"
        if self.panels_outer:
            return f"{tile}; {weights} are too many to stay near, so panels outside"
        return f"{tile}; {weights} stay near, so rows outside"

    @property
    def tile_counts(self) -> tuple[int, int]:
        """How many tiles of `larger_tile` rows a line has, and of one row less."""
        tiles = -(-self.rows.count // self.tile_rows)
        larger = self.rows.count % tiles
        return (larger, tiles - larger) if larger else (tiles, 0)

    @property
    def larger_tile(self) -> int:
        if self.slides:
            return self.tile_rows
        tiles = -(-self.rows.count // self.tile_rows)
        return -(-self.rows.count // tiles)


def choose_tile(
    target: Target,
    rows: int,
    columns: int,
    *,
    packs_rows: bool = False,
    fuses: bool = True,
) -> tuple[int, int]:
    """Rows and vectors of the register tile for a product of this shape.

    The sums must leave registers for the weights and one broadcast, and for a product
    unless the machine `fuses` it with the sum. Wide panels save broadcasts, tall tiles
    save weight loads; columns that are padding are lost.
    """
    vectors_needed = -(-columns // target.lanes)
    if rows == 1:
        return 1, min(vectors_needed, INDEPENDENT_SUMS)
    best = (0.0, 1, 1)
    limit = 4 if target.registers >= 32 else 3
    for vectors in range(1, min(limit, vectors_needed) + 1):
        most = (target.registers - vectors - (1 if fuses else 2)) // vectors
        tiles = -(-rows // most)
        height = -(-rows // tiles)
        panels = -(-vectors_needed // vectors)
        useful = columns / (panels * vectors * target.lanes)
        loads = vectors + height
        fmas = vectors * height
        busy = fmas / max(fmas, loads, INDEPENDENT_SUMS)
        remainder = 0.97 if vectors_needed % vectors else 1.0
        packed = 1.15 if packs_rows and vectors == 4 else 1.0
        score = useful * busy * remainder * packed * (1 - 0.5 / fmas)
        if score > best[0]:
            best = (score, height, vectors)
    return best[1], best[2]
