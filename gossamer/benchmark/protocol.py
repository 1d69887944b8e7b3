"""Runs as benchmark_model of TensorFlow Lite makes them, and the lines it writes."""

from __future__ import annotations

import math
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gossamer.runtime.executable import build, prepare
from gossamer.runtime.state import State

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from gossamer.benchmark.inputs import Subject
    from gossamer.ir.graph import Tensor
    from gossamer.ir.types import Array
    from gossamer.runtime.executable import Executable, Options
    from gossamer.runtime.pieces import Piece

_MEMORY = "Memory footprint delta from the start of the tool (MB)"


@dataclass(frozen=True, slots=True)
class Limits:
    """How often and how long to run; see the flags of the same names, in seconds.

    A delay or a frequency below 0 means to run without pause.
    """

    num_runs: int = 50
    min_secs: float = 1.0
    max_secs: float = 150.0
    warmup_runs: int = 1
    warmup_min_secs: float = 0.5
    run_delay: float = -1.0
    run_frequency: float = -1.0


@dataclass(frozen=True, slots=True)
class Statistics:
    """Microseconds of a number of inferences."""

    count: int
    first: float
    curr: float
    min: float
    max: float
    avg: float
    std: float
    p5: float
    median: float
    p95: float

    @staticmethod
    def of(times: Sequence[float]) -> Statistics:
        """The statistics of at least one time."""
        ordered = sorted(times)
        mean = sum(times) / len(times)
        square = sum((each - mean) ** 2 for each in times) / len(times)
        return Statistics(
            len(times),
            times[0],
            times[-1],
            ordered[0],
            ordered[-1],
            mean,
            math.sqrt(square),
            *(_quantile(ordered, part) for part in (0.05, 0.5, 0.95)),
        )

    def line(self) -> str:
        """One line, as benchmark_model writes it."""
        names = ("first", "curr", "min", "max", "avg", "std", "p5", "median", "p95")
        numbers = (f"{name}={_number(getattr(self, name))}" for name in names)
        return f"count={self.count} {' '.join(numbers)}"


def _quantile(ordered: Sequence[float], part: float) -> float:
    return ordered[min(int(part * len(ordered)), len(ordered) - 1)]


def _number(value: float) -> str:
    """Six significant digits, never an exponent."""
    if value >= 100_000:
        return f"{value:.0f}"
    return f"{value:.6g}" if value >= 0.001 else "0"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was measured; times in microseconds, memory in MB above the start."""

    init: float
    warmup: Statistics | None
    inference: Statistics
    init_memory: float
    overall_memory: float
    peak_memory: float

    def lines(self, *, peak: bool) -> list[str]:
        """The lines that programs look for, with the peak of memory if asked for."""
        first = (self.warmup or self.inference).first
        warm = self.warmup.avg if self.warmup else 0.0
        timings = {
            "Init": f"{self.init:.0f}",
            "First inference": _number(first),
            "Warmup (avg)": _number(warm),
            "Inference (avg)": _number(self.inference.avg),
        }
        listed = ", ".join(f"{name}: {text}" for name, text in timings.items())
        delta = f"init={self.init_memory:.6g} overall={self.overall_memory:.6g}"
        found = [f"Inference timings in us: {listed}", f"{_MEMORY}: {delta}"]
        if peak:
            found.append(f"Overall peak memory footprint (MB): {self.peak_memory:.6g}")
        return found

    def facts(self) -> dict[str, Any]:
        """The outcome in types that JSON has."""
        return asdict(self)


def ready(subject: Subject, options: Options) -> Executable:
    """An executable whose inputs hold their values."""
    source = subject.source
    state = State(lambda: source.model.subgraphs)
    made = prepare(source, subject.subgraph, subject.shapes, state, options)
    _fill(made, subject.values)
    return made


def divided(subject: Subject, options: Options) -> list[Piece]:
    """The pieces of an executable whose inputs hold their values."""
    model = subject.source.model
    inputs = model.subgraphs[subject.subgraph].inputs
    values = dict(zip(inputs, subject.values.values(), strict=True))
    shapes = {tensor: array.shape for tensor, array in values.items()}
    state = State(lambda: model.subgraphs)
    made = build(model, subject.subgraph, shapes, state, options)
    _fill(made, values)
    return made.pieces()


def _fill(made: Executable, values: Mapping[Tensor, Array]) -> None:
    for tensor, array in values.items():
        view = made.view(tensor)
        assert view is not None
        view[...] = array


def measure(
    make: Callable[[], Executable], limits: Limits, say: Callable[[str], None]
) -> Outcome:
    """Make an executable, warm it up, and time runs of it one by one.

    Args:
        make: reads the model and prepares it; what it takes is the time of Init.
        limits: how often and how long.
        say: is told lines of progress, as benchmark_model writes them.
    """
    before = memory()
    start = time.perf_counter()
    made = make()
    init = (time.perf_counter() - start) * 1e6
    after = memory()
    say(f"Initialized session in {init / 1000:.3f}ms.")
    warmup = None
    if limits.warmup_runs > 0:
        warmup = _phase(made, limits, limits.warmup_runs, limits.warmup_min_secs, say)
    inference = _phase(made, limits, max(limits.num_runs, 1), limits.min_secs, say)
    overall, peak = memory(), memory("VmHWM")
    return Outcome(init, warmup, inference, after - before, overall - before, peak)


def _phase(
    made: Executable,
    limits: Limits,
    runs: int,
    seconds: float,
    say: Callable[[str], None],
) -> Statistics:
    say(
        f"Running benchmark for at least {runs} iterations and at least {seconds:g} "
        f"seconds but terminate if exceeding {limits.max_secs:g} seconds."
    )
    found = Statistics.of(_times(made.invoke, limits, runs, seconds))
    say(found.line())
    return found


def _times(
    invoke: Callable[[], None], limits: Limits, runs: int, seconds: float
) -> list[float]:
    times: list[float] = []
    clock = time.perf_counter
    begin = now = clock()
    while not times or now - begin < limits.max_secs:
        if len(times) >= runs and now - begin >= seconds:
            break
        start = clock()
        invoke()
        now = clock()
        times.append((now - start) * 1e6)
        _pause(limits, len(times), now - begin)
    return times


def _pause(limits: Limits, done: int, elapsed: float) -> None:
    """Wait for the next run, where runs are to be apart."""
    if limits.run_delay > 0:
        time.sleep(limits.run_delay)
    if limits.run_frequency > 0:
        time.sleep(max(done / limits.run_frequency - elapsed, 0))


def memory(kind: str = "VmRSS") -> float:
    """Megabytes that the process holds, or held at most (VmHWM); 0 if not known."""
    path = Path("/proc/self/status")
    if not path.exists():
        return 0.0
    for line in path.read_text().splitlines():
        if line.startswith(f"{kind}:"):
            return int(line.split()[1]) / 1024
    return 0.0
