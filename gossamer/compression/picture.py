"""What a compression did, while it works and in the end: bars, a table, a chart."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from gossamer.explain.scatter import Chart, Mark

if TYPE_CHECKING:
    from collections.abc import Generator
    from os import PathLike

    from gossamer.compression.attempt import Attempt
    from gossamer.compression.compress import Compressed
    from gossamer.compression.tuner import Hear

_PERCENT = 100
_UNITS = {"size": "kB", "packed": "kB after gzip", "latency": "µs"}


class Teller:
    """Shows progress, and the table in the end, unless it is to be quiet."""

    def __init__(self, *, quiet: bool) -> None:
        self._quiet = quiet
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.percentage:>3.0f} %"),
            TimeRemainingColumn(),
            console=Console(stderr=True),
            transient=True,
            disable=quiet,
        )

    def __enter__(self) -> Self:
        """Begin to show progress."""
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Show no more."""
        self._progress.stop()

    @contextlib.contextmanager
    def attempt(self, name: str, trainings: int) -> Generator[Hear]:
        """A bar for an attempt, with what tells it how far its trainings are."""
        task = self._progress.add_task(name, total=max(trainings, 1))
        yield lambda part: self._progress.advance(task, part)
        self._progress.remove_task(task)

    def show(self, found: Compressed) -> None:
        """The table, and what it comes to."""
        self._progress.stop()
        if self._quiet:
            return
        console = Console()
        console.print(table(found))
        console.print(summary(found))


def summary(found: Compressed) -> str:
    """What was chosen, in a sentence."""
    chosen, whole = found.chosen, found.reference
    size = f"{_PERCENT * chosen.size / whole.size:.1f} % of the float file's bytes"
    packed = f"{_PERCENT * chosen.packed / whole.size:.1f} % after gzip"
    metric = f"metric {chosen.metric:.4f} ({chosen.metric - whole.metric:+.4f})"
    text = f"{chosen.recipe.name}: {size}, {packed}, {metric}."
    return text if found.reached else f"{text} The target was not reached."


def table(found: Compressed) -> Table:
    """A row for each attempt."""
    made = Table(title=f"metric of at least {found.floor:.4f} wanted")
    made.add_column("recipe")
    for title in ("bytes", "after gzip", "µs", "metric", "drop"):
        made.add_column(title, justify="right")
    made.add_column("")
    for attempt in (found.reference, *found.attempts):
        style = "bold" if attempt is found.chosen else None
        made.add_row(*_cells(found, attempt), style=style)
    return made


def _cells(found: Compressed, attempt: Attempt) -> tuple[str, ...]:
    remark = "" if attempt.holds else "drops too much"
    return (
        attempt.recipe.name,
        f"{attempt.size:,}",
        f"{attempt.packed:,}",
        f"{1e6 * attempt.latency:.1f}",
        f"{attempt.metric:.4f}",
        f"{found.reference.metric - attempt.metric:.4f}",
        "chosen" if attempt is found.chosen else remark,
    )


def draw(found: Compressed, path: str | PathLike[str]) -> None:
    """All attempts by cost and metric; see `Chart.draw`."""

    def cost(attempt: Attempt) -> float:
        value: Any = getattr(attempt, found.objective)
        return 1e6 * value if found.objective == "latency" else value / 1000

    best = found.frontier()
    marks = [
        Mark(
            cost(each),
            each.metric,
            each.recipe.name if each in (found.reference, *best) else "",
            each.holds,
            each is found.chosen,
        )
        for each in (*found.attempts, found.reference)
    ]
    line = [(cost(each), each.metric) for each in best]
    title = f"{len(found.attempts)} recipes, the chosen one ringed"
    unit = _UNITS[found.objective]
    Chart(marks, line, found.floor, unit, title).draw(Path(path))
