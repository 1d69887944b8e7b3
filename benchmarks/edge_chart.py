"""A chart of libraries for devices: bytes, and instructions for a multiplication."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import matplotlib as mpl
import matplotlib.pyplot as plt

from benchmarks.chart import COLORS, GREY, INK
from benchmarks.edge_page import SHOWN

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from benchmarks.edge_rows import DeviceRow, Facts

mpl.use("Agg")

DARK, MIDDLE, PALE, LINE = COLORS["int8"], COLORS["dynamic"], "#c9d6e6", "#e7ebf0"
BYTES = {"code": DARK, "constants": MIDDLE, "memory": PALE}
TICKS = (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50)
_MEASURE = 0.62
_TITLE = {"loc": "left", "weight": "bold", "fontsize": 12, "color": INK, "pad": 28}
_LEGEND: dict[str, Any] = {
    "loc": "lower left",
    "bbox_to_anchor": (-0.015, 1.0),
    "ncols": 3,
    "frameon": False,
    "fontsize": 9,
    "handletextpad": 0.5,
    "columnspacing": 1.4,
    "borderaxespad": 0.2,
}


def draw(facts: Facts, path: Path) -> None:
    """Bytes of one network by device, and instructions of all in int8.

    Args:
        facts: what was measured.
        path: the PNG file to write.
    """
    rows = [row for row in facts.devices if row.mode == SHOWN[1]]
    shown = [row for row in rows if row.network == SHOWN[0]]
    subplots: Any = plt.subplots
    height = 1.5 + 0.4 * len(shown)
    figure, (left, right) = subplots(1, 2, figsize=(11, height), sharey=True)
    _draw_bytes(left, shown)
    _draw_instructions(right, shown, rows)
    names = [row.machine for row in shown]
    left.set_yticks(range(len(names)), names, fontsize=9.5, color=INK)
    left.set_ylim(len(names) - 0.5, -0.5)
    for axes in (left, right):
        axes.tick_params(length=0, labelcolor=INK)
        for spine in axes.spines.values():
            spine.set_visible(False)
    top, bottom = 1 - 0.9 / height, 0.35 / height
    figure.subplots_adjust(left=0.165, right=0.93, top=top, bottom=bottom, wspace=0.12)
    figure.savefig(path, dpi=140)
    plt.close(figure)


def _draw_bytes(axes: Any, rows: Sequence[DeviceRow]) -> None:
    """Stacked bars: what goes into flash, then what a network works in."""
    ends = [0.0] * len(rows)
    for part, color in BYTES.items():
        widths = [getattr(row, part) / 1e3 for row in rows]
        axes.barh(range(len(rows)), widths, _MEASURE, ends, color=color, label=part)
        ends = [end + width for end, width in zip(ends, widths, strict=True)]
    for place, (row, end) in enumerate(zip(rows, ends, strict=True)):
        text = f"  {row.flash / 1e3:,.0f} + {row.memory / 1e3:,.0f}"
        axes.text(end, place, text, va="center", fontsize=8.5, color=INK)
    axes.set_xlim(0, max(ends) * 1.15)
    axes.set_xticks([])
    axes.set_title(f"Kilobytes of {' '.join(SHOWN)}: flash + RAM", **_TITLE)
    axes.legend(**_LEGEND)


def _draw_instructions(
    axes: Any, shown: Sequence[DeviceRow], rows: Sequence[DeviceRow]
) -> None:
    """For each device a bar over all networks and a dot for the one that is shown."""
    axes.set_xscale("log")
    places = range(len(shown))
    spans = [_span(row.machine, rows) for row in shown]
    lows = [low for low, _ in spans]
    widths = [high - low for low, high in spans]
    every = len({row.network for row in rows})
    label = f"all {every} networks"
    axes.barh(places, widths, _MEASURE, lows, color=PALE, label=label)
    dots = [row.each for row in shown]
    axes.scatter(dots, places, s=44, color=DARK, label=SHOWN[0], zorder=3)
    _write_totals(axes, shown)
    most = max(high for _, high in spans)
    ticks = [tick for tick in TICKS if tick / 2 < most]
    axes.set_xlim(TICKS[0], ticks[-1] * 1.1)
    axes.set_xticks(ticks, [f"{tick:g}" for tick in ticks], fontsize=8.5)
    axes.minorticks_off()
    axes.grid(axis="x", color=LINE, zorder=0)
    axes.axvline(1, color=GREY, linewidth=0.8, zorder=1)
    axes.set_axisbelow(True)
    axes.set_title("Instructions for a multiplication, int8", **_TITLE)
    axes.legend(**_LEGEND)


def _write_totals(axes: Any, shown: Sequence[DeviceRow]) -> None:
    """Millions of instructions in a column of their own."""
    style = {"ha": "right", "va": "center", "color": INK}
    across = axes.get_yaxis_transform()
    for place, row in enumerate(shown):
        text = f"{(row.instructions or 0) / 1e6:,.1f} M"
        axes.text(1.12, place, text, transform=across, fontsize=8.5, **style)
    head = f"{SHOWN[0]}, in all"
    axes.text(1.12, 1.045, head, transform=axes.transAxes, fontsize=9, **style)


def _span(machine: str, rows: Sequence[DeviceRow]) -> tuple[float, float]:
    """The fewest and the most instructions for a multiplication on a device."""
    found = [row.each for row in rows if row.machine == machine and row.each]
    return min(found), max(found)
