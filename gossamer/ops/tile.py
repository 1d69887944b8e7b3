"""TILE: a tensor repeated along its dimensions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from gossamer.ir.op import operator, require
from gossamer.ops.movement import Movement, version_of_type
from gossamer.ops.shapes import integers, known_vector, made, operands

if TYPE_CHECKING:
    from gossamer.ir.graph import Node, Tensor
    from gossamer.ir.types import Array, TensorType


@operator("TILE", code=69, options="TileOptions")
class Tile(Movement):
    """x, multiples -> x repeated multiples[i] times along dimension i."""

    by_place = True

    def infer(self, *inputs: Tensor | None) -> tuple[TensorType, ...]:
        x, multiples = operands(self, inputs, 2)
        counts = known_vector(self, multiples, "the multiples", len(x.shape))
        if counts is None:
            return made(self, x.dtype, (-1,) * len(x.shape))
        self._check(counts)
        sizes = [
            -1 if size < 0 else size * count
            for size, count in zip(x.shape, counts, strict=True)
        ]
        return made(self, x.dtype, sizes)

    def reference(self, *inputs: Any) -> tuple[Array, ...]:
        x: Array = np.asarray(inputs[0])
        counts = integers(inputs[1])
        text = f"{len(counts)} multiples are given for rank {x.ndim}"
        require(len(counts) == x.ndim, self, text)
        self._check(counts)
        return (np.tile(x, counts),)

    def version(self, node: Node) -> int:
        return version_of_type(node.input(0).dtype, int8=3, string=2)

    def _check(self, counts: tuple[int, ...]) -> None:
        least = min(counts, default=0)
        require(least >= 0, self, f"the multiples {list(counts)} are below 0")
