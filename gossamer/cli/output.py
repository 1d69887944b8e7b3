"""How the command writes: tables for a terminal, plain columns for a pipe."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from gossamer.sizes import file_sizes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import RenderableType

PLAIN_WIDTH = 4096
"""Columns where nobody looks: wide enough that nothing is cut or wrapped."""

UNITS = ("B", "kB", "MB", "GB", "TB")


def is_terminal() -> bool:
    """Whether results go to a person's terminal."""
    return sys.stdout.isatty()


def show(*parts: RenderableType) -> None:
    """Write results: coloured in a terminal, plain and stable in a pipe."""
    if is_terminal():
        _print(Console(highlight=False), parts)
        return
    plain = Console(width=PLAIN_WIDTH, color_system=None)
    with plain.capture() as capture:
        _print(plain, parts)
    for line in capture.get().splitlines():
        sys.stdout.write(f"{line.rstrip()}\n")


def _print(console: Console, parts: Sequence[RenderableType]) -> None:
    """Print; a table's title on a line of its own, however narrow the table is."""
    for part in parts:
        if isinstance(part, Table) and part.title:
            console.print(part.title, style="bold")
            part.title = None
        console.print(part)


def errors() -> Console:
    """Where errors and progress go."""
    return Console(stderr=True, soft_wrap=True, highlight=False)


def fail(error: BaseException | str) -> None:
    """Write an error as a sentence, in red where there is colour."""
    text = str(error) or f"{type(error).__name__}"
    errors().print(f"[bold red]Error:[/] [red]{escape(text.rstrip('.'))}.[/]")


def table(title: str, *columns: str) -> Table:
    """An empty table, with lines and colours for a terminal only.

    Args:
        title: what stands above it.
        columns: the names. One that begins with ">" holds numbers and is aligned
            to the right; one that begins with "~" gives way where it is too wide.
    """
    terminal = is_terminal()
    made = Table(
        title=title,
        header_style="bold cyan" if terminal else "",
        box=SIMPLE_HEAD if terminal else None,
        pad_edge=False,
        padding=(0, 1) if terminal else (0, 2, 0, 0),
    )
    for name in columns:
        made.add_column(
            name.lstrip(">~"),
            justify="right" if name.startswith(">") else "left",
            no_wrap=not name.startswith("~"),
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


def file_size(content: bytes) -> str:
    """The sizes of a file for people: 1.5 kB (gzip 1.1 kB)."""
    sizes = file_sizes(content)
    return f"{size(sizes.file)} (gzip {size(sizes.gzip)})"


def kind(dtype: str, dimensions: Sequence[int]) -> str:
    """An element type and a shape, ? where the size is free: int8[?x28x28]."""
    inside = "x".join("?" if dim < 0 else str(dim) for dim in dimensions)
    return f"{dtype}[{inside}]"


def count(number: int) -> str:
    """A large number for people: 1.2 M; nothing for 0."""
    for unit, factor in (("G", 1e9), ("M", 1e6), ("k", 1e3)):
        if number >= factor:
            return f"{number / factor:.1f} {unit}"
    return str(number) if number else ""
