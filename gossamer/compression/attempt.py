"""What came of a recipe."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from gossamer.compression.recipe import Recipe


@dataclass(frozen=True, slots=True)
class Attempt:
    """A model that a recipe made, measured.

    Attributes:
        recipe: what was done.
        size: bytes of the file.
        packed: bytes of the file after gzip, as an app store ships it.
        latency: seconds of one run.
        metric: more is better.
        holds: whether the metric is within the bound.
    """

    recipe: Recipe
    size: int
    packed: int
    latency: float
    metric: float
    holds: bool = True


def unbeaten(
    attempts: Iterable[Attempt], cost: Callable[[Attempt], float]
) -> list[Attempt]:
    """Those that no other beats in cost and metric, the cheapest first."""
    kept: list[Attempt] = []
    for attempt in sorted(attempts, key=lambda each: (cost(each), -each.metric)):
        if not kept or attempt.metric > kept[-1].metric:
            kept.append(attempt)
    return kept
