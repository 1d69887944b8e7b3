"""How long an inference takes, in one engine or in several that take turns."""

from __future__ import annotations

import statistics
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from gossamer.errors import UnsupportedError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gossamer.ir.types import Array

BLOCK_SECONDS = 50e-6
"""Inferences are timed in blocks of about this long: clocks are coarse."""

WARM_UP_SECONDS = 0.1


@dataclass(slots=True)
class Engine:
    """An interpreter, of Gossamer or LiteRT, and how long its inferences took.

    `seconds` has one entry per block: the mean time of an inference in it.
    """

    name: str
    interpreter: Any
    inputs: Mapping[int, Array]
    outputs: Sequence[int]
    block: int = 1
    seconds: list[float] = field(default_factory=list[float])

    def infer(self) -> list[Array]:
        """One whole inference: set each input, invoke, get each output."""
        interpreter = self.interpreter
        for index, value in self.inputs.items():
            interpreter.set_tensor(index, value)
        interpreter.invoke()
        return [interpreter.get_tensor(index) for index in self.outputs]

    def time(self) -> float:
        """Seconds of an inference, from one block."""
        if len(self.inputs) == len(self.outputs) == 1:
            return self._time_pair()
        start = time.perf_counter()
        for _ in range(self.block):
            self.infer()
        return (time.perf_counter() - start) / self.block

    def _time_pair(self) -> float:
        """One input and one output: nothing but the three calls is in the loop."""
        ((index, value),) = self.inputs.items()
        (output,) = self.outputs
        interpreter, turns = self.interpreter, range(self.block)
        start = time.perf_counter()
        for _ in turns:
            interpreter.set_tensor(index, value)
            interpreter.invoke()
            interpreter.get_tensor(output)
        return (time.perf_counter() - start) / self.block

    def warm_up(self) -> None:
        """Run until caches are warm, and find how many inferences fill a block."""
        end = time.perf_counter() + WARM_UP_SECONDS
        fastest = self.time()
        while time.perf_counter() < end:
            fastest = min(fastest, self.time())
        self.block = max(1, int(BLOCK_SECONDS / fastest))

    @property
    def minimum(self) -> float:
        """Microseconds of an inference in the fastest block."""
        return min(self.seconds) * 1e6

    @property
    def median(self) -> float:
        """Microseconds of an inference in the median block."""
        return statistics.median(self.seconds) * 1e6


def engine(name: str, interpreter: Any) -> Engine:
    """Make an interpreter ready, with random inputs that are the same for all.

    Raises:
        UnsupportedError: an input has a type for which there are no random values.
    """
    interpreter.allocate_tensors()
    return Engine(
        name,
        interpreter,
        random_inputs(interpreter.get_input_details()),
        [detail["index"] for detail in interpreter.get_output_details()],
    )


def random_inputs(details: Sequence[Mapping[str, Any]]) -> dict[int, Array]:
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


def take_turns(engines: Sequence[Engine], seconds: float) -> None:
    """Time the engines for so long, block by block in turns.

    A busy moment of the machine then hits all of them; the minima are of quiet ones.
    """
    for each in engines:
        each.warm_up()
    end = time.perf_counter() + seconds
    while time.perf_counter() < end or len(engines[0].seconds) < 3:
        for each in engines:
            each.seconds.append(each.time())
