"""Run steps on NumPy arrays, interpreted or compiled, with guards around everything.

A kernel may read up to 64 bytes beyond a tensor, a constant or the arena (nonsense
lies there), and must write nowhere but within its result.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from gossamer.kernels.step import Constant, Scratch, Step
from gossamer.nest.interpret import interpret
from tests.codegen.machines import Work, as_bytes, compile_and_run

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gossamer.ir.types import Array

SLACK = 64
X, Y = object(), object()
"""What steps are made for: the input and the output."""


@dataclass(eq=False)
class Job:
    """Steps, the inputs they read, and the result they must leave at `Y`."""

    steps: Sequence[Step]
    feeds: dict[object, Array]
    expected: Array
    name: str = ""
    buffers: dict[object, Array] = field(default_factory=dict)

    def works(self) -> list[Work]:
        """The steps on fresh memory."""
        self.buffers = {key: as_bytes(a, SLACK) for key, a in self.feeds.items()}
        empty = np.full(self.expected.nbytes, 0xA5, np.uint8)
        self.buffers[Y] = as_bytes(empty, SLACK)
        return [
            Work(step.kernel, [self._memory(a) for a in step.arguments], step.units)
            for step in self.steps
        ]

    def _memory(self, argument: object) -> Array:
        if argument not in self.buffers:
            if isinstance(argument, Constant):
                made = as_bytes(argument.data, SLACK)
            else:
                assert isinstance(argument, Scratch)
                made = as_bytes(np.full(argument.nbytes, 0xA5, np.uint8))
            self.buffers[argument] = made
        return self.buffers[argument]

    def check(self, tolerance: float = 0) -> None:
        """The result is the expected one, and nothing else has changed."""
        memory = self.buffers[Y]
        size = self.expected.nbytes
        found = memory[:size].view(self.expected.dtype).reshape(self.expected.shape)
        reach = float(np.abs(self.expected).max()) if tolerance else 0
        np.testing.assert_allclose(
            found, self.expected, rtol=0, atol=tolerance * reach, err_msg=self.name
        )
        assert (memory[size:] == 0xA5).all(), f"{self.name} writes beyond its result"
        for key, array in self._given():
            assert (self.buffers[key] == as_bytes(array, SLACK)).all(), self.name

    def _given(self) -> list[tuple[object, Array]]:
        constants = [
            (key, key.data) for key in self.buffers if isinstance(key, Constant)
        ]
        return [*self.feeds.items(), *constants]


def check_interpreted(jobs: Sequence[Job], tolerance: float = 0) -> None:
    """Interpret every job, its units of work in two goes as two threads would."""
    for job in jobs:
        for work in job.works():
            middle = work.units // 2
            interpret(work.kernel, work.buffers, middle, work.units)
            interpret(work.kernel, work.buffers, 0, middle)
        job.check(tolerance)


def check_compiled(name: str, jobs: Sequence[Job], tolerance: float = 0) -> None:
    """Compile all jobs as one module for a target, and run them if the CPU can."""
    works = [work for job in jobs for work in job.works()]
    if compile_and_run(name, works):
        for job in jobs:
            job.check(tolerance)
