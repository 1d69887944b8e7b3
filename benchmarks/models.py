"""Time whole models, beside LiteRT in the same process, on one thread.

    python -m benchmarks.models              # or: make bench
    python -m benchmarks.models --quick      # to see that it works
    python -m benchmarks.models --only mobilenet_v2

Prints a table, and writes `benchmarks/results/bench.json` and `docs/images/bench.png`.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

import ai_edge_litert.interpreter as litert
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

import gossamer
from benchmarks import zoo
from benchmarks.chart import draw
from benchmarks.timing import machine, without_native_log
from gossamer.runtime.timing import engine, take_turns

if TYPE_CHECKING:
    from collections.abc import Sequence

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "benchmarks" / "results" / "bench.json"
CHART = ROOT / "docs" / "images" / "bench.png"
MODES = ("float32", "dynamic", "int8")
LiteRT: Any = litert.Interpreter


@dataclass(frozen=True)
class Result:
    """Microseconds of an inference: setting inputs, running, getting outputs."""

    model: str
    mode: str
    file_bytes: int
    ours_min: float
    ours_median: float
    litert_min: float
    litert_median: float

    @property
    def ratio(self) -> float:
        """How many times as long LiteRT takes, by the minima."""
        return self.litert_min / self.ours_min


def convert(model: Any, mode: str) -> bytes:
    """The network in one mode, by our converter."""
    if mode != "int8":
        return gossamer.convert(model, quantize=mode)
    return gossamer.convert(
        model,
        quantize="int8",
        calibration=zoo.samples(model, 16),
        input_type="int8",
        output_type="int8",
    )


def measure(name: str, mode: str, data: bytes, seconds: float) -> Result:
    """Time one file in both engines."""
    with without_native_log():
        theirs = engine("litert", LiteRT(model_content=data, num_threads=1))
        ours = engine(
            "gossamer", gossamer.Interpreter(model_content=data, num_threads=1)
        )
        take_turns((ours, theirs), seconds)
    return Result(
        name,
        mode,
        len(data),
        ours.minimum,
        ours.median,
        theirs.minimum,
        theirs.median,
    )


def measure_all(names: Sequence[str], seconds: float, bars: Progress) -> list[Result]:
    """Time every network in every mode."""
    task = bars.add_task("", total=len(names) * len(MODES))
    results: list[Result] = []
    for name in names:
        bars.update(task, description=f"building {name}")
        model = zoo.build(zoo.NETWORKS[name])
        for mode in MODES:
            bars.update(task, description=f"{name} {mode}")
            results.append(measure(name, mode, convert(model, mode), seconds))
            bars.advance(task)
    return results


def table_of(results: Sequence[Result], title: str) -> Table:
    """One row per file."""
    table = Table(title=title)
    table.add_column("model")
    table.add_column("mode")
    for head in ("bytes", "min", "median", "LiteRT min", "median", "LiteRT / ours"):
        table.add_column(head, justify="right")
    for each in results:
        table.add_row(
            each.model,
            each.mode,
            f"{each.file_bytes:,}",
            f"{each.ours_min:,.1f}",
            f"{each.ours_median:,.1f}",
            f"{each.litert_min:,.1f}",
            f"{each.litert_median:,.1f}",
            f"[{'green' if each.ratio >= 1 else 'red'}]{each.ratio:.2f}[/]",
            end_section=each.mode == MODES[-1],
        )
    return table


def report(results: Sequence[Result]) -> dict[str, Any]:
    """All that is stored of a run."""
    return {
        "machine": machine(),
        "date": datetime.now(UTC).date().isoformat(),
        "versions": {
            "gossamer": gossamer.__version__,
            **{name: metadata.version(name) for name in ("ai-edge-litert", "llvmlite")},
        },
        "threads": 1,
        "unit": "microseconds an inference: set inputs, invoke, get outputs",
        "results": [{**asdict(each), "ratio": each.ratio} for each in results],
    }


def main() -> None:
    """Measure, show and store."""
    parser = argparse.ArgumentParser(description="Time whole models beside LiteRT.")
    parser.add_argument("--quick", action="store_true", help="a glance, not a result")
    parser.add_argument("--only", nargs="+", choices=zoo.NETWORKS, metavar="MODEL")
    parser.add_argument("--output", type=Path, default=RESULTS, help="a JSON file")
    parser.add_argument("--chart", type=Path, default=CHART, help="a PNG file")
    chosen = parser.parse_args()

    console = Console()
    if not console.is_terminal:
        console = Console(width=110)
    columns = (TextColumn("{task.description:<24}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as bars:
        names = chosen.only or list(zoo.NETWORKS)
        results = measure_all(names, 0.2 if chosen.quick else 4.0, bars)
    facts = report(results)
    title = f"µs an inference, 1 thread of {facts['machine']}"
    console.print(table_of(results, title))
    for path in (chosen.output, chosen.chart):
        path.parent.mkdir(parents=True, exist_ok=True)
    chosen.output.write_text(json.dumps(facts, indent=2) + "\n")
    draw(facts, chosen.chart)
    console.print(f"Stored in {chosen.output} and {chosen.chart}", highlight=False)


if __name__ == "__main__":
    main()
