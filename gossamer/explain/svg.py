"""Charts as inline SVG, coloured by the classes of the page that they stand in."""

from __future__ import annotations

import math
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gossamer.quantization.distribution import Distribution

_WIDTH, _HEIGHT = 960, 260
"""Units of the chart by layer: its columns and their space."""

_LEFT, _TOP, _BOTTOM = 34, 10, 20
_GRID = 10
"""Decibels from line to line."""

_HISTOGRAM = (150, 34)
"""Width and height of a histogram."""

_BARS = 50
"""Bars of a histogram."""


@dataclass(frozen=True, slots=True)
class Column:
    """A layer in the chart: its own signal to noise and the total, in decibels.

    `mark` draws the eye to it; `link` is where a click on it leads.
    """

    own: float
    total: float
    title: str
    link: str
    mark: bool = False


def columns_chart(columns: Sequence[Column]) -> str:
    """Bars for the own noise of layers, dots for the total, in the given order."""
    top = _ceiling(columns)
    step = (_WIDTH - _LEFT) / max(len(columns), 1)
    parts = [_grid(top)]
    for number, column in enumerate(columns):
        x = _LEFT + number * step
        middle, bar = x + step / 2, max(min(step * 0.72, 26), 0.8)
        high, low = _height(column.own, top), _height(0, top)
        y, radius = _height(column.total, top), min(max(step / 5, 1.4), 3.2)
        kind = "bar worst" if column.mark else "bar"
        parts.append(
            f'<a href="#{column.link}"><title>{escape(column.title)}</title>'
            f'<rect class="hit" x="{x:.1f}" y="{_TOP}" width="{step:.1f}" '
            f'height="{_HEIGHT - _TOP - _BOTTOM}"/>'
            f'<rect class="{kind}" x="{middle - bar / 2:.1f}" y="{high:.1f}" '
            f'width="{bar:.1f}" height="{max(low - high, 1):.1f}"/>'
            f'<circle class="dot" cx="{middle:.1f}" cy="{y:.1f}" r="{radius:.1f}"/></a>'
        )
    return (
        f'<svg class="chart" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" '
        f'aria-label="signal to noise of each layer">{"".join(parts)}</svg>'
    )


def _ceiling(columns: Sequence[Column]) -> float:
    """The least multiple of the grid above all finite values."""
    values = [v for each in columns for v in (each.own, each.total)]
    most = max((v for v in values if math.isfinite(v)), default=0.0)
    return max(math.ceil(most / _GRID), 3) * _GRID


def _height(value: float, top: float) -> float:
    """The y of a value; what is beyond the chart is at its edge."""
    space = _HEIGHT - _TOP - _BOTTOM
    return _TOP + space * (1 - min(max(value, 0.0), top) / top)


def _grid(top: float) -> str:
    every = _GRID * max(1, round(top / _GRID / 6))
    lines = [
        f'<line class="grid" x1="{_LEFT}" x2="{_WIDTH}" y1="{y:.1f}" y2="{y:.1f}"/>'
        f'<text class="tick" x="{_LEFT - 6}" y="{y + 3.5:.1f}">{value}</text>'
        for value in range(0, int(top) + 1, every)
        for y in (_height(value, top),)
    ]
    caption = f"layers in the order in which they run, {top:.0f} dB at the top"
    return "".join(lines) + (
        f'<text class="note" x="{_LEFT}" y="{_HEIGHT - 4}">{caption}</text>'
    )


def histogram(
    values: Distribution,
    shown: tuple[float, float],
    band: tuple[float, float] | None,
    title: str,
) -> str:
    """How often values occur, on a logarithmic scale.

    Args:
        values: what was counted.
        shown: the ends of the picture.
        band: a range to shade behind the bars: what can be stored, or half a step.
        title: what is told where the pointer rests.
    """
    width, height = _HISTOGRAM
    scale = width / max(shown[1] - shown[0], 1e-300)
    shade = ""
    if band is not None:
        left = max((band[0] - shown[0]) * scale, 0)
        right = min((band[1] - shown[0]) * scale, width)
        shade = (
            f'<rect class="band" x="{left:.1f}" y="0" '
            f'width="{max(right - left, 0.8):.1f}" height="{height}"/>'
        )
    return (
        f'<svg class="histogram" viewBox="0 0 {width} {height + 1}" role="img">'
        f"<title>{escape(title)}</title>{shade}"
        f'<path class="bar" d="{_outline(values, shown)}"/>'
        f'<path class="axis" d="M0 {height + 0.5}H{width}"/></svg>'
    )


def _outline(values: Distribution, shown: tuple[float, float]) -> str:
    """The bars as one outline."""
    width, height = _HISTOGRAM
    counts = np.log1p(values.bars(*shown, _BARS))
    tall = counts / max(float(counts.max()), 1e-9) * (height - 1)
    step = width / _BARS
    path = [f"M0 {height}"]
    for number, each in enumerate(tall):
        path.append(f"V{height - each:.1f}H{(number + 1) * step:g}")
    return "".join(path) + f"V{height}Z"
