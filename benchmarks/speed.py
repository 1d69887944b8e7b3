"""Whole models on one thread, beside LiteRT and its peers in one process.

A file is visited several times, minutes apart: the clock and the matrix unit of a
machine that others use too have slow phases longer than a visit.
"""

from __future__ import annotations

import statistics
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks import engines
from benchmarks.timing import without_native_log
from gossamer.runtime.timing import take_turns

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
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

    @staticmethod
    def combined(visits: Sequence[Mapping[str, Any]]) -> Result:
        """Of several visits the fastest inferences, and the median of the medians."""
        last = Result(**{k: v for k, v in visits[-1].items() if k != "ratio"})
        return replace(
            last,
            ours_min=min(each["ours_min"] for each in visits),
            ours_median=statistics.median(each["ours_median"] for each in visits),
            litert_min=min(each["litert_min"] for each in visits),
            litert_median=statistics.median(each["litert_median"] for each in visits),
            peers={
                name: _combined([each["peers"][name] for each in visits])
                for name in last.peers
            },
        )


def _combined(times: Sequence[Mapping[str, float]]) -> dict[str, float]:
    return {
        "min": min(each["min"] for each in times),
        "median": statistics.median(each["median"] for each in times),
    }


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
