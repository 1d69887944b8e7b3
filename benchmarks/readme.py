"""Put the last results into the README: tables between markers, and the pictures.

    python -m benchmarks.readme              # or: make readme

Reads `benchmarks/results/bench.json` and `benchmarks/COMPRESS.md`; copies
`build/mnist/mnist.png`, if `make mnist` made one, to `docs/images`.
"""

from __future__ import annotations

import json
import shutil
import sys
from typing import TYPE_CHECKING, Any

from benchmarks.models import MODES, ROOT
from benchmarks.store import RESULTS

if TYPE_CHECKING:
    from collections.abc import Mapping

README = ROOT / "README.md"
COMPRESSED = ROOT / "benchmarks" / "COMPRESS.md"
SHOWN = (0, 1, 4, 6)  # name, accuracy, part of the bytes, part of them after gzip
PICTURES = ("mnist.png", "confusion.png")


def table(facts: Mapping[str, Any]) -> str:
    """The results in Markdown: one row per model, one pair of columns per mode."""
    heads = "".join(f" {mode}, µs | × LiteRT |" for mode in MODES)
    lines = [f"| model |{heads}", "|---|" + "---:|---:|" * len(MODES)]
    cells = {(each["model"], each["mode"]): each for each in facts["results"]}
    for model in dict.fromkeys(model for model, _ in cells):
        row = [_cell(cells.get((model, mode))) for mode in MODES]
        lines.append(f"| {model} | {' | '.join(row)} |")
    versions = facts["versions"]
    lines.append("")
    lines.append(
        f"Microseconds of the fastest inference (set, invoke, get) on one thread of "
        f"{facts['machine']}; × LiteRT is how many times as long LiteRT "
        f"{versions['ai-edge-litert']} takes for the same file, in turns in one "
        f"process. Measured {facts['date']}."
    )
    return "\n".join(lines)


def _cell(each: Mapping[str, Any] | None) -> str:
    return f"{each['ours_min']:,.1f} | {each['ratio']:.2f}" if each else "– | –"


def compressed(page: str) -> str:
    """Some columns of the table in `benchmarks/COMPRESS.md`."""
    rows = [line.split("|")[1:-1] for line in page.splitlines() if line[:1] == "|"]
    rows[0][SHOWN[2]], rows[0][SHOWN[3]] = " file ", " file after gzip "
    return "\n".join(f"|{'|'.join(row[i] for i in SHOWN)}|" for row in rows)


def with_part(text: str, name: str, part: str) -> str:
    """A page with that between the markers of a name.

    Raises:
        ValueError: the page has no markers.
    """
    start, end = f"<!-- {name} -->", f"<!-- /{name} -->"
    before, found, rest = text.partition(start)
    _, ended, after = rest.partition(end)
    if not found or not ended:
        raise ValueError(f"the page needs the lines {start} and {end}")
    return f"{before}{start}\n{part}\n{end}{after}"


def main() -> None:
    """Rewrite the README, and copy the pictures."""
    if not RESULTS.exists():
        sys.exit(f"There are no results in {RESULTS}: run `make bench` first")
    facts = json.loads(RESULTS.read_text())
    text = with_part(README.read_text(), "results", table(facts))
    text = with_part(text, "compressed", compressed(COMPRESSED.read_text()))
    README.write_text(text)
    for name in PICTURES:
        made = ROOT / "build" / "mnist" / name
        if made.exists():
            shutil.copyfile(made, ROOT / "docs" / "images" / name)


if __name__ == "__main__":
    main()
