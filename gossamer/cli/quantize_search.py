"""`gossamer quantize --max-drop`: the cheapest mix of modes within a bound."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gossamer.cli import output
from gossamer.errors import InputError
from gossamer.explain.frontier import COLUMNS, cells, draw
from gossamer.explain.rows import short

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gossamer.explain.search import SearchResult

_HUNDREDTH = 0.01


class Objective(Enum):
    """What a search makes small."""

    SIZE = "size"
    LATENCY = "latency"


MaxDropOption = Annotated[
    str | None,
    typer.Option(
        "--max-drop",
        metavar="PART",
        help="Search the cheapest mode for each layer with which --metric drops by no "
        "more than this: 0.5% or 0.005.",
    ),
]
MetricOption = Annotated[
    str | None,
    typer.Option(
        metavar="LABELLED.npz|accuracy",
        help="For --max-drop: a file with inputs and labels, whose accuracy counts; or "
        "accuracy, where --calibration is such a file.",
    ),
]
ObjectiveOption = Annotated[
    Objective, typer.Option(help="For --max-drop: what is to be small.")
]
ChartOption = Annotated[
    Path | None,
    typer.Option(metavar="PNG", help="For --max-drop: draw all that was tried."),
]


@dataclass(frozen=True, slots=True)
class Wanted:
    """The search that options ask for, if they ask for one."""

    max_drop: str | None
    metric: str | None
    objective: Objective
    chart: Path | None

    @property
    def is_search(self) -> bool:
        return self.max_drop is not None

    def check(
        self, mode: str | None, rules: Path | None, leave: Sequence[str] | None
    ) -> None:
        """Options that only make sense together.

        Raises:
            InputError: they do not.
        """
        if self.max_drop is None:
            if self.metric is not None or self.chart is not None:
                raise InputError(
                    "--metric and --chart are for --max-drop. Add it, such as "
                    "--max-drop 0.5%"
                )
            return
        fraction(self.max_drop)
        if self.metric is None:
            raise InputError(
                "--max-drop needs --metric LABELLED.npz, a file with inputs and labels"
            )
        if mode is not None or rules is not None or leave:
            raise InputError(
                "--max-drop chooses the modes itself. Leave out --mode, --rules and "
                "--leave"
            )

    def content(self, model: Path, path: Path | None, calibration: Any) -> bytes:
        """The bytes of the mix that was found; none if there is to be no search.

        Args:
            model: a float file.
            path: of the calibration data, if any.
            calibration: what `gossamer.search` takes as such.

        Raises:
            InputError: there are no labels.
        """
        if self.max_drop is None or self.metric is None:
            return b""
        inside = self.metric == "accuracy"
        if inside and path is None:
            raise InputError(
                "--metric accuracy needs --calibration LABELLED.npz, a file with "
                "inputs and labels"
            )
        labelled = path if inside and path is not None else Path(self.metric)
        return search_modes(
            model,
            labelled,
            self.max_drop,
            objective=self.objective.value,
            calibration=None if inside else calibration,
            chart=self.chart,
        ).content


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
    from gossamer.explain.labelled import read_labelled  # noqa: PLC0415  loaded when
    from gossamer.explain.report import model_of  # noqa: PLC0415  it is used
    from gossamer.explain.search import search  # noqa: PLC0415

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
