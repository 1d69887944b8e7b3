"""A picture of what was tried: cost to the right, metric upwards, and a bound."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gossamer.errors import InputError, UnsupportedError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

_INK, _GREY, _TRACK = "#1b2330", "#5b6472", "#c9d0da"
_GOOD, _BAD, _CHOSEN = "#1d4e89", "#b5544d", "#c98a3a"


@dataclass(frozen=True, slots=True)
class Mark:
    """One thing that was tried.

    Attributes:
        cost: in the chart's unit.
        metric: more is better.
        text: what is written beside it, if anything.
        holds: whether the metric is within the bound.
        chosen: whether it is ringed.
    """

    cost: float
    metric: float
    text: str = ""
    holds: bool = True
    chosen: bool = False


@dataclass(frozen=True, slots=True)
class Chart:
    """Marks, and a line through those that nothing beats.

    Attributes:
        marks: what was tried.
        best: costs and metrics of those that nothing beats, the cheapest first.
        floor: the least metric that is allowed.
        unit: of the costs.
        title: what the picture is called.
    """

    marks: Sequence[Mark]
    best: Sequence[tuple[float, float]]
    floor: float
    unit: str
    title: str

    def draw(self, path: Path) -> None:
        """Draw it.

        Args:
            path: a file whose ending says the form: .png, .svg or .pdf.

        Raises:
            UnsupportedError: matplotlib is not installed.
            InputError: the form is not known.
        """
        if path.suffix not in (".png", ".svg", ".pdf"):
            raise InputError(f"the chart {path} has to end in .png, .svg or .pdf")
        try:
            from matplotlib.figure import Figure  # noqa: PLC0415  only if asked for
        except ImportError:
            raise UnsupportedError(
                "a chart needs matplotlib. Install it: pip install matplotlib"
            ) from None
        figure: Any = Figure(figsize=(8, 4.6))
        axes: Any = figure.subplots()
        axes.step(*zip(*self.best, strict=True), where="post", color=_TRACK, zorder=1)
        for mark in self.marks:
            _draw_mark(axes, mark)
        self._draw_frame(axes)
        figure.tight_layout()
        figure.savefig(path, dpi=130)

    def _draw_frame(self, axes: Any) -> None:
        axes.axhline(self.floor, color=_BAD, linewidth=0.8, linestyle=(0, (4, 3)))
        text = f"least that is allowed: {self.floor:.4f}"
        place = {"transform": axes.get_yaxis_transform(), "ha": "right", "va": "bottom"}
        axes.text(1, self.floor, text, fontsize=8, color=_GREY, **place)
        axes.set_xlabel(self.unit, color=_GREY)
        axes.set_ylabel("metric", color=_GREY)
        axes.set_title(self.title, loc="left", fontsize=11, color=_INK)
        for side in ("top", "right"):
            axes.spines[side].set_visible(False)


def _draw_mark(axes: Any, mark: Mark) -> None:
    color = _GOOD if mark.holds else _BAD
    size = 70 if mark.chosen else 26
    edge = _CHOSEN if mark.chosen else color
    place = (mark.cost, mark.metric)
    axes.scatter(*place, s=size, color=color, edgecolors=edge, linewidths=2)
    if mark.text:
        axes.annotate(
            mark.text,
            place,
            (6, -12),
            textcoords="offset points",
            fontsize=8,
            color=_INK,
        )
