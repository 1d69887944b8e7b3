"""Real time of networks as libraries, on this computer, beside LiteRT."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import gossamer
from benchmarks import engines
from benchmarks.edge_programs import NAME, SOURCES, compiled, run
from benchmarks.edge_rows import DeskRow
from benchmarks.timing import without_native_log
from gossamer.runtime.timing import take_turns

if TYPE_CHECKING:
    from gossamer.deploy.build import Built
    from gossamer.runtime.timing import Engine

CPUS = ("x86-64", "x86-64-v3", "native")
SHIPPED = "x86-64-v3"
"""What a library for desks is built for: processors since 2013."""
VISITS = 3
"""How often each road is taken, in turns: a busy moment then spoils none of them."""


def measure(network: str, mode: str, content: bytes, seconds: float) -> DeskRow:
    """Microseconds on each road of this computer; `seconds` is how long a visit is."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        libraries = {cpu: _library(content, folder / cpu, cpu) for cpu in CPUS}
        path = folder / "model.tflite"
        path.write_bytes(content)
        shared = folder / SHIPPED / f"lib{NAME}.so"
        with without_native_log():
            ours, theirs = engines.ours(path), engines.theirs(path)
        in_c_times: list[dict[str, float]] = []
        in_python_times: list[float] = []
        for _ in range(VISITS):
            each = {cpu: in_c(built, seconds) for cpu, built in libraries.items()}
            in_c_times.append(each)
            take_turns((ours, theirs), seconds)
            in_python_times.append(in_python(shared, ours, seconds))
    return DeskRow(
        network,
        mode,
        {cpu: min(each[cpu] for each in in_c_times) for cpu in CPUS},
        min(in_python_times),
        ours.minimum,
        theirs.minimum,
    )


def _library(content: bytes, folder: Path, cpu: str) -> Built:
    return gossamer.build(content, "linux-x86_64", folder, name=NAME, cpu=cpu)


def in_c(built: Built, seconds: float) -> float:
    """Microseconds of the fastest inference in a C program: set inputs, invoke."""
    sizes = [port.nbytes for port in built.interface.inputs]
    made = compiled(
        built,
        "timed.c",
        built.files[0].parent / "timed",
        SECONDS=seconds,
        INPUT_SIZES=",".join(map(str, sizes)),
        MOST_BYTES=max(sizes),
    )
    return float(run((str(made),))) / 1e3


def in_python(shared: Path, like: Engine, seconds: float) -> float:
    """Microseconds of the fastest call of a shared library from Python.

    Args:
        shared: the library.
        like: an engine of the same network, whose inputs and blocks are taken.
        seconds: how long to try.
    """
    call: Any = gossamer.load(shared)
    given = list(like.inputs.values())
    best, end = float("inf"), time.perf_counter() + seconds
    while time.perf_counter() < end:
        start = time.perf_counter()
        for _ in range(like.block):
            call(*given)
        best = min(best, (time.perf_counter() - start) / like.block)
    return best * 1e6


def in_java(jar: Path, seconds: float) -> float:
    """Microseconds of the fastest inference in Java: set inputs, run, get outputs."""
    program = str(SOURCES / "Timed.java")
    return float(run(("java", "-cp", str(jar), program, str(seconds)))) / 1e3


def in_node(module: Path, seconds: float) -> float:
    """Microseconds of the fastest inference in Node: set inputs, run, get outputs."""
    program = str(SOURCES / "timed.mjs")
    return float(run(("node", program, str(module), str(seconds)))) / 1e3
