"""Whole inferences in one engine, or in two that take turns."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Any

import numpy as np
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from gossamer.cli import output
from gossamer.errors import UnsupportedError
from gossamer.runtime.interpreter import Interpreter
from gossamer.runtime.timing import Engine

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from gossamer.ir.types import Array


def compare(
    file: Path,
    values: Sequence[Array],
    threads: int,
    *,
    litert: bool,
    seconds: float,
    runs: int | None,
) -> dict[str, Any]:
    """Time inferences: setting inputs, running, and getting outputs.

    Args:
        file: the model.
        values: an array for each input, in order.
        threads: how many each engine may use.
        litert: whether LiteRT takes turns with Gossamer.
        seconds: how long to measure.
        runs: how many blocks of inferences to measure, instead.
    """
    engines = [_engine("gossamer", Interpreter, file, values, threads)]
    if litert:
        engines.append(_engine("litert", _litert(), file, values, threads))
    difference = _difference(engines)
    for each in engines:
        each.warm_up()
    _measure(engines, seconds, runs)
    return {
        "engines": [_result(each) for each in engines],
        "ratio": _ratio(engines),
        "largest_difference": difference,
    }


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
    name: str,
    interpreter_of: Callable[..., Any],
    file: Path,
    values: Sequence[Array],
    threads: int,
) -> Engine:
    """An interpreter whose inputs have the shapes of the values."""
    interpreter = interpreter_of(model_path=str(file), num_threads=threads)
    inputs: dict[int, Array] = {}
    for detail, value in zip(interpreter.get_input_details(), values, strict=True):
        inputs[detail["index"]] = value
        if tuple(detail["shape"]) != value.shape:
            interpreter.resize_tensor_input(detail["index"], value.shape)
    interpreter.allocate_tensors()
    outputs = [detail["index"] for detail in interpreter.get_output_details()]
    return Engine(name, interpreter, inputs, outputs)


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


def show_engines(facts: Mapping[str, Any]) -> None:
    """A table of what `compare` found, and of the ratio."""
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
