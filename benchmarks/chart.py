"""A chart of stored results: how many times as fast as LiteRT."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import matplotlib as mpl
import matplotlib.pyplot as plt

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

mpl.use("Agg")

COLORS = {"float32": "#9db4cf", "dynamic": "#4f83bd", "int8": "#1d4e89"}
INK, GREY = "#1b2330", "#5b6472"


def draw(facts: Mapping[str, Any], path: Path) -> None:
    """Bars of each model and mode; the line at 1 is LiteRT.

    Args:
        facts: what `benchmarks.store` keeps.
        path: the PNG file to write.
    """
    models = list(dict.fromkeys(each["model"] for each in facts["results"]))
    subplots: Any = plt.subplots
    height = 1.6 + 0.72 * len(models)
    figure, axes = subplots(figsize=(9, height))
    for offset, (mode, color) in zip((-0.26, 0, 0.26), COLORS.items(), strict=True):
        chosen = [each for each in facts["results"] if each["mode"] == mode]
        places = [models.index(each["model"]) + offset for each in chosen]
        ratios = [each["ratio"] for each in chosen]
        axes.barh(places, ratios, 0.24, color=color, label=mode)
        for place, each in zip(places, chosen, strict=True):
            text = f"{each['ratio']:.2f}×   {_time(each['ours_min'])}"
            axes.text(
                each["ratio"], place, f"  {text}", va="center", fontsize=8.5, color=INK
            )
    axes.axvline(1, color=INK, linewidth=1)
    axes.text(1, -0.62, "LiteRT", ha="center", va="bottom", fontsize=9, color=INK)
    _dress(axes, models)
    title = "Times as fast as LiteRT"
    figure.text(0.02, 1 - 0.3 / height, title, weight="bold", fontsize=14)
    figure.text(
        0.02,
        1 - 0.55 / height,
        f"one thread, fastest inference with setting and getting; {facts['machine']}",
        fontsize=9,
        color=GREY,
    )
    figure.subplots_adjust(left=0.18, right=0.97, top=1 - 0.75 / height, bottom=0.03)
    figure.savefig(path, dpi=140)
    plt.close(figure)


def _dress(axes: Any, models: list[str]) -> None:
    axes.set_yticks(range(len(models)), models, fontsize=10, color=INK)
    axes.set_ylim(len(models) - 0.45, -0.6)
    axes.set_xlim(0, axes.get_xlim()[1] * 1.18)
    axes.set_xticks([])
    axes.tick_params(length=0)
    for spine in axes.spines.values():
        spine.set_visible(False)
    axes.legend(loc="lower right", frameon=False, fontsize=9)


def _time(microseconds: float) -> str:
    if microseconds < 1000:
        return f"{microseconds:.1f} µs"
    return f"{microseconds / 1000:.2f} ms"
