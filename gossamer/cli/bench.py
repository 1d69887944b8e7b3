"""`gossamer bench`: how long an inference takes, beside LiteRT's."""

from __future__ import annotations

import json
import sys
import time
from enum import Enum
from pathlib import Path  # noqa: TC003  typer reads it
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
import typer
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from gossamer.cli import output
from gossamer.errors import UnsupportedError
from gossamer.runtime.interpreter import Interpreter
from gossamer.runtime.timing import Engine, engine

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence


class Peer(Enum):
    """An engine to compare with."""

    LITERT = "litert"


def bench(
    file: Annotated[Path, typer.Argument(help="A .tflite file.", metavar="FILE")],
    *,
    threads: Annotated[int, typer.Option(min=1, help="Threads to use.")] = 1,
    against: Annotated[
        Peer | None, typer.Option(help="Run this engine too, in turns.")
    ] = None,
    runs: Annotated[
        int | None,
        typer.Option(min=1, help="Blocks of inferences to time, not a duration."),
    ] = None,
    seconds: Annotated[
        float, typer.Option(min=0.01, help="How long to measure.")
    ] = 1.5,
    as_json: Annotated[
        bool, typer.Option("--json", help="Write the numbers as JSON.")
    ] = False,
) -> None:
    """Measure an inference: setting inputs, running, and getting outputs.

    Inputs are random, the same for both engines, which take turns in one process;
    the ratio is that of the fastest times.

    [bold]Examples[/bold]

    [cyan]gossamer bench digits.tflite[/cyan]

    [cyan]gossamer bench digits.tflite --threads 2 --against litert --json[/cyan]
    """
    engines = [_engine("gossamer", Interpreter, file, threads)]
    if against is Peer.LITERT:
        engines.append(_engine("litert", _litert(), file, threads))
    difference = _difference(engines)
    for each in engines:
        each.warm_up()
    _measure(engines, seconds, runs)
    facts = {
        "file": str(file),
        "threads": threads,
        "engines": [_result(each) for each in engines],
        "ratio": _ratio(engines),
        "largest_difference": difference,
    }
    if as_json:
        typer.echo(json.dumps(facts, indent=2))
    else:
        _show(facts)


def _litert() -> Callable[..., Any]:
    try:
        from ai_edge_litert.interpreter import (  # noqa: PLC0415  only if asked for
            Interpreter as LiteRT,
        )
    except ImportError:
        raise UnsupportedError(
            "--against litert needs LiteRT. Install it: pip install ai-edge-litert"
        ) from None
    return LiteRT


def _engine(
    name: str, interpreter_of: Callable[..., Any], file: Path, threads: int
) -> Engine:
    return engine(name, interpreter_of(model_path=str(file), num_threads=threads))


def _difference(engines: Sequence[Engine]) -> float | None:
    """The largest difference between the engines' outputs."""
    if len(engines) < 2:
        return None
    first, second = (each.infer() for each in engines)
    return max(
        float(np.max(np.abs(x.astype(np.float64) - y), initial=0))
        for x, y in zip(first, second, strict=True)
    )


def _measure(engines: Sequence[Engine], seconds: float, runs: int | None) -> None:
    """Time the engines in turns, for a duration or a number of rounds."""
    bar = Progress(
        TextColumn("measuring"),
        BarColumn(),
        TimeRemainingColumn(),
        console=output.errors(),
        disable=not sys.stderr.isatty(),
        transient=True,
    )
    start = time.perf_counter()
    with bar:
        task = bar.add_task("", total=runs or seconds)
        done = 0
        while not _enough(done, time.perf_counter() - start, seconds, runs):
            for each in engines:
                each.seconds.append(each.time())
            done += 1
            if done % 64 == 0 or runs:
                elapsed = time.perf_counter() - start
                bar.update(task, completed=done if runs else elapsed)


def _result(each: Engine) -> dict[str, Any]:
    """Times in microseconds."""
    return {
        "engine": each.name,
        "minimum_us": each.minimum,
        "median_us": each.median,
        "inferences": len(each.seconds) * each.block,
    }


def _enough(done: int, elapsed: float, seconds: float, runs: int | None) -> bool:
    return done >= runs if runs else elapsed >= seconds and done > 0


def _ratio(engines: Sequence[Engine]) -> float | None:
    """How many times as long the peer takes, by the fastest times."""
    if len(engines) < 2:
        return None
    ours, theirs = (each.minimum for each in engines)
    return theirs / ours


def _show(facts: Mapping[str, Any]) -> None:
    threads = "1 thread" if facts["threads"] == 1 else f"{facts['threads']} threads"
    made = output.table(
        f"{output.escape(facts['file'])}, {threads}, microseconds an inference",
        "engine",
        ">minimum",
        ">median",
        ">inferences",
    )
    for result in facts["engines"]:
        made.add_row(
            result["engine"],
            f"{result['minimum_us']:.2f}",
            f"{result['median_us']:.2f}",
            str(result["inferences"]),
        )
    output.show(made)
    if facts["ratio"] is not None:
        output.show(
            f"litert / gossamer, minima: {facts['ratio']:.2f}. "
            f"Largest difference of an output: {facts['largest_difference']:.3g}"
        )
