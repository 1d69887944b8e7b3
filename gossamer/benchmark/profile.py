"""The time of every step of a model, and how near it comes to what the machine can."""

from __future__ import annotations

import statistics
import time
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from gossamer.benchmark.peak import peak
from gossamer.codegen.host import is_supported
from gossamer.ir.work import multiplications
from gossamer.runtime.pieces import NUMPY

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gossamer.benchmark.peak import Peak
    from gossamer.ir.graph import Node
    from gossamer.runtime.pieces import Piece

_LEAST_ROUNDS = 3


@dataclass(frozen=True, slots=True)
class Line:
    """One step: microseconds, and what follows from them.

    `operations` count a multiplication and an addition as two, and are those of the
    step that takes longest of its node; 0 for steps that multiply nothing with
    weights. `part_of_peak` is what they are of the machine's best, None without
    operations. `nbytes` is the size of inputs, outputs and weights.
    """

    index: int
    operator: str
    name: str
    output: str
    kernel: str
    note: str
    units: int
    start_us: float
    first_us: float
    minimum_us: float
    median_us: float
    operations: int
    nbytes: int
    integer: bool
    part_of_peak: float | None

    @property
    def operations_per_second(self) -> float:
        return self.operations / self.minimum_us * 1e6 if self.minimum_us else 0.0

    @property
    def bytes_per_second(self) -> float:
        return self.nbytes / self.minimum_us * 1e6 if self.minimum_us else 0.0

    @property
    def is_compiled(self) -> bool:
        return self.kernel != NUMPY


def profile(pieces: Sequence[Piece], seconds: float) -> list[Line]:
    """Time the pieces of an executable, round after round in their order.

    So every piece finds the caches as a whole run leaves them. The time that a call
    takes by itself is taken off.

    Args:
        pieces: see `Executable.pieces`; the inputs must hold their values.
        seconds: how long to measure.
    """
    times: list[list[float]] = [[] for _ in pieces]
    clock, end = time.perf_counter, time.perf_counter() + seconds
    rounds = 0
    while clock() < end or rounds < _LEAST_ROUNDS:
        for piece, found in zip(pieces, times, strict=True):
            start = clock()
            piece.run()
            found.append(clock() - start)
        rounds += 1
    empty = _empty_call()
    micros = [[max(each - empty, 0) * 1e6 for each in found] for found in times]
    return _lines(pieces, micros)


def _empty_call() -> float:
    """Seconds that measuring adds to a piece."""

    def nothing() -> None:
        pass

    found: list[float] = []
    for _ in range(1000):
        start = time.perf_counter()
        nothing()
        found.append(time.perf_counter() - start)
    return statistics.median(found)


def _lines(pieces: Sequence[Piece], times: Sequence[Sequence[float]]) -> list[Line]:
    best = peak() if is_supported() else None
    minima = [min(found) for found in times]
    working = _working(pieces, minima)
    lines: list[Line] = []
    start = 0.0
    for index, piece in enumerate(pieces):
        operations = 0
        if piece.node is not None and index in working:
            operations = 2 * multiplications(piece.node)
        lines.append(_line(index, piece, times[index], start, operations, best))
        start += minima[index]
    return lines


def _working(pieces: Sequence[Piece], minima: Sequence[float]) -> set[int]:
    """The piece of each node that takes longest: it does the node's arithmetic."""
    longest: dict[Node, int] = {}
    for index, piece in enumerate(pieces):
        if piece.node is None or piece.operator != piece.node.op.name:
            continue
        known = longest.get(piece.node)
        if known is None or minima[index] > minima[known]:
            longest[piece.node] = index
    return set(longest.values())


def _line(
    index: int,
    piece: Piece,
    times: Sequence[float],
    start: float,
    operations: int,
    best: Peak | None,
) -> Line:
    node, minimum = piece.node, min(times)
    output = node.outputs[0] if node is not None and node.outputs else None
    integer = node is not None and _is_integer(node)
    part = None
    if operations and best is not None and minimum:
        limit = best.int8 if integer else best.float32
        part = operations / (minimum * 1e-6) / limit
    return Line(
        index,
        piece.operator,
        "" if output is None else output.name,
        "" if output is None else str(output.type),
        piece.kernel,
        piece.note,
        piece.units,
        start,
        times[0],
        minimum,
        statistics.median(times),
        operations,
        piece.nbytes,
        integer,
        part,
    )


def _is_integer(node: Node) -> bool:
    """Whether a node multiplies by integers."""
    weights = node.optional(node.op.weights.input if node.op.weights else 1)
    return weights is not None and weights.dtype.is_integer


@dataclass(frozen=True, slots=True)
class Total:
    """All steps of one operator."""

    operator: str
    count: int
    minimum_us: float
    compiled: int


def totals(lines: Sequence[Line]) -> list[Total]:
    """Sums by operator, the most expensive first."""
    found: dict[str, list[Line]] = {}
    for line in lines:
        found.setdefault(line.operator, []).append(line)
    sums = [
        Total(
            name,
            len(each),
            sum(line.minimum_us for line in each),
            sum(line.is_compiled for line in each),
        )
        for name, each in found.items()
    ]
    return sorted(sums, key=lambda total: -total.minimum_us)


def facts(lines: Sequence[Line]) -> dict[str, Any]:
    """A profile in types that JSON has."""
    whole = sum(line.minimum_us for line in lines)
    best = peak() if is_supported() else None
    return {
        "total_us": whole,
        "peak": None
        if best is None
        else {"float32": best.float32, "int8": best.int8, "unit": "operations/s"},
        "steps": [_record(line, whole) for line in lines],
        "operators": [
            {
                "operator": total.operator,
                "count": total.count,
                "minimum_us": total.minimum_us,
                "percent": percent(total.minimum_us, whole),
            }
            for total in totals(lines)
        ],
    }


def percent(part: float, whole: float) -> float:
    """A part in percent."""
    return 100 * part / whole if whole else 0.0


def _record(line: Line, whole: float) -> dict[str, Any]:
    return {
        **asdict(line),
        "percent": percent(line.minimum_us, whole),
        "operations_per_second": line.operations_per_second,
        "bytes_per_second": line.bytes_per_second,
    }
