"""`benchmarks/RESULTS.md`: stored results as tables to read."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from benchmarks.models import MODES

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    Row = Mapping[str, Any]

NAMES = {
    "gossamer": "Gossamer",
    "litert": "LiteRT",
    "onnxruntime": "ONNX Runtime",
    "openvino": "OpenVINO",
}
NONE = "–"
_RATIO = (
    "How many times as long LiteRT takes for the same file: by the fastest "
    "inferences, and in brackets by the medians."
)


def report(facts: Row) -> str:
    """The whole page, in Markdown; a section only where something was measured."""
    parts = [_head(facts)]
    for section, write in (
        ("results", _speed),
        ("two_threads", _threads),
        ("processes", _processes),
    ):
        if facts[section]:
            parts.append(write(facts[section]))
    return "\n\n".join(parts) + "\n"


def _head(facts: Row) -> str:
    versions = ", ".join(f"{name} {text}" for name, text in facts["versions"].items())
    return (
        "# Results\n\n"
        "Made by `make bench`; do not edit.\n\n"
        f"* Machine: {facts['machine']}\n"
        f"* Date: {facts['date']}\n"
        f"* Versions: {versions}\n\n"
        "An inference is the whole loop of a user: set the inputs, run, get the "
        "outputs. The networks have random weights; `benchmarks/zoo.py` defines them, "
        "and Gossamer converts them. All engines run in one process, in turns, on the "
        "same inputs, in several visits minutes apart: fastest is the fastest of all, "
        "median the median of the visits' medians. LiteRT is the interpreter with "
        "XNNPACK, as it comes."
    )


def _speed(rows: Sequence[Row]) -> str:
    parts = [
        "## Speed on one thread",
        _RATIO,
        _ratios(rows),
    ]
    for mode in MODES:
        chosen = [row for row in rows if row["mode"] == mode]
        if chosen:
            parts += [f"### {mode}: microseconds, fastest / median", _times(chosen)]
    return "\n\n".join(parts)


def _ratios(rows: Sequence[Row]) -> str:
    models = list(dict.fromkeys(row["model"] for row in rows))
    cells = {(row["model"], row["mode"]): row for row in rows}
    lines = [_line("model", *MODES), _rule(len(MODES))]
    for model in models:
        found = [cells.get((model, mode)) for mode in MODES]
        lines.append(_line(model, *(_ratio(row) for row in found)))
    means = [_mean_text([row for row in rows if row["mode"] == mode]) for mode in MODES]
    lines.append(_line("**geometric mean**", *means))
    lines += ["", f"Over all files: {_mean_text(rows)}."]
    return "\n".join(lines)


def _ratio(row: Row | None) -> str:
    return _pair(row["ratio"], _median_ratio(row)) if row else NONE


def _median_ratio(row: Row) -> float:
    return row["litert_median"] / row["ours_median"]


def _pair(minima: float, medians: float) -> str:
    return f"{minima:.2f} ({medians:.2f})"


def _mean_text(rows: Sequence[Row]) -> str:
    if not rows:
        return NONE
    minima = geometric_mean(row["ratio"] for row in rows)
    return _pair(minima, geometric_mean(map(_median_ratio, rows)))


def geometric_mean(values: Iterable[float]) -> float:
    """The number whose power is the product; of at least one."""
    logarithms = [math.log(value) for value in values]
    return math.exp(sum(logarithms) / len(logarithms))


def _times(rows: Sequence[Row]) -> str:
    """Every engine's times in one mode, and how they compare over the networks."""
    names = list(dict.fromkeys(name for row in rows for name in row["peers"]))
    heads = [NAMES[name] for name in ("gossamer", "litert", *names)]
    lines = [_line("model", *heads), _rule(len(heads))]
    for row in rows:
        found = [
            _span(row["ours_min"], row["ours_median"]),
            _span(row["litert_min"], row["litert_median"]),
        ]
        for name in names:
            times = row["peers"].get(name)
            found.append(_span(times["min"], times["median"]) if times else NONE)
        lines.append(_line(row["model"], *found))
    lines.append(_line("**× Gossamer, fastest**", *_against(rows, names)))
    return "\n".join(lines)


def _against(rows: Sequence[Row], names: Sequence[str]) -> list[str]:
    """The geometric mean of each engine's time over ours, where it was measured."""
    columns = [[row["ratio"] for row in rows]]
    columns += [
        [
            row["peers"][name]["min"] / row["ours_min"]
            for row in rows
            if name in row["peers"]
        ]
        for name in names
    ]
    return ["1", *(f"{geometric_mean(column):.2f}" for column in columns)]


def _threads(rows: Sequence[Row]) -> str:
    heads = ("Gossamer 1", "Gossamer 2", "× of 1", "LiteRT 2", "LiteRT / Gossamer, 2")
    lines = [_line("file", *heads), _rule(len(heads))]
    for row in rows:
        name, one, two = _file(row), row["ours_1"], row["ours_2"]
        ratios = f"{one / two:.2f}", f"{row['litert_2'] / two:.2f}"
        times = _time(one), _time(two), ratios[0], _time(row["litert_2"]), ratios[1]
        lines.append(_line(name, *times))
    gains = geometric_mean(row["ours_1"] / row["ours_2"] for row in rows)
    ratio = geometric_mean(row["litert_2"] / row["ours_2"] for row in rows)
    means = ("", "", f"{gains:.2f}", "", f"{ratio:.2f}")
    lines.append(_line("**geometric mean**", *means))
    text = "## Two threads\n\nMicroseconds of the fastest inference. Engines are timed "
    return f"{text}one after another.\n\n" + "\n".join(lines)


def _processes(rows: Sequence[Row]) -> str:
    heads = ("engine", "compiled before", "ms, fastest", "ms, median", "peak memory")
    lines = [_line("file", *heads), _rule(len(heads))]
    for row in rows:
        before = "" if row["engine"] != "gossamer" else "no" if row["cold"] else "yes"
        lines.append(
            _line(
                _file(row),
                NAMES[row["engine"]],
                before,
                f"{row['start_min']:,.0f}",
                f"{row['start_median']:,.0f}",
                f"{row['memory_bytes'] / 1e6:,.0f} MB",
            )
        )
    return (
        "## Start-up and memory\n\nA process of its own: Python starts, loads the "
        "engine and the file, and runs it once. The time until the first output is "
        "there, and the most memory that was resident.\n\n" + "\n".join(lines)
    )


def _file(row: Row) -> str:
    return f"{row['model']} {row['mode']}"


def _span(fastest: float, median: float) -> str:
    return f"{_time(fastest)} / {_time(median)}"


def _time(microseconds: float) -> str:
    return f"{microseconds:,.1f}" if microseconds < 1000 else f"{microseconds:,.0f}"


def _line(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


def _rule(numbers: int) -> str:
    return "|---|" + "---:|" * numbers
