"""One value at an index, another everywhere else."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gossamer.kernels.elements.elementwise import Lanes, each_vector
from gossamer.nest.expr import I64, Value

if TYPE_CHECKING:
    from gossamer.nest.build import Nest
    from gossamer.nest.expr import Kind


@dataclass(frozen=True, slots=True)
class OneHots:
    """(outer, inner) indices of kind `index` to (outer, depth, inner) elements."""

    outer: int
    depth: int
    inner: int
    index: Kind
    element: Kind


def one_hot(
    nest: Nest, work: OneHots, indices: Value, values: tuple[Value, Value], y: Value
) -> None:
    """A whole kernel; units of work are outer indices. `values` are on and off."""
    begin, end = nest.integer(), nest.integer()
    lanes = max(nest.target.vector_bytes // work.element.bytes, 1)
    on, off = (nest.load(work.element, pointer) for pointer in values)
    block = work.depth * work.inner
    with nest.loop(end, start=begin) as outer:
        base = outer.index * block

        def clear(index: Value, group: Lanes, base: Value = base) -> None:
            group.store(nest, nest.splat(off, group.count), y, base + index)

        each_vector(nest, block, lanes, clear)
        with nest.loop(work.inner) as inner:
            place = outer.index * work.inner + inner.index
            hot = nest.convert(nest.load(work.index, indices, place), I64)
            # Without a sign an index below 0 is large.
            inside = nest.compare("ult", hot, nest.constant(work.depth, I64))
            with nest.when(inside):
                nest.store(on, y, base + hot * work.inner + inner.index)
