"""Whole models on one thread, beside LiteRT and its peers in one process."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks import engines
from benchmarks.timing import without_native_log
from gossamer.runtime.timing import take_turns

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from gossamer.runtime.timing import Engine


@dataclass(frozen=True)
class Result:
    """Microseconds of an inference: setting inputs, running, getting outputs.

    `peers` holds the `min` and `median` of further engines by name. `differences` is,
    for each engine but ours, the largest difference of an output from ours, as a part
    of the outputs' range.
    """

    model: str
    mode: str
    file_bytes: int
    ours_min: float
    ours_median: float
    litert_min: float
    litert_median: float
    peers: Mapping[str, Mapping[str, float]] = field(
        default_factory=dict[str, "Mapping[str, float]"]
    )
    differences: Mapping[str, float] = field(default_factory=dict[str, float])

    @property
    def ratio(self) -> float:
        """How many times as long LiteRT takes, by the minima."""
        return self.litert_min / self.ours_min

    def record(self) -> dict[str, Any]:
        """The result in types that JSON has."""
        return {**asdict(self), "ratio": self.ratio}


def measure(
    name: str, mode: str, path: Path, seconds: float, *, alone: bool = False
) -> Result:
    """Time one file in all engines, in turns; with LiteRT only, if `alone`."""
    with without_native_log():
        ours, theirs = engines.ours(path), engines.theirs(path)
        others = [] if alone else engines.peers(path, mode, ours)
        differences = {each.name: difference(ours, each) for each in (theirs, *others)}
        take_turns((ours, theirs, *others), seconds)
    return Result(
        name,
        mode,
        path.stat().st_size,
        ours.minimum,
        ours.median,
        theirs.minimum,
        theirs.median,
        {each.name: {"min": each.minimum, "median": each.median} for each in others},
        differences,
    )


def difference(one: Engine, other: Engine) -> float:
    """The largest difference between outputs, as a part of their range."""
    worst = 0.0
    for x, y in zip(one.infer(), other.infer(), strict=True):
        values = x.astype(np.float64)
        spread = float(np.ptp(values)) or 1.0
        worst = max(worst, float(np.abs(values - y).max(initial=0)) / spread)
    return worst
