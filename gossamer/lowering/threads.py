"""Which steps several threads share: those that take longer than to meet."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gossamer.ir.work import multiplications

if TYPE_CHECKING:
    from gossamer.lowering.program import PlacedStep

_MULTIPLICATIONS = 100e9
"""A second, of one core."""

_BYTES = 20e9
"""A second, of one core, from its second-level cache to itself and back."""

_WORTHWHILE = 4e-6
"""Seconds: to meet costs up to a microsecond, with what the caches must exchange."""


def is_worth_sharing(step: PlacedStep) -> bool:
    """Whether several threads are faster than one, guessed from work and memory."""
    return step.units > 1 and seconds(step) > _WORTHWHILE


def seconds(step: PlacedStep) -> float:
    """A guess at the time that one core takes for the node of a step."""
    node = step.node
    nbytes = sum(
        x.type.nbytes
        for x in (*node.inputs, *node.outputs)
        if x is not None and x.type.is_static
    )
    return multiplications(node) / _MULTIPLICATIONS + nbytes / _BYTES
