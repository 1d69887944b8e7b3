"""What a whole process costs: from its start to the first output, and its memory."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from benchmarks.models import ROOT

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

IMPORTS = {
    "gossamer": "from gossamer import Interpreter",
    "litert": "from ai_edge_litert.interpreter import Interpreter",
}
PROGRAM = """
import pathlib, re, sys
{imports}
import numpy as np
interpreter = Interpreter(model_path=sys.argv[1], num_threads=1)
interpreter.allocate_tensors()
given = interpreter.get_input_details()[0]
interpreter.set_tensor(given["index"], np.zeros(given["shape"], given["dtype"]))
interpreter.invoke()
interpreter.get_tensor(interpreter.get_output_details()[0]["index"])
status = pathlib.Path("/proc/self/status").read_text()
print(re.search(r"VmHWM:\\s*(\\d+)", status)[1], flush=True)
"""
"""Prints the most memory that it held, in kB; `getrusage` would count its parent's."""


@dataclass(frozen=True)
class Result:
    """A process that runs one file once.

    Milliseconds until the first output is there, and the most memory that it held, in
    bytes. `cold` means that nothing was compiled before.
    """

    model: str
    mode: str
    engine: str
    cold: bool
    start_min: float
    start_median: float
    memory_bytes: int

    def record(self) -> dict[str, Any]:
        """The result in types that JSON has."""
        return asdict(self)


def run(engine: str, path: Path, cache: str | None = None) -> tuple[float, int]:
    """One process: milliseconds to its first output, and its peak of memory in bytes.

    `cache` is the folder of compiled code, the user's if None.
    """
    environment = dict(os.environ, PYTHONPATH=str(ROOT))
    # What is installed has its bytecode; without it Python's compiler is measured.
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    if cache is not None:
        environment["GOSSAMER_CACHE"] = cache
    command = [sys.executable, "-c", PROGRAM.format(imports=IMPORTS[engine]), str(path)]
    start = time.perf_counter()
    with subprocess.Popen(  # noqa: S603 - our own program
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        milliseconds = (time.perf_counter() - start) * 1000
    if process.returncode or not line:
        raise RuntimeError(f"{engine} ended with the code {process.returncode}")
    return milliseconds, int(line) * 1024


def measure(
    name: str, mode: str, path: Path, engines: Sequence[str], times: int
) -> list[Result]:
    """Start each engine so many times, in turns, with code that is compiled already."""
    for engine in engines:
        run(engine, path)
    found: dict[str, list[tuple[float, int]]] = {engine: [] for engine in engines}
    for _ in range(times):
        for engine in engines:
            found[engine].append(run(engine, path))
    return [_result(name, mode, each, found[each], cold=False) for each in engines]


def measure_cold(name: str, mode: str, path: Path, times: int) -> Result:
    """Start Gossamer so many times, each time with an empty cache."""
    found: list[tuple[float, int]] = []
    for _ in range(times):
        with tempfile.TemporaryDirectory() as folder:
            found.append(run("gossamer", path, folder))
    return _result(name, mode, "gossamer", found, cold=True)


def _result(
    name: str,
    mode: str,
    engine: str,
    found: Sequence[tuple[float, int]],
    *,
    cold: bool,
) -> Result:
    times = [milliseconds for milliseconds, _ in found]
    memory = min(nbytes for _, nbytes in found)
    return Result(
        name, mode, engine, cold, min(times), statistics.median(times), memory
    )
