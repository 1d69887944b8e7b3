"""Float weights that are computed as the model runs, brought into panels then."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gossamer.kernels.step import Argument, Scratch, Step
from gossamer.nest.build import Nest
from gossamer.nest.expr import F32

if TYPE_CHECKING:
    from gossamer.kernels.products.product import Gemm
    from gossamer.nest.expr import Value
    from gossamer.nest.target import Target


def packing_step(target: Target, plan: Gemm, x: Argument) -> tuple[Step, Scratch]:
    """The step that makes panels of weights (columns, elements), and where they lie.

    Units of work are panels.
    """
    panels = -(-plan.columns // plan.panel_columns)
    scratch = Scratch(panels * plan.panel_bytes)
    nest = Nest("pack_f32", target)
    source, result = nest.pointer(), nest.pointer()
    begin, end = nest.integer(), nest.integer()
    whole, width = plan.whole_panels, plan.panel_columns
    if whole:
        with nest.loop(nest.minimum(end, whole), start=begin) as panel:
            _panel(nest, plan, (source, result), panel.index, (width, width))
    rest = plan.columns - whole * width
    if rest:
        wide = -(-rest // plan.lanes) * plan.lanes
        with nest.loop(end, start=nest.maximum(begin, whole)) as panel:
            _panel(nest, plan, (source, result), panel.index, (rest, wide))
    return Step(nest.finish(), (x, scratch), panels, (1,)), scratch


def _panel(
    nest: Nest,
    plan: Gemm,
    pointers: tuple[Value, Value],
    panel: Value,
    columns: tuple[int, int],
) -> None:
    """One panel of `columns` = (real, with padding); the padding is left as it is."""
    source, result = pointers
    count, width = columns
    depth = plan.depth.words * plan.depth.runs
    first = nest.offset(result, panel * plan.panel_bytes)
    with nest.loop(count) as column:
        start = (panel * plan.panel_columns + column.index) * depth
        with nest.loop(depth) as word:
            value = nest.load(F32, source, start + word.index)
            nest.store(value, first, word.index * width + column.index)
