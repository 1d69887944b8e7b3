"""`benchmarks/QUALITY.md`: what was measured of int8's accuracy, as tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    Row = Mapping[str, Any]


def page(rows: Sequence[Row]) -> str:
    """The whole page, in Markdown.

    Args:
        rows: of each network `decibels` by variant, `bytes`, and where it was
            measured `tensorflow` and `tensorflow_bytes`.
    """
    return "\n\n".join((_head(), _table(rows), _summary(rows))) + "\n"


def _head() -> str:
    return (
        "# Accuracy of int8\n\n"
        "Made by `make quality`; do not edit.\n\n"
        "Signal-to-noise ratio of a network's outputs against its float model, in "
        "dB, on inputs that calibration did not see: 6 dB more is half the error. The "
        "first columns are TensorFlow's converter and ours by the same method, minimum "
        "and maximum; the others say by how many dB each method or improvement is "
        "better than `minmax` (`docs/quantize.md` says what each does). The networks "
        "have random weights, which are harder than trained ones: "
        "`benchmarks/zoo.py`. Calibrated with 20 samples."
    )


def _table(rows: Sequence[Row]) -> str:
    variants = [name for name in rows[0]["decibels"] if name != "minmax"]
    heads = ["network", "TensorFlow", "minmax", *variants, "bytes", "TensorFlow's"]
    lines = [_line(heads), "|---" + "|---:" * (len(heads) - 1) + "|"]
    for row in rows:
        found = row["decibels"]
        gains = [f"{found[name] - found['minmax']:+.2f}" for name in variants]
        theirs = _number(row.get("tensorflow"), ".2f")
        size = _number(row.get("tensorflow_bytes"), ",")
        cells = [row["model"], theirs, f"{found['minmax']:.2f}", *gains]
        lines.append(_line([*cells, f"{row['bytes']:,}", size]))
    return "\n".join(lines)


def _summary(rows: Sequence[Row]) -> str:
    """How many networks each variant makes better than TensorFlow's converter."""
    known = [row for row in rows if "tensorflow" in row]
    lines = ["| against TensorFlow | worst | median | best | better by 0.1 dB |"]
    lines.append("|---|---:|---:|---:|---:|")
    for name in rows[0]["decibels"] if known else ():
        gains = sorted(row["decibels"][name] - row["tensorflow"] for row in known)
        better = sum(gain >= 0.1 for gain in gains)
        cells = [f"{gains[i]:+.2f}" for i in (0, len(gains) // 2, -1)]
        lines.append(_line([name, *cells, f"{better} of {len(known)}"]))
    return "\n".join(lines)


def _number(value: float | None, form: str) -> str:
    return "–" if value is None else format(value, form)


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
