"""A profile as a picture: where the time goes, and how near to the machine's best."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gossamer.benchmark.profile import percent
from gossamer.errors import InputError, UnsupportedError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from gossamer.benchmark.profile import Line

_MOST = 40
"""Steps that are drawn: the rest are too short to see."""

_INK, _GREY, _TRACK = "#1b2330", "#5b6472", "#e8ecf1"
_COLORS = ("#1d4e89", "#4f83bd", "#9db4cf", "#c98a3a", "#8a6bb1", "#4c9a83", "#b5544d")


def draw(lines: Sequence[Line], title: str, path: Path) -> None:
    """Write bars of the longest steps, in the order in which they run.

    Args:
        lines: a profile.
        title: what stands above it.
        path: a file whose ending says the form: .png, .svg or .pdf.

    Raises:
        UnsupportedError: matplotlib is not installed.
        InputError: the form is not known.
    """
    if path.suffix not in (".png", ".svg", ".pdf"):
        raise InputError(f"--chart {path} has to end in .png, .svg or .pdf")
    try:
        from matplotlib.figure import Figure  # noqa: PLC0415  only if asked for
    except ImportError:
        raise UnsupportedError(
            "--chart needs matplotlib. Install it: pip install matplotlib"
        ) from None
    longest = sorted(lines, key=lambda line: -line.minimum_us)[:_MOST]
    chosen = sorted(longest, key=lambda line: line.index)
    height = 1.5 + 0.26 * len(chosen)
    figure: Any = Figure(figsize=(11, height))
    times, peaks = figure.subplots(1, 2, width_ratios=(3, 1), sharey=True)
    colors = _colors(lines)
    _draw_times(times, chosen, colors, sum(line.minimum_us for line in lines))
    _draw_peaks(peaks, chosen, colors)
    which = "" if len(chosen) == len(lines) else f"the longest {len(chosen)} of "
    title = f"{title}: {which}{len(lines)} steps"
    figure.text(0.01, 1 - 0.3 / height, title, weight="bold", fontsize=13, color=_INK)
    figure.subplots_adjust(
        left=0.26, right=0.98, top=1 - 0.85 / height, bottom=0.1 / height, wspace=0.04
    )
    figure.savefig(path, dpi=130)


def _colors(lines: Sequence[Line]) -> dict[str, str]:
    """A color for each operator, the first for those that take longest."""
    sums: dict[str, float] = {}
    for line in lines:
        sums[line.operator] = sums.get(line.operator, 0) + line.minimum_us
    order = sorted(sums, key=lambda name: -sums[name])
    last = len(_COLORS) - 1
    return {name: _COLORS[min(place, last)] for place, name in enumerate(order)}


def _draw_times(
    axes: Any, chosen: Sequence[Line], colors: dict[str, str], whole: float
) -> None:
    places = range(len(chosen))
    axes.barh(
        places,
        [line.minimum_us for line in chosen],
        0.74,
        color=[colors[line.operator] for line in chosen],
    )
    for place, line in zip(places, chosen, strict=True):
        share = percent(line.minimum_us, whole)
        text = f"  {line.minimum_us:,.1f} µs, {share:.1f} %   {line.kernel}"
        axes.text(line.minimum_us, place, text, va="center", fontsize=7.5, color=_GREY)
    names = [f"{line.index}  {line.operator}  {line.output}" for line in chosen]
    axes.set_yticks(places, names, fontsize=7.5, color=_INK)
    axes.set_ylim(len(chosen) - 0.4, -0.6)
    axes.set_xlim(0, axes.get_xlim()[1] * 1.35)
    axes.set_title("microseconds, fastest run", fontsize=9, color=_GREY, loc="left")
    _bare(axes)


def _draw_peaks(axes: Any, chosen: Sequence[Line], colors: dict[str, str]) -> None:
    for place, line in enumerate(chosen):
        if line.part_of_peak is None:
            continue
        axes.barh(place, 1, 0.74, color=_TRACK)
        axes.barh(place, line.part_of_peak, 0.74, color=colors[line.operator])
        text = f"{100 * line.part_of_peak:.0f} %"
        axes.text(1.03, place, text, va="center", fontsize=7.5, color=_GREY)
    axes.set_xlim(0, 1.2)
    axes.set_title("part of the machine's best", fontsize=9, color=_GREY, loc="left")
    _bare(axes)


def _bare(axes: Any) -> None:
    axes.set_xticks([])
    axes.tick_params(length=0)
    for spine in axes.spines.values():
        spine.set_visible(False)
