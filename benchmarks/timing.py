"""How long an inference takes in several engines that take turns."""

from __future__ import annotations

import contextlib
import os
import statistics
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping, Sequence

    from gossamer.ir.types import Array

BLOCK_SECONDS = 200e-6
"""Inferences are timed in blocks of at least this long: clocks are coarse."""


@dataclass(slots=True)
class Engine:
    """An interpreter with its inputs; `seconds` has an inference's time per block."""

    interpreter: Any
    inputs: Mapping[int, Array]
    outputs: Sequence[int]
    block: int = 1
    seconds: list[float] = field(default_factory=list[float])

    def infer(self) -> list[Array]:
        """What a program does for one inference: set, invoke, get."""
        for index, value in self.inputs.items():
            self.interpreter.set_tensor(index, value)
        self.interpreter.invoke()
        return [self.interpreter.get_tensor(index) for index in self.outputs]

    def time(self) -> float:
        """Seconds of an inference, the mean of a block."""
        start = time.perf_counter()
        for _ in range(self.block):
            self.infer()
        return (time.perf_counter() - start) / self.block

    @property
    def minimum(self) -> float:
        """Microseconds of an inference in the fastest block."""
        return min(self.seconds) * 1e6

    @property
    def median(self) -> float:
        """Microseconds of an inference in the median block."""
        return statistics.median(self.seconds) * 1e6


def engine(interpreter: Any) -> Engine:
    """Make an interpreter ready, with random inputs that are the same for all."""
    interpreter.allocate_tensors()
    random = np.random.default_rng(0)
    return Engine(
        interpreter,
        {
            detail["index"]: _values(detail, random)
            for detail in interpreter.get_input_details()
        },
        [detail["index"] for detail in interpreter.get_output_details()],
    )


def _values(detail: Mapping[str, Any], random: np.random.Generator) -> Array:
    dtype, shape = np.dtype(detail["dtype"]), tuple(detail["shape"])
    if dtype.kind == "f":
        return random.uniform(-1, 1, shape).astype(dtype)
    limits = np.iinfo(dtype)
    return random.integers(limits.min, limits.max, shape, dtype, endpoint=True)


def take_turns(engines: Sequence[Engine], seconds: float) -> None:
    """Time the engines for so long, block by block in turns.

    A busy moment of the machine then hits all of them; the minima are of quiet ones.
    """
    for each in engines:
        _warm_up(each)
    end = time.perf_counter() + seconds
    while time.perf_counter() < end or len(engines[0].seconds) < 3:
        for each in engines:
            each.seconds.append(each.time())


def _warm_up(each: Engine) -> None:
    fastest = min(each.time() for _ in range(3))
    each.block = max(1, int(BLOCK_SECONDS / fastest))
    each.time()


@contextlib.contextmanager
def without_native_log() -> Generator[None]:
    """LiteRT's native code greets on file descriptor 2, amid progress bars."""
    kept = os.dup(2)
    with Path(os.devnull).open("w") as nowhere:
        os.dup2(nowhere.fileno(), 2)
        try:
            yield
        finally:
            os.dup2(kept, 2)
            os.close(kept)


def machine() -> str:
    """The processor's name and how many of them this program may use."""
    count = len(os.sched_getaffinity(0))
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        title, _, value = line.partition(":")
        if title.strip() == "model name":
            return f"{value.strip()}, {count} CPUs"
    return f"{count} CPUs"
