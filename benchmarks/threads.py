"""Two threads against one.

Engines do not take turns block by block here: a thread of LiteRT's goes on spinning
for a while after each inference, on the processor that another engine then needs.
"""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from benchmarks import engines
from benchmarks.timing import without_native_log

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from gossamer.runtime.timing import Engine

REST_SECONDS = 0.1
"""Until the threads of the engine before have gone to sleep."""


@dataclass(frozen=True)
class Result:
    """Microseconds of an inference, in the fastest block of each."""

    model: str
    mode: str
    ours_1: float
    ours_2: float
    litert_2: float

    def record(self) -> dict[str, Any]:
        """The result in types that JSON has."""
        return asdict(self)

    @staticmethod
    def combined(visits: Sequence[Mapping[str, Any]]) -> Result:
        """The fastest inferences of several visits."""
        times = {
            name: min(each[name] for each in visits)
            for name in ("ours_1", "ours_2", "litert_2")
        }
        return Result(visits[-1]["model"], visits[-1]["mode"], **times)


def measure(name: str, mode: str, path: Path, seconds: float) -> Result:
    """Time one file on one and two threads, for so many seconds each."""
    with without_native_log():
        chosen = engines.ours(path, 1), engines.ours(path, 2), engines.theirs(path, 2)
        for _ in range(2):
            for each in chosen:
                _time(each, seconds / 2)
    return Result(name, mode, *(each.minimum for each in chosen))


def _time(each: Engine, seconds: float) -> None:
    time.sleep(REST_SECONDS)
    each.warm_up()
    end = time.perf_counter() + seconds
    while time.perf_counter() < end or len(each.seconds) < 3:
        each.seconds.append(each.time())
