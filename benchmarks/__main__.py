"""Measure everything, and write `benchmarks/RESULTS.md`.

    python -m benchmarks                        # or: make bench; about 20 minutes
    python -m benchmarks --quick                # to see that it works
    python -m benchmarks --only mobilenet_v2    # some networks; other rows stay
    python -m benchmarks --section processes    # some sections
    python -m benchmarks --resume               # only what has no row yet

Each file is visited several times, minutes apart. Each row is stored in
`benchmarks/results/bench.json` as soon as it is measured. The picture goes to
`docs/images/bench.png`.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from benchmarks import models, processes, speed, threads, zoo
from benchmarks.chart import draw
from benchmarks.models import MODES, ROOT
from benchmarks.report import report
from benchmarks.store import RESULTS, Store

if TYPE_CHECKING:
    from collections.abc import Sequence

CHART = ROOT / "docs" / "images" / "bench.png"
SECTIONS = ("speed", "threads", "processes")
VISITS, SPEED_SECONDS, THREADS_SECONDS = 4, 2.5, 0.4
"""Of one file; the seconds are those of a visit."""
STARTS, COLD_STARTS = 11, 3
QUICK = 0.05
"""The part of a duration that `--quick` takes."""

STARTED = (
    ("mnist_mlp", "float32"),
    ("mobilenet_v2", "float32"),
    ("mobilenet_v2", "int8"),
    ("resnet50", "float32"),
)
"""Files that a process of its own runs once."""

COLD = (("mobilenet_v2", "float32"), ("mobilenet_v2", "int8"))


@dataclass(frozen=True)
class Plan:
    """What to measure: `part` is that of the usual durations."""

    networks: Sequence[str]
    modes: Sequence[str]
    sections: Sequence[str]
    resume: bool
    part: float

    def times(self, count: int) -> int:
        """How many processes to start, where usually it is `count`."""
        return max(1, round(count * self.part))


def measure(plan: Plan, store: Store, bars: Progress) -> None:
    """Measure and store one row after another."""
    if not plan.resume:
        for name in plan.networks:
            list(models.files(name, plan.modes))
    visits = plan.times(VISITS)
    task = bars.add_task("", total=visits * len(plan.networks) * len(plan.modes))
    for visit in range(visits):
        for name in plan.networks:
            for mode in plan.modes:
                bars.update(task, description=f"{name} {mode}")
                _visit(plan, store, (name, mode), visit)
                bars.advance(task)
    if "processes" in plan.sections:
        _measure_processes(plan, store, bars)


def _visit(plan: Plan, store: Store, file: tuple[str, str], visit: int) -> None:
    for name, section, part, seconds in (
        ("speed", "results", speed, SPEED_SECONDS),
        ("threads", "two_threads", threads, THREADS_SECONDS),
    ):
        known = store.visits(section, model=file[0], mode=file[1])
        if name not in plan.sections:
            continue
        if plan.resume and len(known) > visit:
            continue
        path = models.file(*file)
        found = part.measure(*file, path, seconds * plan.part).record()
        every = [*known[:visit], found]
        store.put(section, {**part.Result.combined(every).record(), "visits": every})


def _measure_processes(plan: Plan, store: Store, bars: Progress) -> None:
    for name, mode in STARTED:
        if name not in plan.networks or mode not in plan.modes:
            continue
        path, keys = models.file(name, mode), {"model": name, "mode": mode}
        task = bars.add_task(f"starting {name} {mode}", total=None)
        if not (plan.resume and store.row("processes", cold=False, **keys)):
            engines = list(processes.IMPORTS)
            times = plan.times(STARTS)
            for row in processes.measure(name, mode, path, engines, times):
                store.put("processes", row.record())
        cold = (name, mode) in COLD
        if cold and not (plan.resume and store.row("processes", cold=True, **keys)):
            times = plan.times(COLD_STARTS)
            made = processes.measure_cold(name, mode, path, times)
            store.put("processes", made.record())
        bars.remove_task(task)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks", description="Time whole models beside LiteRT."
    )
    parser.add_argument("--quick", action="store_true", help="a glance, not a result")
    parser.add_argument("--resume", action="store_true", help="only what is missing")
    parser.add_argument("--only", nargs="+", choices=zoo.NETWORKS, metavar="MODEL")
    parser.add_argument("--mode", nargs="+", choices=MODES, default=MODES)
    parser.add_argument("--section", nargs="+", choices=SECTIONS, default=SECTIONS)
    parser.add_argument("--output", type=Path, default=RESULTS, help="a JSON file")
    parser.add_argument("--chart", type=Path, default=CHART, help="a PNG file")
    parser.add_argument(
        "--page", type=Path, default=ROOT / "benchmarks" / "RESULTS.md", help="Markdown"
    )
    return parser.parse_args()


def main() -> None:
    """Measure, store and show."""
    chosen = _arguments()
    plan = Plan(
        chosen.only or list(zoo.NETWORKS),
        chosen.mode,
        chosen.section,
        chosen.resume,
        QUICK if chosen.quick else 1.0,
    )
    store = Store(chosen.output)
    columns = (TextColumn("{task.description:<28}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bars:
        measure(plan, store, bars)
    page = report(store.facts)
    chosen.page.write_text(page)
    if store.facts["results"]:
        chosen.chart.parent.mkdir(parents=True, exist_ok=True)
        draw(store.facts, chosen.chart)
    print(page)
    print(f"Stored in {chosen.page} and {chosen.output}")


if __name__ == "__main__":
    main()
