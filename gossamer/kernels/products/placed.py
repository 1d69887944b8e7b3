"""Matrix products whose rows are read and written at places of their own.

`gemm` writes row behind row. Here an epilogue sends each tile to where it belongs:
between the pixels of other phases, beside the channels of other groups. Where a
product starts lies in memory, so that products of one shape share a kernel.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from gossamer.kernels.products.gemm import Epilogue, Place, gemm
from gossamer.kernels.products.multiply import (
    Multiply,
    PairMultiply,
    ShortQuadMultiply,
    WidePairMultiply,
    tile_room,
)
from gossamer.kernels.products.pack import pack_panels
from gossamer.kernels.products.product import Gemm, choose_tile
from gossamer.kernels.step import Argument, Constant, Step
from gossamer.nest.build import Nest
from gossamer.nest.expr import I64

if TYPE_CHECKING:
    import numpy.typing as npt

    from gossamer.kernels.products.axes import Layout
    from gossamer.kernels.products.product import Tile
    from gossamer.nest.expr import Value
    from gossamer.nest.target import Target

_RESIDENT_BYTES = 192 * 1024
"""Weights up to this size stay in the cache while all rows pass."""


class Sums(Protocol):
    """The arithmetic of a product, and what becomes of its sums."""

    @property
    def name(self) -> str:
        """What the kernel is called."""
        ...

    @property
    def multiply(self) -> Multiply:
        """How words of the input meet weights."""
        ...

    @property
    def packs_rows(self) -> bool:
        """Whether columns of panels of four vectors are in `packed_order`."""
        ...

    @property
    def parts(self) -> int:
        """Sums per column: several where one would overflow."""
        ...

    def arguments(self, plan: Gemm) -> list[Argument]:
        """What the epilogue reads, beside the sums."""
        ...

    def epilogue(self, nest: Nest, pointers: list[Value]) -> Epilogue:
        """The epilogue, given pointers to `arguments`."""
        ...


@dataclass(frozen=True, slots=True)
class _Placed:
    """Sends tiles to their places; `layout` tells them in bytes behind `y`."""

    inner: Epilogue
    layout: Layout
    y: Value
    columns: int

    @property
    def output_bytes(self) -> int:
        return self.inner.output_bytes

    def start(self, nest: Nest, column: Value, tile: Tile) -> list[Value]:
        return self.inner.start(nest, column, tile)

    def finish(
        self, nest: Nest, sums: list[list[Value]], place: Place, tile: Tile
    ) -> None:
        rows = self.layout.rows
        far, near, pitch = self.layout.target
        line = place.row // rows.count if rows.lines > 1 else place.row * 0
        position = place.row - line * rows.count
        plane = line // rows.lines_per_image
        within = line - plane * rows.lines_per_image
        distance = plane * far + within * near + position * pitch
        column = place.column // self.columns if self.columns > 1 else place.column
        corner = nest.offset(self.y, distance + column * self.output_bytes)
        moved = Place(corner, place.row, place.column, pitch)
        self.inner.finish(nest, sums, moved, tile)


def plan_product(target: Target, layout: Layout, columns: int, sums: Sums) -> Gemm:
    """How the product is walked; `columns` are those of the weights, parts included."""
    multiply, parts = sums.multiply, sums.parts
    in_steps = PairMultiply | WidePairMultiply | ShortQuadMultiply
    fuses = target.fuses and not isinstance(multiply, in_steps)
    height, vectors = choose_tile(
        tile_room(target, multiply),
        layout.rows.count,
        columns,
        packs_rows=sums.packs_rows,
        fuses=fuses,
    )
    if parts > 1:
        vectors = parts
        most = (target.registers - vectors - 2) // vectors
        height = max(min(most, layout.rows.count), 1)
    depth = layout.depth(multiply.depth)
    panel = depth.words * depth.runs * vectors * target.lanes * multiply.weight_bytes
    whole = panel * -(-columns // (vectors * target.lanes))
    return Gemm(
        layout.rows,
        depth,
        columns,
        multiply,
        target.lanes,
        vectors,
        height,
        whole > _RESIDENT_BYTES,
        sums.packs_rows,
    )


def placed_step(
    target: Target,
    layout: Layout,
    weights: npt.NDArray[Any],
    sums: Sums,
    offsets: tuple[int, int],
    arguments: tuple[Argument, Argument],
) -> Step:
    """One product; the input must have its border on.

    Args:
        target: the machine.
        layout: the rows, the inner dimension, and the places of the output.
        weights: (columns, runs, elements).
        sums: the arithmetic.
        offsets: bytes from the input's and the output's beginning to add to the
            layout's.
        arguments: input and output.
    """
    spread = split_columns(weights, sums.parts, target.lanes)
    plan = plan_product(target, layout, len(spread), sums)
    packed = Constant(pack_panels(spread, plan))
    return packed_step(target, plan, layout, packed, sums, offsets, arguments)


def packed_step(
    target: Target,
    plan: Gemm,
    layout: Layout,
    packed: Argument,
    sums: Sums,
    offsets: tuple[int, int],
    arguments: tuple[Argument, Argument],
) -> Step:
    """The same with weights that are in panels already."""
    x, y = arguments
    given = sums.arguments(plan)
    nest = Nest(sums.name, target)
    source, panels, starts = nest.pointer(), nest.pointer(), nest.pointer()
    pointers = [nest.pointer() for _ in given]
    result = nest.pointer()
    image = nest.offset(source, nest.load(I64, starts, 0))
    output = nest.offset(result, nest.load(I64, starts, 1))
    inner = sums.epilogue(nest, pointers)
    gemm(nest, plan, _Placed(inner, layout, output, sums.parts), image, panels, result)
    where = np.array(
        [layout.source_offset + offsets[0], layout.target_offset + offsets[1]], np.int64
    )
    every = (x, packed, Constant(where), *given, y)
    return Step(nest.finish(), every, plan.units, (len(every) - 1,))


def split_columns(
    weights: npt.NDArray[Any], parts: int, lanes: int
) -> npt.NDArray[Any]:
    """Weights (columns, runs, elements) as `parts` columns each, vector by vector.

    Part p of a column holds the p-th share of its weights and zeros beside them.
    """
    if parts == 1:
        return weights
    columns = len(weights)
    size = weights[0].size
    bounds = [size * part // parts for part in range(parts + 1)]
    rows: list[npt.NDArray[Any]] = []
    for first in range(0, columns, lanes):
        block = weights[first : first + lanes].reshape(-1, size)
        for part in range(parts):
            last = part == parts - 1
            share = np.zeros((len(block) if last else lanes, size), weights.dtype)
            low, high = bounds[part], bounds[part + 1]
            share[: len(block), low:high] = block[:, low:high]
            rows.append(share)
    return np.concatenate(rows).reshape(-1, *weights.shape[1:])
