"""Run mutants in children of this process: each ends in a result or in our error.

`python -m tests.fuzz.hunt --count 20000` is the long hunt; `--only INDEX` runs one
mutant here, so that a debugger can look at it.
"""

from __future__ import annotations

import argparse
import mmap
import os
import resource
import signal
import struct
import sys
import tempfile
import time
import traceback
import warnings
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from gossamer.errors import CompilationError, GossamerError
from gossamer.runtime.interpreter import Interpreter
from tests.fuzz.mutants import bases, mutant

if TYPE_CHECKING:
    from collections.abc import Callable

SEED = 1
SECONDS = 20
"""What one mutant may take of a processor: compilation and two runs."""
PATIENCE = 30
"""How many times as long it may wait for a processor."""
MEMORY = 3 << 30
"""Bytes of addresses that a child may use."""
BATCH = 40
"""Mutants of one child, unless it dies before."""

LARGEST = 1 << 24
"""Elements of arrays that the hunt itself makes."""


@dataclass
class Findings:
    """How many mutants ended how, and those that ended badly, in words."""

    ends: Counter[str] = field(default_factory=Counter)
    bad: list[str] = field(default_factory=list)
    report: Callable[[str], object] = str
    """What is told of each bad end at once."""

    def add(self, end: str, bad: str = "") -> None:
        self.ends[end] += 1
        if bad:
            self.bad.append(bad)
            self.report(bad)


def run(content: bytes) -> str:
    """Read, verify, compile and run; returns how it ended.

    That LLVM refuses what a kernel became is no end for a file, but a mistake of ours.
    """
    try:
        with Interpreter(model_content=content) as interpreter:
            interpreter.allocate_tensors()
            for _ in range(2):
                for detail in interpreter.get_input_details():
                    _feed(interpreter, detail)
                interpreter.invoke()
            for detail in interpreter.get_output_details():
                if _is_small(detail):
                    interpreter.get_tensor(detail["index"])
    except CompilationError:
        raise
    except GossamerError as error:
        return type(error).__name__
    return "result"


def _feed(interpreter: Interpreter, detail: dict) -> None:
    shape, dtype = tuple(detail["shape"]), np.dtype(detail["dtype"])
    if _is_small(detail) and not dtype.hasobject:
        interpreter.set_tensor(detail["index"], np.ones(shape, dtype))


def _is_small(detail: dict) -> bool:
    """Whether an array of it fits into what is left of the child's memory."""
    return np.prod(detail["shape"], dtype=float) <= LARGEST


def hunt(
    count: int,
    seed: int = SEED,
    start: int = 0,
    report: Callable[[str], object] = str,
) -> Findings:
    """Run `count` mutants and return what was found."""
    findings = Findings(report=report)
    bases()
    board = mmap.mmap(-1, 8)
    index, stop = start, start + count
    while index < stop:
        index = _batch(index, min(index + BATCH, stop), seed, board, findings)
    return findings


def _batch(
    start: int, stop: int, seed: int, board: mmap.mmap, findings: Findings
) -> int:
    """Run mutants in one child; returns the one to go on with.

    Its cache goes with it: each mutant's entry is its own, and a folder that grows by
    thousands is slow to keep.
    """
    with tempfile.TemporaryDirectory() as cache:
        os.environ["GOSSAMER_CACHE"] = cache
        died = _run_child(start, stop, seed, board, findings)
    reached = struct.unpack("<q", board[:])[0]
    if not died:
        return stop
    findings.add(died, f"mutant {reached}: {died} ({mutant(seed, reached)[0]})")
    return reached + 1


def _run_child(
    start: int, stop: int, seed: int, board: mmap.mmap, findings: Findings
) -> str:
    """Note how a child's mutants end; returns how it died itself, if it did."""
    board[:] = struct.pack("<q", start)
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)
        _child(start, stop, seed, board, writer)
    os.close(writer)
    died = _watch(child, board)
    with os.fdopen(reader) as pipe:
        for line in pipe:
            end, _, text = line.rstrip("\n").partition("\t")
            findings.add(end, text)
    return died


def _child(start: int, stop: int, seed: int, board: mmap.mmap, writer: int) -> None:
    """Run mutants and never return."""
    warnings.simplefilter("ignore")
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with os.fdopen(writer, "w") as pipe:
        for index in range(start, stop):
            board[:] = struct.pack("<q", index)
            name, content = mutant(seed, index)
            try:
                print(run(content), file=pipe, flush=True)
            except BaseException as error:  # noqa: BLE001 - whatever is not ours
                last = traceback.extract_tb(error.__traceback__)[-1]
                where = f"{Path(last.filename).name}:{last.lineno}"
                text = f"mutant {index}: {type(error).__name__} at {where}: {error}"
                line = " ".join(f"{text} ({name})".split())
                print(f"{type(error).__name__}\t{line}", file=pipe, flush=True)
    os._exit(0)


def _watch(child: int, board: mmap.mmap) -> str:
    """Wait for a child; returns how it died, if it did."""
    seen, since, spent = board[:], time.monotonic(), 0.0
    while True:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            break
        if board[:] != seen:
            seen, since, spent = board[:], time.monotonic(), _spent(child)
        waited = time.monotonic() - since
        if _spent(child) - spent > SECONDS or waited > SECONDS * PATIENCE:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            return "hang"
        time.sleep(0.002)
    if os.WIFSIGNALED(status):
        return signal.Signals(os.WTERMSIG(status)).name
    return "" if os.WEXITSTATUS(status) == 0 else "exit"


def _spent(child: int) -> float:
    """Seconds of a processor that a child has taken, by its own clock (Linux)."""
    try:
        return time.clock_gettime((~child << 3) | 2)
    except OSError:  # it has just ended
        return 0.0


def main() -> int:
    """The command: prints what was found, and fails where anything ended badly."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--start", type=int, default=0)
    parser.add_argument("--only", type=int)
    given = parser.parse_args()
    if given.only is not None:
        name, content = mutant(given.seed, given.only)
        _say(f"{name}\n{run(content)}")
        return 0
    began = time.monotonic()
    findings = hunt(given.count, given.seed, given.start, _say)
    _say(f"{given.count / (time.monotonic() - began):.1f} mutants in a second")
    _say(str(dict(findings.ends)))
    return bool(findings.bad)


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
