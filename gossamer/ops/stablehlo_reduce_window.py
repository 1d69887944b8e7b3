"""STABLEHLO_REDUCE_WINDOW: REDUCE_WINDOW on a padded input, by a subgraph."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from gossamer.ir.op import Op, operator, require
from gossamer.ir.types import DType
from gossamer.ops.reduce_window import REDUCED, Sliding, require_start, typed
from gossamer.ops.shapes import made, operands, same_type
from gossamer.ops.stablehlo_pad import Spread, places, spread

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gossamer.ir.environment import Environment
    from gossamer.ir.graph import Node, Tensor
    from gossamer.ir.types import Array, Shape, TensorType

Numbers: TypeAlias = tuple[int, ...]


@operator("STABLEHLO_REDUCE_WINDOW", code=198, options="StablehloReduceWindowOptions")
class StablehloReduceWindow(Op):
    """x, start -> the window reduced at each place.

    x is first spread by `base_dilations`, and padded (before and behind each dimension;
    below 0 cuts off) with the start. A subgraph of two inputs, what was reduced so far
    and one element more, says how to go on.
    """

    window_dimensions: Numbers = ()
    window_strides: Numbers = ()
    base_dilations: Numbers = ()
    window_dilations: Numbers = ()
    padding: Numbers = ()
    body_subgraph_index: int = 0

    def infer(self, *inputs: Tensor | None) -> tuple[TensorType, ...]:
        x, start = operands(self, inputs, 2)
        dtype = same_type(self, (x, start))
        require(dtype in REDUCED, self, f"there is no kernel for {dtype.title}")
        require_start(self, start)
        window = self._window(len(x.shape))
        padded = tuple(
            -1 if size < 0 else spread.size
            for size, spread in zip(x.shape, self._spreads(x.shape), strict=True)
        )
        return made(self, dtype, window.places(padded))

    def perform(
        self, node: Node, inputs: Sequence[Any], environment: Environment
    ) -> tuple[Array, ...]:
        x, start = (np.asarray(array) for array in inputs)
        require(start.size == 1, self, f"the start has {start.size} elements, not 1")
        window = self._window(x.ndim)
        subgraph = self.body_subgraph_index

        def combine(total: Array, more: Array) -> Array:
            return environment.call(subgraph, (total, more))[0]

        return (window.reduce(self._padded(x, start), start, typed(combine)),)

    def _padded(self, x: Array, start: Array) -> Array:
        spreads = self._spreads(x.shape)
        padded = np.full([each.size for each in spreads], start.ravel()[0], x.dtype)
        source, target = places(spreads)
        padded[target] = x[source]
        return padded

    def _window(self, rank: int) -> Sliding:
        window = Sliding(
            self.window_dimensions, self.window_strides, self.window_dilations
        )
        window.check(self, rank)
        base = self.base_dilations
        text = f"base_dilations {list(base)} are not {rank} numbers above 0"
        require(len(base) == rank and min(base) > 0, self, text)
        text = f"padding {list(self.padding)} is not two numbers for each dimension"
        require(len(self.padding) == 2 * rank, self, text)
        return window

    def _spreads(self, shape: Shape) -> list[Spread]:
        """Where the elements go; a size that is not known counts as 1."""
        low, high = self.padding[::2], self.padding[1::2]
        spreads: list[Spread] = []
        for axis, step in enumerate(self.base_dilations):
            count = 1 if shape[axis] < 0 else shape[axis]
            size = max(count - 1, 0) * step + min(count, 1) + low[axis] + high[axis]
            text = f"nothing is left of dimension {axis}: {size} elements"
            require(size > 0 or shape[axis] < 0, self, text)
            spreads.append(spread(count, low[axis], step, max(size, 0)))
        made(self, DType.FLOAT32, [each.size for each in spreads])
        return spreads
