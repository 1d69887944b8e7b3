"""What a search tried, as rows for a table and as a picture."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

from gossamer.explain.scatter import Chart, Mark

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from gossamer.explain.search import SearchResult
    from gossamer.quantization.search import Trial

COLUMNS = ("~tried", "~layers", ">kB", ">us", ">metric", ">drop", "")
"""Headings for a terminal; > is aligned to the right, ~ gives way."""


def cells(found: SearchResult, trials: Sequence[Trial]) -> list[tuple[str, ...]]:
    """The texts of a row for each trial; the last tells the choice and what breaks."""
    return [
        (
            re.sub(r";.*(?= to \w+$)", "; …", trial.label),
            counts(trial),
            f"{trial.size / 1000:.1f}",
            f"{1e6 * trial.latency:.1f}",
            f"{trial.metric:.4f}",
            f"{found.reference.metric - trial.metric:.4f}",
            _remark(found, trial),
        )
        for trial in trials
    ]


def counts(trial: Trial) -> str:
    """How many layers have which mode: 50 int8, 3 float32."""
    sums = Counter(trial.modes.values())
    return ", ".join(f"{count} {mode}" for mode, count in sums.most_common())


def _remark(found: SearchResult, trial: Trial) -> str:
    if trial is found.chosen:
        return "chosen"
    return "" if trial.metric >= found.floor else "drops too much"


def draw(found: SearchResult, path: Path) -> None:
    """Draw all trials by cost and metric, and a line through those that nothing beats.

    Args:
        found: what a search gave.
        path: a file whose ending says the form: .png, .svg or .pdf.

    Raises:
        UnsupportedError: matplotlib is not installed.
        InputError: the form is not known.
    """
    named = (found.chosen, found.reference)
    marks = [
        Mark(
            _cost(found, trial),
            trial.metric,
            counts(trial) if trial in named else "",
            trial.metric >= found.floor,
            trial is found.chosen,
        )
        for trial in {id(x): x for x in (*found.trials, found.reference)}.values()
    ]
    best = [(_cost(found, trial), trial.metric) for trial in found.frontier()]
    unit = "kB" if found.objective == "size" else "µs"
    title = f"{len(found.trials)} mixes of modes, the chosen one ringed"
    Chart(marks, best, found.floor, unit, title).draw(path)


def _cost(found: SearchResult, trial: Trial) -> float:
    """Kilobytes, or microseconds."""
    by_size = found.objective == "size"
    return trial.size / 1000 if by_size else 1e6 * trial.latency
