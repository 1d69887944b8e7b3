"""Measure everything, and write `benchmarks/RESULTS.md`.

    python -m benchmarks                        # or: make bench; about 20 minutes
    python -m benchmarks --quick                # to see that it works
    python -m benchmarks --only mobilenet_v2    # some networks; other rows stay
    python -m benchmarks --section processes    # some sections
    python -m benchmarks --resume               # only what has no row yet

Each row is stored in `benchmarks/results/bench.json` as soon as it is measured. The
picture goes to `docs/images/bench.png`.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

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
SPEED_SECONDS, THREADS_SECONDS, STARTS, COLD_STARTS = 10.0, 1.0, 11, 3
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
    task = bars.add_task("", total=len(plan.networks))
    for name in plan.networks:
        bars.update(task, description=name)
        if _is_wanted(plan, store, name):
            for mode, path in models.files(name, plan.modes):
                bars.update(task, description=f"{name} {mode}")
                _measure_file(plan, store, (name, mode), path)
        bars.advance(task)
    if "processes" in plan.sections:
        _measure_processes(plan, store, bars)


def _is_wanted(plan: Plan, store: Store, name: str) -> bool:
    return any(
        _missing(plan, store, section, (name, mode))
        for section in ("results", "two_threads")
        for mode in plan.modes
    )


_SECTION_OF = {"results": "speed", "two_threads": "threads", "processes": "processes"}


def _missing(
    plan: Plan, store: Store, section: str, file: tuple[str, str], **keys: Any
) -> bool:
    """Whether a row is to be measured."""
    if _SECTION_OF[section] not in plan.sections:
        return False
    name, mode = file
    return not (plan.resume and store.has(section, model=name, mode=mode, **keys))


def _measure_file(plan: Plan, store: Store, file: tuple[str, str], path: Path) -> None:
    if _missing(plan, store, "results", file):
        row = speed.measure(*file, path, SPEED_SECONDS * plan.part)
        store.put("results", row.record())
    if _missing(plan, store, "two_threads", file):
        pair = threads.measure(*file, path, THREADS_SECONDS * plan.part)
        store.put("two_threads", pair.record())


def _measure_processes(plan: Plan, store: Store, bars: Progress) -> None:
    for name, mode in STARTED:
        if name not in plan.networks or mode not in plan.modes:
            continue
        path = models.file(name, mode)
        task = bars.add_task(f"starting {name} {mode}", total=None)
        if _missing(plan, store, "processes", (name, mode), cold=False):
            engines = list(processes.IMPORTS)
            times = plan.times(STARTS)
            for row in processes.measure(name, mode, path, engines, times):
                store.put("processes", row.record())
        cold = (name, mode) in COLD
        if cold and _missing(plan, store, "processes", (name, mode), cold=True):
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
