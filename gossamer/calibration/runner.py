"""Run the float model as machine code, node by node."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gossamer.runtime.walk import Walk, walk

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gossamer.ir.graph import Model, Tensor
    from gossamer.ir.types import Array, Shape
    from gossamer.quantization.calibrate import Run, See


def compiled_runner(model: Model, subgraph: int) -> Run:
    """A `Run` of one subgraph, compiled for the shapes of the samples at hand."""
    made: dict[tuple[Shape, ...], Walk] = {}

    def run(inputs: Mapping[Tensor, Array], see: See) -> None:
        shapes = {x: array.shape for x, array in inputs.items()}
        key = tuple(shapes.values())
        if key not in made:
            made.clear()
            made[key] = walk(model, subgraph, shapes)
        made[key](inputs, see)

    return run
