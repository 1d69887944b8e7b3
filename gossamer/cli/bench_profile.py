"""The tables of `gossamer bench --profile`."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

from gossamer.benchmark.profile import percent, totals
from gossamer.cli import output

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gossamer.benchmark.profile import Line

_TOP = 10
_COLUMNS = (
    ">#",
    "node type",
    "~output",
    ">min us",
    ">median us",
    ">%",
    ">cdf %",
    ">Gop/s",
    ">% of peak",
    ">kB",
    ">GB/s",
    "kernel",
    "~why",
)


def show_profile(lines: Sequence[Line]) -> None:
    """All steps in order, the most expensive ones, and sums by operator."""
    _show_steps("Run Order", lines, lines)
    longest = sorted(lines, key=lambda line: -line.minimum_us)[:_TOP]
    _show_steps("\nTop by Computation Time", longest, lines)
    _show_totals(lines)
    whole = sum(line.minimum_us for line in lines)
    output.show(f"\nNumber of steps executed: {len(lines)}, {whole:.1f} us in all")


def _show_steps(title: str, chosen: Sequence[Line], lines: Sequence[Line]) -> None:
    made = output.table(title, *_COLUMNS)
    output.rows(made, cells(chosen, sum(line.minimum_us for line in lines)))
    output.show(made)


def cells(chosen: Sequence[Line], whole: float) -> list[tuple[str, ...]]:
    """The texts of a table of steps; percentages are of `whole` microseconds."""
    found: list[tuple[str, ...]] = []
    done = 0.0
    for line in chosen:
        done += line.minimum_us
        rate = line.operations_per_second / 1e9
        part = line.part_of_peak
        found.append(
            (
                str(line.index),
                line.operator,
                line.output,
                f"{line.minimum_us:.2f}",
                f"{line.median_us:.2f}",
                f"{percent(line.minimum_us, whole):.1f}",
                f"{percent(done, whole):.1f}",
                f"{rate:.1f}" if line.operations else "",
                "" if part is None else f"{100 * part:.0f}",
                f"{line.nbytes / 1000:.1f}",
                f"{line.bytes_per_second / 1e9:.1f}",
                line.kernel,
                line.note,
            )
        )
    return found


def _show_totals(lines: Sequence[Line]) -> None:
    made = output.table(
        "\nSummary by node type",
        "node type",
        ">count",
        ">us",
        ">%",
        ">cdf %",
        ">compiled",
    )
    whole = sum(line.minimum_us for line in lines)
    done = 0.0
    for total in totals(lines):
        done += total.minimum_us
        row = (
            total.operator,
            total.count,
            f"{total.minimum_us:.2f}",
            f"{percent(total.minimum_us, whole):.1f}",
            f"{percent(done, whole):.1f}",
            total.compiled,
        )
        output.rows(made, [row])
    output.show(made)


def as_csv(lines: Sequence[Line]) -> str:
    """The steps in order as comma-separated values, with a line of names."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([name.lstrip(">~") for name in _COLUMNS])
    writer.writerows(cells(lines, sum(line.minimum_us for line in lines)))
    return text.getvalue()
