"""STABLEHLO_PAD: a border around a tensor and between its elements, or less of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from gossamer.ir.op import operator, require
from gossamer.kernels.movement.move import Box, element_kind, strides_of
from gossamer.ops.movement import Movement
from gossamer.ops.shapes import made, operands, same_type
from gossamer.ops.steps import fill_step, move_steps

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gossamer.ir.graph import Node, Tensor
    from gossamer.ir.types import Array, Shape, TensorType
    from gossamer.kernels.step import Step
    from gossamer.nest.target import Target

Numbers: TypeAlias = tuple[int, ...]

LARGEST_RANK = 8
"""The most dimensions that the format's readers keep widths for."""


@dataclass(frozen=True, slots=True)
class Spread:
    """Where the elements of one dimension go.

    `count` of them, from `source` on, go to `target` and every `step` behind it in a
    dimension of `size`.
    """

    source: int
    count: int
    target: int
    step: int
    size: int


@operator("STABLEHLO_PAD", code=195, options="StablehloPadOptions")
class StablehloPad(Movement):
    """x, value -> x with `value` before, behind and between its elements.

    A width below 0 before or behind cuts off what stands there.
    """

    edge_padding_low: Numbers = ()
    edge_padding_high: Numbers = ()
    interior_padding: Numbers = ()

    def infer(self, *inputs: Tensor | None) -> tuple[TensorType, ...]:
        x, value = operands(self, inputs, 2)
        dtype = same_type(self, (x, value))
        if value.type.is_static:
            self._require_value(value.type.size)
        return made(self, dtype, self._padded(x.shape))

    def reference(self, *inputs: Any) -> tuple[Array, ...]:
        x, value = (np.asarray(array) for array in inputs)
        self._require_value(value.size)
        spreads = self._spreads(x.shape)
        result = np.full([spread.size for spread in spreads], value.ravel()[0], x.dtype)
        source, target = places(spreads)
        result[target] = x[source]
        return (result,)

    def lower(self, node: Node, target: Target) -> Sequence[Step] | None:
        x, value, y = node.input(0), node.input(1), node.output
        kind = element_kind(y.dtype.numpy.itemsize)
        if value.data is None or kind is None or y.dtype.bits % 8:
            return None
        number = np.asarray(value.data).ravel()[:1].view(f"i{kind.bytes}")
        fill = fill_step(target, kind, y.type.size, int(number[0]), y)
        box = boxed(self._spreads(x.shape), x.shape)
        moves = move_steps(target, [(box, x)], kind.bytes, y)
        return None if moves is None else [fill, *moves]

    def _require_value(self, count: int) -> None:
        require(count == 1, self, f"the value has {count} elements, not 1")

    def _padded(self, shape: Shape) -> Numbers:
        low, high, between = self._widths(len(shape))
        sizes: list[int] = []
        for axis, size in enumerate(shape):
            gaps = max(size - 1, 0) * between[axis]
            total = size + gaps + low[axis] + high[axis]
            text = f"nothing is left of dimension {axis}: {total} elements"
            require(size < 0 or total >= 0, self, text)
            sizes.append(-1 if size < 0 else total)
        return tuple(sizes)

    def _widths(self, rank: int) -> tuple[Numbers, Numbers, Numbers]:
        """Before, behind, and between, for each dimension."""
        text = f"a tensor of rank {rank} cannot be padded, only one of rank 1 to 8"
        require(1 <= rank <= LARGEST_RANK, self, text)
        all_widths = self.edge_padding_low, self.edge_padding_high
        for widths in (*all_widths, self.interior_padding):
            text = f"{len(widths)} widths are given for a tensor of rank {rank}"
            require(len(widths) == rank, self, text)
        least = min(self.interior_padding)
        require(least >= 0, self, f"the width between elements is {least}, below 0")
        return (*all_widths, self.interior_padding)

    def _spreads(self, shape: Shape) -> list[Spread]:
        low, _, between = self._widths(len(shape))
        sizes = self._padded(shape)
        return [
            spread(count, before, gap + 1, size)
            for count, before, gap, size in zip(shape, low, between, sizes, strict=True)
        ]


def spread(count: int, before: int, step: int, size: int) -> Spread:
    """Put element i at `before + i * step`, those that `size` has room for."""
    first = max(0, -(before // step))
    last = min(count - 1, (size - 1 - before) // step)
    if last < first:
        return Spread(0, 0, 0, 1, size)
    return Spread(first, last - first + 1, before + first * step, step, size)


def places(
    spreads: Sequence[Spread],
) -> tuple[tuple[slice, ...], tuple[slice, ...]]:
    """Indices of the elements that are moved, and of their new places."""
    source = tuple(slice(each.source, each.source + each.count) for each in spreads)
    target = tuple(
        slice(each.target, each.target + (each.count - 1) * each.step + 1, each.step)
        if each.count
        else slice(0, 0)
        for each in spreads
    )
    return source, target


def boxed(spreads: Sequence[Spread], shape: Shape) -> Box:
    """The same as a box of elements of an array of `shape`."""
    steps = strides_of(shape)
    target = strides_of([each.size for each in spreads])
    return Box(
        tuple(each.count for each in spreads),
        sum(each.source * step for each, step in zip(spreads, steps, strict=True)),
        steps,
        sum(each.target * step for each, step in zip(spreads, target, strict=True)),
        tuple(each.step * step for each, step in zip(spreads, target, strict=True)),
    )
