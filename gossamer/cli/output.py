"""How the command writes: tables for a terminal, plain columns for a pipe."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.table import Table

if TYPE_CHECKING:
    from collections.abc import Sequence

PLAIN_WIDTH = 4096
"""Columns where nobody looks: wide enough that nothing is cut or wrapped."""

UNITS = ("B", "kB", "MB", "GB", "TB")


def console() -> Console:
    """Where results go: coloured in a terminal, plain and stable in a pipe."""
    if sys.stdout.isatty():
        return Console()
    return Console(width=PLAIN_WIDTH, color_system=None, emoji=False)


def errors() -> Console:
    """Where errors and progress go."""
    return Console(stderr=True, soft_wrap=True)


def fail(error: BaseException) -> None:
    """Write an error as a sentence, in red where there is colour."""
    text = str(error) or f"{type(error).__name__}"
    errors().print(f"[bold red]Error:[/] [red]{escape(text.rstrip('.'))}.[/]")


def table(title: str, *columns: tuple[str, str], terminal: bool) -> Table:
    """An empty table.

    Args:
        title: what stands above it.
        columns: a name and "left" or "right" for each.
        terminal: whether there are lines and colours.
    """
    made = Table(
        title=title,
        title_justify="left",
        title_style="bold",
        header_style="bold cyan" if terminal else "",
        box=SIMPLE_HEAD if terminal else None,
        pad_edge=False,
        padding=(0, 2, 0, 0),
    )
    for name, side in columns:
        is_right = side == "right"
        made.add_column(
            name,
            justify="right" if is_right else "left",
            no_wrap=True,
            overflow="ellipsis",
        )
    return made


def rows(into: Table, cells: Sequence[Sequence[object]]) -> Table:
    """Add rows of texts and numbers to a table."""
    for row in cells:
        into.add_row(*(escape(str(cell)) for cell in row))
    return into


def size(count: float) -> str:
    """A number of bytes for people: 1.5 kB."""
    for unit in UNITS[:-1]:
        if count < 1000:
            return f"{count:.0f} {unit}" if unit == "B" else f"{count:.1f} {unit}"
        count /= 1000
    return f"{count:.1f} {UNITS[-1]}"


def shape(dimensions: Sequence[int]) -> str:
    """A shape with ? where the size is free: [?, 28, 28]."""
    inside = ", ".join("?" if dim < 0 else str(dim) for dim in dimensions)
    return f"[{inside}]"
