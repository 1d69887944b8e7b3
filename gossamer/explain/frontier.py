"""What a search tried, as rows for a table and as a picture."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, Any

from gossamer.errors import InputError, UnsupportedError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from gossamer.explain.search import SearchResult
    from gossamer.quantization.search import Trial

COLUMNS = ("~tried", "~layers", ">kB", ">us", ">metric", ">drop", "")
"""Headings for a terminal; > is aligned to the right, ~ gives way."""

_INK, _GREY, _TRACK = "#1b2330", "#5b6472", "#c9d0da"
_GOOD, _BAD, _CHOSEN = "#1d4e89", "#b5544d", "#c98a3a"


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
    if path.suffix not in (".png", ".svg", ".pdf"):
        raise InputError(f"the chart {path} has to end in .png, .svg or .pdf")
    try:
        from matplotlib.figure import Figure  # noqa: PLC0415  only if asked for
    except ImportError:
        raise UnsupportedError(
            "a chart needs matplotlib. Install it: pip install matplotlib"
        ) from None
    figure: Any = Figure(figsize=(8, 4.6))
    axes: Any = figure.subplots()
    _draw_trials(axes, found)
    _draw_frame(axes, found)
    figure.tight_layout()
    figure.savefig(path, dpi=130)


def _cost(found: SearchResult, trial: Trial) -> float:
    """Kilobytes, or microseconds."""
    by_size = found.objective == "size"
    return trial.size / 1000 if by_size else 1e6 * trial.latency


def _draw_trials(axes: Any, found: SearchResult) -> None:
    best = found.frontier()
    points = [(_cost(found, trial), trial.metric) for trial in best]
    axes.step(*zip(*points, strict=True), where="post", color=_TRACK, zorder=1)
    for trial in (*found.trials, found.reference):
        color = _GOOD if trial.metric >= found.floor else _BAD
        size = 70 if trial is found.chosen else 26
        edge = _CHOSEN if trial is found.chosen else color
        place = (_cost(found, trial), trial.metric)
        axes.scatter(*place, s=size, color=color, edgecolors=edge, linewidths=2)
    for trial in {id(x): x for x in (found.chosen, found.reference)}.values():
        place = (_cost(found, trial), trial.metric)
        axes.annotate(
            counts(trial),
            place,
            (6, -12),
            textcoords="offset points",
            fontsize=8,
            color=_INK,
        )


def _draw_frame(axes: Any, found: SearchResult) -> None:
    axes.axhline(found.floor, color=_BAD, linewidth=0.8, linestyle=(0, (4, 3)))
    text = f"least that is allowed: {found.floor:.4f}"
    place = {"transform": axes.get_yaxis_transform(), "ha": "right", "va": "bottom"}
    axes.text(1, found.floor, text, fontsize=8, color=_GREY, **place)
    axes.set_xlabel("kB" if found.objective == "size" else "µs", color=_GREY)
    axes.set_ylabel("metric", color=_GREY)
    title = f"{len(found.trials)} mixes of modes, the chosen one ringed"
    axes.set_title(title, loc="left", fontsize=11, color=_INK)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
