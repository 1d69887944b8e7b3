"""`gossamer bench`: how long an inference takes, beside LiteRT's."""

from __future__ import annotations

import json
import statistics
import sys
import time
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path  # noqa: TC003  typer reads it
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
import typer
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from gossamer.cli import output
from gossamer.errors import UnsupportedError
from gossamer.runtime.interpreter import Interpreter

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from gossamer.ir.types import Array

BLOCK_SECONDS = 200e-6
"""Inferences are timed in blocks of at least this long: clocks are coarse."""

WARM_UP_SECONDS = 0.1


class Peer(Enum):
    """An engine to compare with."""

    LITERT = "litert"


@dataclass(slots=True)
class Engine:
    """An interpreter, and how long its inferences took.

    `seconds` has one entry per block: the mean time of an inference in it.
    """

    name: str
    interpreter: Any
    values: Mapping[int, Array]
    outputs: Sequence[int]
    block: int = 1
    seconds: list[float] = field(default_factory=list[float])

    def infer(self) -> list[Array]:
        """One whole inference: set each input, invoke, get each output."""
        interpreter = self.interpreter
        for index, value in self.values.items():
            interpreter.set_tensor(index, value)
        interpreter.invoke()
        return [interpreter.get_tensor(index) for index in self.outputs]

    def time(self) -> float:
        """Seconds of an inference, from one block."""
        infer, clock = self.infer, time.perf_counter
        start = clock()
        for _ in range(self.block):
            infer()
        return (clock() - start) / self.block

    def warm_up(self) -> None:
        """Run until caches are warm, and find how many inferences fill a block."""
        end = time.perf_counter() + WARM_UP_SECONDS
        fastest = self.time()
        while time.perf_counter() < end:
            fastest = min(fastest, self.time())
        self.block = max(1, int(BLOCK_SECONDS / fastest))

    def result(self) -> dict[str, Any]:
        """Times in microseconds."""
        return {
            "engine": self.name,
            "minimum_us": min(self.seconds) * 1e6,
            "median_us": statistics.median(self.seconds) * 1e6,
            "inferences": len(self.seconds) * self.block,
        }


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
    for engine in engines:
        engine.warm_up()
    _measure(engines, seconds, runs)
    facts = {
        "file": str(file),
        "threads": threads,
        "engines": [engine.result() for engine in engines],
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
    interpreter = interpreter_of(model_path=str(file), num_threads=threads)
    interpreter.allocate_tensors()
    return Engine(
        name,
        interpreter,
        _random_inputs(interpreter.get_input_details()),
        [detail["index"] for detail in interpreter.get_output_details()],
    )


def _random_inputs(details: Sequence[Mapping[str, Any]]) -> dict[int, Array]:
    """Numbers in [0, 1) for floats, small integers for the rest; always the same."""
    random = np.random.default_rng(0)
    values: dict[int, Array] = {}
    for detail in details:
        shape, dtype = tuple(detail["shape"]), np.dtype(detail["dtype"])
        if dtype.kind in "fc":
            values[detail["index"]] = random.random(shape).astype(dtype)
        elif dtype.kind in "iu" and dtype.itemsize < 4:
            limits = np.iinfo(dtype)
            values[detail["index"]] = random.integers(
                limits.min, limits.max, shape, dtype, endpoint=True
            )
        elif dtype.kind in "iub":
            values[detail["index"]] = random.integers(0, 2, shape).astype(dtype)
        else:
            raise UnsupportedError(
                f"the input '{detail['name']}' has the type {dtype}, for which "
                "there are no random values. Measure this model from Python"
            )
    return values


def _difference(engines: Sequence[Engine]) -> float | None:
    """The largest difference between the engines' outputs."""
    if len(engines) < 2:
        return None
    first, second = (engine.infer() for engine in engines)
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
            for engine in engines:
                engine.seconds.append(engine.time())
            done += 1
            if done % 64 == 0 or runs:
                elapsed = time.perf_counter() - start
                bar.update(task, completed=done if runs else elapsed)


def _enough(done: int, elapsed: float, seconds: float, runs: int | None) -> bool:
    return done >= runs if runs else elapsed >= seconds and done > 0


def _ratio(engines: Sequence[Engine]) -> float | None:
    """How many times as long the peer takes, by the fastest times."""
    if len(engines) < 2:
        return None
    ours, theirs = (min(engine.seconds) for engine in engines)
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
