"""Put the last results into the README: a table between markers, and the pictures.

    python -m benchmarks.readme              # or: make readme

Reads `benchmarks/results/bench.json`; copies `build/mnist/mnist.png`, if `make mnist`
made one, to `docs/images`.
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
START, END = "<!-- results -->", "<!-- /results -->"
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


def with_table(text: str, facts: Mapping[str, Any]) -> str:
    """The README with the table between its markers.

    Raises:
        ValueError: the README has no markers.
    """
    before, start, rest = text.partition(START)
    _, end, after = rest.partition(END)
    if not start or not end:
        raise ValueError(f"README.md needs the lines {START} and {END}")
    return f"{before}{START}\n{table(facts)}\n{END}{after}"


def main() -> None:
    """Rewrite the README, and copy the pictures."""
    if not RESULTS.exists():
        sys.exit(f"There are no results in {RESULTS}: run `make bench` first")
    facts = json.loads(RESULTS.read_text())
    README.write_text(with_table(README.read_text(), facts))
    for name in PICTURES:
        made = ROOT / "build" / "mnist" / name
        if made.exists():
            shutil.copyfile(made, ROOT / "docs" / "images" / name)


if __name__ == "__main__":
    main()
