"""Libraries for devices: bytes, memory and instructions of each network.

    python -m benchmarks.edge            # or: make edge
    python -m benchmarks.edge --page     # only write the pages of what was measured

Builds each network for each device and counts its instructions under QEMU; times what
this computer runs itself. Writes `benchmarks/results/edge.json`, `benchmarks/EDGE.md`,
the tables in `docs/deploy.md` and `docs/images/edge.png`. Takes about five minutes.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import Progress

import gossamer
from benchmarks import edge_desk, zoo
from benchmarks.edge_chart import draw
from benchmarks.edge_counts import instructions, stack_bytes
from benchmarks.edge_page import CHART, GUIDE, PAGE, SHOWN, page, with_tables
from benchmarks.edge_programs import NAME, MissingToolError
from benchmarks.edge_roads import roads
from benchmarks.edge_rows import DeviceRow, Facts
from benchmarks.models import convert
from benchmarks.store import header
from gossamer.deploy.micro import BOARDS
from gossamer.ir.work import multiplications
from gossamer.runtime.source import Source

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.edge_rows import DeskRow

NETWORKS = (
    ("mnist_mlp", "float32"),
    ("mnist_mlp", "dynamic"),
    ("mnist_mlp", "int8"),
    ("ds_cnn", "int8"),
    ("resnet8", "int8"),
    ("mobilenet_v2", "int8"),
)
DEVICES = (
    ("linux-x86_64", None),
    ("linux-x86_64", "x86-64-v3"),
    ("linux-aarch64", None),
    ("linux-aarch64", "cortex-a76"),
    ("linux-armv7", None),
    ("linux-riscv64", None),
    ("cortex-m4", None),
    ("cortex-m33", None),
    ("riscv32", None),
)
SECONDS = 0.5
"""How long a road of the desk is tried at a time."""


def device_rows(network: str, mode: str, content: bytes) -> Iterator[DeviceRow]:
    """A network on each device."""
    main = Source(None, content).model.main
    work = sum(multiplications(node) for node in main.nodes)
    for device, cpu in DEVICES:
        is_board = device in BOARDS
        with tempfile.TemporaryDirectory() as folder:
            built = gossamer.build(content, device, folder, name=NAME, cpu=cpu)
            yield DeviceRow(
                network,
                mode,
                len(content),
                work,
                device,
                cpu,
                built.code_bytes,
                built.constant_bytes,
                built.memory_bytes,
                stack_bytes(built) if is_board else None,
                instructions(built),
            )


def measure() -> Facts:
    """Everything; a bar on the terminal says how far it is."""
    devices: list[DeviceRow] = []
    desk: list[DeskRow] = []
    shown = b""
    with Progress(console=Console(stderr=True), transient=True) as bars:
        for network, mode in bars.track(NETWORKS, description="building"):
            content = convert(zoo.build(getattr(zoo, network)), mode)
            devices += device_rows(network, mode, content)
            desk.append(edge_desk.measure(network, mode, content, SECONDS))
            shown = content if (network, mode) == SHOWN else shown
    rows = [row for row in devices if (row.network, row.mode) == SHOWN]
    one = next(row for row in desk if (row.network, row.mode) == SHOWN)
    compared = roads(shown, one, rows, SECONDS)
    facts = header()
    return Facts(
        facts["machine"],
        facts["date"],
        facts["versions"],
        tuple(devices),
        tuple(desk),
        tuple(compared),
    )


def main() -> None:
    """Measure, keep, and write the pages."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.edge", description="Libraries for devices."
    )
    parser.add_argument("--page", action="store_true", help="measure nothing")
    if not parser.parse_args().page:
        try:
            measure().write()
        except MissingToolError as error:
            sys.exit(str(error))
    facts = Facts.read()
    PAGE.write_text(page(facts))
    GUIDE.write_text(with_tables(GUIDE.read_text(), facts))
    draw(facts, CHART)
    print(page(facts))


if __name__ == "__main__":
    main()
