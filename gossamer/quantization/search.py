"""Find the cheapest mode for each layer while a metric stays within a bound.

The modes form a ladder, the cheapest first and one that is exact last. First all layers
stand on one rung; the cheapest rung that holds the bound is where the search begins.
From there layers step down, those first that do the least harm: as many as hold the
bound, found by halving, and then each of the others alone. What is taken was measured;
nothing is inferred from the harm but the order of trials.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence


_PATIENCE = 8
"""Layers tried in vain, one after the other, before those of more harm are left."""


@dataclass(frozen=True, slots=True)
class Trial:
    """One mix of modes, measured.

    Attributes:
        modes: by the name of each layer its mode.
        size: bytes of the file.
        latency: seconds of one run.
        metric: more is better.
        label: what was tried, in words.
        holds: whether the metric is within the bound.
    """

    modes: Mapping[str, str]
    size: int
    latency: float
    metric: float
    label: str = ""
    holds: bool = True


@dataclass(frozen=True, slots=True)
class Problem:
    """What a search needs to know.

    Attributes:
        layers: names, in the order in which they run.
        ladder: modes, the cheapest first; the last one is the float model's own.
        measure: builds and runs a mix, given modes by layer and words for it.
        harm: how bad it is for a layer to have a mode; only the order counts.
        cost: what is to be small.
    """

    layers: Sequence[str]
    ladder: Sequence[str]
    measure: Callable[[Mapping[str, str], str], Trial]
    harm: Callable[[str, str], float]
    cost: Callable[[Trial], float]


@dataclass(slots=True)
class Search:
    """A search on its way: all that was tried, and the best so far."""

    problem: Problem
    trials: list[Trial] = field(default_factory=list["Trial"])
    _known: dict[tuple[str, ...], Trial] = field(
        default_factory=dict["tuple[str, ...]", "Trial"]
    )

    def run(self) -> Trial:
        """The cheapest of the mixes tried that hold the bound."""
        rung = self._first_rung()
        place = dict.fromkeys(self.problem.layers, rung)
        for lower in range(rung - 1, -1, -1):
            place = self._step_down(place, lower)
        good = [trial for trial in self.trials if trial.holds]
        return min(good, key=self.problem.cost)

    def _first_rung(self) -> int:
        """The cheapest rung that all layers may stand on."""
        for rung, mode in enumerate(self.problem.ladder):
            place = dict.fromkeys(self.problem.layers, rung)
            if self._try(place, f"all {mode}").holds:
                return rung
        return len(self.problem.ladder) - 1

    def _step_down(self, place: dict[str, int], lower: int) -> dict[str, int]:
        """Move layers from the rung above to `lower` while the bound holds."""
        mode = self.problem.ladder[lower]
        above = [name for name, rung in place.items() if rung == lower + 1]
        above.sort(key=lambda name: self.problem.harm(name, mode))
        count = self._most(place, above, lower)
        place = place | dict.fromkeys(above[:count], lower)
        # The one after these was too much, together with them; others may be less so.
        failures = 0
        for name in above[count + 1 :]:
            trial = self._try(place | {name: lower}, f"{name} to {mode}")
            failures = 0 if trial.holds else failures + 1
            if trial.holds:
                place = place | {name: lower}
            if failures == _PATIENCE:
                break
        return place

    def _most(self, place: Mapping[str, int], above: Sequence[str], lower: int) -> int:
        """How many of the least harmful layers may step down together."""
        mode = self.problem.ladder[lower]
        holds, breaks = 0, len(above) + 1
        while breaks - holds > 1:
            count = (holds + breaks) // 2
            moved = dict(place) | dict.fromkeys(above[:count], lower)
            words = f"{count} of {len(above)} layers to {mode}"
            if self._try(moved, words).holds:
                holds = count
            else:
                breaks = count
        return holds

    def _try(self, place: Mapping[str, int], label: str) -> Trial:
        ladder = self.problem.ladder
        key = tuple(ladder[place[name]] for name in self.problem.layers)
        if key not in self._known:
            modes = dict(zip(self.problem.layers, key, strict=True))
            self._known[key] = self.problem.measure(modes, label)
            self.trials.append(self._known[key])
        return self._known[key]


def frontier(trials: Sequence[Trial], cost: Callable[[Trial], float]) -> list[Trial]:
    """Trials that no other beats both in cost and in metric, the cheapest first."""
    found: list[Trial] = []
    best = -math.inf
    for trial in sorted(trials, key=lambda each: (cost(each), -each.metric)):
        if trial.metric > best:
            found.append(trial)
            best = trial.metric
    return found
