"""Which steps several threads share, and whether it pays for a program at all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gossamer.ir.work import multiplications
from gossamer.lowering.program import PlacedStep, steps_of
from gossamer.memory import CONSTANTS

if TYPE_CHECKING:
    from gossamer.lowering.program import Action

_FLOAT_MULTIPLICATIONS = 100e9
_INTEGER_MULTIPLICATIONS = 250e9
"""A second, of one core; integers of 8 bits."""

_ELEMENTS = 4e9
"""A second, of one core that does something with each."""

_WORTHWHILE = 4e-6
"""Seconds: to hand out a step and to wait for its end costs up to a microsecond, and
half of what it reads lies in the other core's cache."""

_GAIN = 100e-6
"""Seconds that threads must save a program: less is lost again where a worker must be
woken, or where its core has other things to do."""

_MEETING = 0.7e-6
"""Seconds that a shared step takes longer."""


def worthwhile_threads(actions: tuple[Action, ...], threads: int) -> int:
    """How many threads a program is compiled for: all that there may be, or one."""
    shared = [
        seconds(step)
        for step in steps_of(actions)
        if isinstance(step, PlacedStep) and is_worth_sharing(step)
    ]
    gain = sum(shared) * (1 - 1 / threads) - len(shared) * _MEETING
    return threads if gain > _GAIN else 1


def is_worth_sharing(step: PlacedStep) -> bool:
    """Whether several threads are faster than one, guessed from work and memory."""
    return step.units > 1 and seconds(step) > _WORTHWHILE


def seconds(step: PlacedStep) -> float:
    """A guess at the time that one core takes for a step."""
    tensors = [x for x in (*step.node.inputs, *step.node.outputs) if x is not None]
    sizes = [x.type.size for x in tensors if not x.is_constant and x.type.is_static]
    elements = max(sizes, default=0)
    return _work(step) + elements / _ELEMENTS


def _work(step: PlacedStep) -> float:
    """Seconds for the multiplications of a step's node, where the step does them.

    One that prepares the input of another does not read the node's weights.
    """
    node = step.node
    has_weights = any(x is not None and x.is_constant for x in node.inputs)
    if has_weights and all(base != CONSTANTS for base, _ in step.addresses):
        return 0.0
    are_bytes = any(x is not None and x.dtype.numpy.itemsize == 1 for x in node.inputs)
    rate = _INTEGER_MULTIPLICATIONS if are_bytes else _FLOAT_MULTIPLICATIONS
    return multiplications(node) / rate
