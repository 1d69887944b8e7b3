"""`benchmarks/EDGE.md` and the tables of `docs/deploy.md`, of what was measured."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchmarks.edge_desk import CPUS, SHIPPED
from benchmarks.models import ROOT
from benchmarks.readme import with_part

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from benchmarks.edge_rows import DeskRow, DeviceRow, Facts, Road

PAGE = ROOT / "benchmarks" / "EDGE.md"
GUIDE = ROOT / "docs" / "deploy.md"
CHART = ROOT / "docs" / "images" / "edge.png"
SHOWN = ("ds_cnn", "int8")
"""The network that the guide speaks of."""
NONE = "–"


@dataclass(frozen=True, slots=True)
class Part:
    """A board that one can buy: bytes of its flash and of its RAM."""

    name: str
    flash: int
    ram: int


_KB, _MB = 1 << 10, 1 << 20
PARTS: Mapping[str, Part] = {
    "cortex-m4": Part("nRF52840 DK", _MB, 256 * _KB),
    "cortex-m33": Part("Raspberry Pi Pico 2", 4 * _MB, 520 * _KB),
    "riscv32": Part("ESP32-C6-DevKitC", 8 * _MB, 512 * _KB),
}
"""By the devices' names."""


def page(facts: Facts) -> str:
    """The whole page, in Markdown."""
    networks = dict.fromkeys((row.network, row.mode) for row in facts.devices)
    parts = [_head(facts)]
    for network, mode in networks:
        rows = [r for r in facts.devices if (r.network, r.mode) == (network, mode)]
        parts.append(_network(rows))
    parts += [_boards(facts.devices), _desk(facts.desk, facts.machine)]
    return "\n\n".join(parts) + "\n"


def _head(facts: Facts) -> str:
    return (
        "# Libraries on devices\n\n"
        "Made by `make edge`; do not edit. "
        f"Gossamer {facts.versions['gossamer']}, {facts.date}.\n\n"
        "What `gossamer build` makes of networks: bytes of machine code, of constants "
        "as kernels read them, and of the memory that a network works in. Nothing "
        "else is needed. Instructions are those of one inference, counted by QEMU: "
        "they are the same on every run, and no time, since processors take several "
        "at once or wait for memory. A multiplication is one with a weight (MAC). "
        "`python -m benchmarks.edge_counts FILE --target DEVICE` has them by kernel."
    )


def _network(rows: Sequence[DeviceRow]) -> str:
    """A network's bytes and instructions on each device."""
    first = rows[0]
    return (
        f"## {first.network}, {first.mode}\n\n"
        f"{first.file_bytes:,} bytes of `.tflite`, "
        f"{first.multiplications / 1e6:,.2f} million multiplications.\n\n"
        f"{sizes(rows)}"
    )


def sizes(rows: Iterable[DeviceRow]) -> str:
    """The table of one network: a line for each device."""
    heads = ("code", "constants", "memory", "million instructions", "per MAC")
    lines = [_line(("device", *heads)), "|---" + "|---:" * len(heads) + "|"]
    for row in rows:
        counted = NONE if row.instructions is None else f"{row.instructions / 1e6:,.2f}"
        each = NONE if row.each is None else f"{row.each:,.2f}"
        numbers = (f"{x:,}" for x in (row.code, row.constants, row.memory))
        lines.append(_line((row.machine, *numbers, counted, each)))
    return "\n".join(lines)


def _boards(rows: Sequence[DeviceRow]) -> str:
    """Whether each network fits a board, and how much of it it takes."""
    lines = [
        "| network | mode | device | board | flash | of it | RAM | of it | fits |",
        "|---|---|---|---|---:|---:|---:|---:|---|",
    ]
    lines += [_fit(row, PARTS[row.device]) for row in rows if row.device in PARTS]
    stacks = [row.stack for row in rows if row.stack is not None]
    text = (
        "Flash holds code and constants; RAM the network's memory and its stack, which "
        f"was {min(stacks):,} to {max(stacks):,} bytes where it was run. The rest of a "
        "board is the program's."
    )
    return "\n".join(("## Boards", "", text, "", *lines))


def _fit(row: DeviceRow, part: Part) -> str:
    ram = row.memory + (row.stack or 0)
    fits = row.flash <= part.flash and ram <= part.ram
    cells = (
        row.network,
        row.mode,
        row.device,
        part.name,
        f"{row.flash:,}",
        f"{row.flash / part.flash:.0%}",
        f"{ram:,}",
        f"{ram / part.ram:.0%}",
        "yes" if fits else "no",
    )
    return _line(cells)


def _desk(rows: Sequence[DeskRow], machine: str) -> str:
    """Times of what the measuring computer runs itself."""
    heads = [f"C, {cpu}" for cpu in CPUS]
    heads = [*heads, "Python, library", "Python, Gossamer", "Python, LiteRT"]
    lines = [
        _line(("network", "mode", *heads)),
        "|---|---" + "|---:" * len(heads) + "|",
    ]
    for row in rows:
        times = [row.libraries[cpu] for cpu in CPUS]
        times += [row.python_library, row.gossamer, row.litert]
        lines.append(_line((row.network, row.mode, *(f"{t:,.1f}" for t in times))))
    text = (
        "Microseconds of the fastest inference on one thread: inputs set, run, outputs "
        f"got. {machine}. In C, a library for each processor; the library in Python is "
        f"for {SHIPPED}; Gossamer and LiteRT run the `.tflite` file, and use all that "
        "this processor has."
    )
    return "\n".join(("## This desk", "", text, "", *lines))


def roads(rows: Sequence[Road]) -> str:
    """The table of the ways to run a network."""
    lines = [
        "| road | needs | installed | network | one inference |",
        "|---|---|---:|---:|---:|",
    ]
    for row in rows:
        installed = NONE if row.installed is None else _megabytes(row.installed)
        cells = (row.name, row.needs, installed, f"{row.network:,}", _effort(row))
        lines.append(_line(cells))
    return "\n".join(lines)


def _megabytes(count: int) -> str:
    return f"{count / 1e6:,.0f} MB" if count else "0"


def _effort(row: Road) -> str:
    if row.microseconds is not None:
        return f"{row.microseconds:,.0f} µs"
    assert row.instructions is not None
    return f"{row.instructions / 1e6:,.1f} M instructions"


def with_tables(text: str, facts: Facts) -> str:
    """The guide with the tables of what was measured between its markers."""
    rows = [row for row in facts.devices if (row.network, row.mode) == SHOWN]
    text = with_part(text, "roads", roads(facts.roads))
    return with_part(text, "sizes", sizes(rows))


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"
