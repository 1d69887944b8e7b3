"""A table that was shown, kept as a page of Markdown."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from rich.table import Table


def markdown(table: Table) -> str:
    """The table's columns and rows as a table of Markdown."""
    heads = [str(column.header) for column in table.columns]
    rules = ["---:" if column.justify == "right" else "---" for column in table.columns]
    rows = zip(
        *([str(x) for x in column.cells] for column in table.columns), strict=True
    )
    lines = (heads, rules, *([x or " " for x in row] for row in rows))
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def write(path: Path, title: str, text: str, table: Table) -> None:
    """A page with that title, a paragraph, and the table."""
    caption = f"{table.title}." if table.title else ""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"# {title}\n\n{text.strip()}\n\n{caption}\n\n{markdown(table)}\n")
