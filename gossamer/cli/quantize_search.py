"""`gossamer quantize --max-drop`: the cheapest mix of modes within a bound."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from gossamer.cli import output
from gossamer.errors import InputError
from gossamer.explain.frontier import COLUMNS, cells, draw
from gossamer.explain.labelled import read_labelled
from gossamer.explain.report import model_of
from gossamer.explain.rows import short
from gossamer.explain.search import search

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from gossamer.explain.search import SearchResult

_HUNDREDTH = 0.01


def fraction(text: str) -> float:
    """How far the metric may drop: 0.5% is 0.005, and so is 0.005.

    Raises:
        InputError: it is no number of 0 or more.
    """
    digits, unit = (text[:-1], _HUNDREDTH) if text.endswith("%") else (text, 1.0)
    try:
        value = float(digits) * unit
    except ValueError:
        value = -1.0
    if not value >= 0:
        raise InputError(
            f"--max-drop {text} is no number of 0 or more. Write 0.5% or 0.005"
        )
    return value


def search_modes(
    model: Any,
    labelled: Path,
    max_drop: str,
    *,
    objective: str = "size",
    modes: Sequence[str] | None = None,
    calibration: Any = None,
    chart: Path | None = None,
) -> SearchResult:
    """Search, showing each trial as it is made, and show what was found.

    Args:
        model: a float model, as `gossamer.search` takes it.
        labelled: an `.npz` file with inputs and labels; the metric is the accuracy.
        max_drop: see `fraction`.
        objective: "size" or "latency".
        modes: those to choose from, the cheapest first.
        calibration: typical inputs; some of the labelled ones if not given.
        chart: where to draw all trials, if anywhere.

    Raises:
        InputError: the file or an option does not fit.
    """
    real = model_of(model)
    found = search(
        real,
        read_labelled(labelled, real),
        max_drop=fraction(max_drop),
        objective=objective,
        modes=modes,
        calibration=calibration,
        say=_progress,
    )
    show_search(found)
    if chart is not None:
        draw(found, chart)
        output.show(f"chart: {output.escape(str(chart))}")
    return found


def show_search(found: SearchResult) -> None:
    """All trials, the frontier, and the layers whose mode is not that of most."""
    made = output.table("Mixes that were tried", *COLUMNS)
    output.show(output.rows(made, cells(found, [found.reference, *found.trials])))
    made = output.table("\nFrontier: nothing is better in both", *COLUMNS)
    output.show(output.rows(made, cells(found, found.frontier())))
    ((common, _),) = Counter(found.modes.values()).most_common(1)
    others = [(short(x), mode) for x, mode in found.modes.items() if mode != common]
    if others:
        made = output.table(f"\nLayers that are not {common}", "~layer", "mode")
        output.show(output.rows(made, others))


def _progress(text: str) -> None:
    output.errors().print(output.escape(text), style="dim")
