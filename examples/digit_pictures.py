"""The pictures of `mnist.py`: digits as read, and which is taken for which."""

from __future__ import annotations

from typing import TYPE_CHECKING

import matplotlib as mpl
import numpy as np
from matplotlib import pyplot as plt
from matplotlib.patches import Rectangle

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

mpl.use("Agg")

INK, PAPER, RIGHT, WRONG = "#1b2330", "#ffffff", "#2563a8", "#d0312d"


def draw_digits(
    path: Path, x: NDArray[np.float32], y: NDArray[np.uint8], read: NDArray[np.int64]
) -> None:
    """The first held-out digits, and then some that were read wrong."""
    first = list(range(min(40, len(y))))
    missed = [int(i) for i in np.flatnonzero(read != y) if i not in first][:10]
    figure, grid = plt.subplots(5, 10, figsize=(10, 6.6), facecolor=PAPER)
    for axes in grid.flat:
        axes.axis("off")
    for axes, index in zip(grid.flat, first + missed, strict=False):
        wrong = read[index] != y[index]
        axes.imshow(x[index], cmap="Greys", interpolation="bilinear")
        text = f"{read[index]}, is {y[index]}" if wrong else f"{read[index]}"
        color = WRONG if wrong else RIGHT
        axes.set_title(text, color=color, fontsize=12, fontweight="bold", pad=3)
        if wrong:
            axes.add_patch(Rectangle((-0.5, -0.5), 28, 28, fill=False, ec=WRONG, lw=2))
    mistakes = int(np.sum(read != y))
    figure.suptitle(
        f"{len(y) - mistakes:,} of {len(y):,} held-out digits read right by int8 code",
        x=0.02,
        ha="left",
        fontsize=16,
        fontweight="bold",
        color=INK,
    )
    figure.text(
        0.02,
        0.905,
        f"Four rows as they come; the last row is from the {mistakes} mistakes (red).",
        fontsize=11,
        color="#5b6472",
    )
    figure.subplots_adjust(0.02, 0.01, 0.98, 0.855, wspace=0.12, hspace=0.3)
    figure.savefig(path, dpi=130)
    plt.close(figure)


def draw_confusion(path: Path, y: NDArray[np.uint8], read: NDArray[np.int64]) -> None:
    """How often each digit was read as which: rows are the truth."""
    counts = np.zeros((10, 10), int)
    np.add.at(counts, (y, read), 1)
    totals = counts.sum(1, keepdims=True)
    hits = np.where(np.eye(10, dtype=bool), counts / totals, np.nan)
    misses = np.where(np.eye(10, dtype=bool) | (counts == 0), np.nan, counts)
    figure, axes = plt.subplots(figsize=(7, 7.2), facecolor=PAPER)
    axes.imshow(hits, cmap="Blues", vmin=0, vmax=1.25)
    axes.imshow(misses, cmap="Reds", vmin=0, vmax=max(8.0, 1.6 * np.nanmax(misses)))
    for (row, column), count in np.ndenumerate(counts):
        if count:
            color = PAPER if row == column else INK
            weight = "bold" if row == column else "normal"
            axes.text(
                column,
                row,
                f"{count}",
                ha="center",
                va="center",
                color=color,
                fontsize=11,
                fontweight=weight,
            )
    axes.set_xticks(range(10))
    axes.set_yticks(range(10))
    axes.set_xlabel("read as", fontsize=12, color=INK)
    axes.set_ylabel("is", fontsize=12, color=INK, rotation=0, labelpad=14)
    axes.set_xticks(np.arange(-0.5, 10), minor=True)
    axes.set_yticks(np.arange(-0.5, 10), minor=True)
    axes.grid(which="minor", color="#e6e9ee", linewidth=1)
    axes.tick_params(which="both", length=0, labelsize=12, colors=INK)
    for spine in axes.spines.values():
        spine.set_visible(False)
    axes.set_title(
        f"Which digit was read as which, {len(y):,} held-out digits, int8",
        loc="left",
        fontsize=13,
        fontweight="bold",
        color=INK,
        pad=14,
    )
    figure.tight_layout()
    figure.savefig(path, dpi=130)
    plt.close(figure)
