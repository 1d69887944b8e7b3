"""Steps that put a border around images or volumes, and bring elements into form."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gossamer.kernels.elements.elementwise import Lanes, block_units, each_block
from gossamer.kernels.step import Argument, Scratch, Step
from gossamer.kernels.windows.border import Border, Form, copy_with_border, form_lanes
from gossamer.nest.build import Nest

if TYPE_CHECKING:
    from gossamer.nest.expr import Value
    from gossamer.nest.target import Target

SLACK = 64
"""Bytes behind a scratch image that may be read, never used."""


def bordered(
    target: Target, border: Border, form: Form, x: Argument
) -> tuple[list[Step], Argument]:
    """The input as a product reads it, and the steps that make it."""
    plain = form.result == form.source and not (form.flip or form.copies)
    if border.is_empty and plain:
        return [], x
    scratch = Scratch(border.elements * form.result.bytes + SLACK)
    if border.is_empty:
        return [reformed(target, border.elements, form, x, scratch)], scratch
    nest = Nest("border", target)
    source, result = nest.pointer(), nest.pointer()
    copy_with_border(nest, border, form, source, result)
    units = border.images * border.rows
    return [Step(nest.finish(), (x, scratch), units, (1,))], scratch


def reformed(target: Target, count: int, form: Form, x: Argument, y: Argument) -> Step:
    """All elements in another form, no border."""
    nest = Nest("reform", target)
    source, result = nest.pointer(), nest.pointer()

    def move(index: Value, group: Lanes) -> None:
        value = group.load(nest, form.source, source, index)
        group.store(nest, form.apply(nest, value), result, index)

    each_block(nest, count, form_lanes(target, form), move)
    return Step(nest.finish(), (x, y), block_units(count), (1,))
