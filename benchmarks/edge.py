"""Bytes of libraries for devices: code, constants and memory of each network.

    python -m benchmarks.edge            # or: make edge

Builds each network for each device, runs nothing, and writes `benchmarks/EDGE.md`.
"""

from __future__ import annotations

import tempfile
from typing import TYPE_CHECKING

from rich.console import Console

import gossamer
from benchmarks import zoo
from benchmarks.models import ROOT

if TYPE_CHECKING:
    from collections.abc import Sequence

PAGE = ROOT / "benchmarks" / "EDGE.md"
NETWORKS = (
    ("mnist_mlp", "float32"),
    ("mnist_mlp", "dynamic"),
    ("mnist_mlp", "int8"),
    ("ds_cnn", "int8"),
    ("resnet8", "int8"),
    ("mobilenet_v2", "int8"),
)
DEVICES = (
    "linux-x86_64",
    "linux-aarch64",
    "linux-armv7",
    "linux-riscv64",
    "cortex-m4",
    "cortex-m33",
    "riscv32",
)
SMALL = ("cortex-m4", "cortex-m33", "riscv32")
LARGE = ("mobilenet_v2",)


def content(name: str, mode: str) -> bytes:
    """A network of the zoo, with integers at its ends where it has them inside."""
    model = zoo.build(getattr(zoo, name))
    if mode != "int8":
        return gossamer.convert(model, mode)
    given = zoo.samples(model, 8)
    return gossamer.convert(model, mode, given, input_type="int8", output_type="int8")


def rows_of(name: str, mode: str) -> list[str]:
    """A network's lines of the table."""
    data = content(name, mode)
    lines: list[str] = []
    for device in DEVICES:
        if name in LARGE and device in SMALL:
            continue
        with tempfile.TemporaryDirectory() as folder:
            built = gossamer.build(data, device, folder, name=name)
        sizes = built.code_bytes, built.constant_bytes, built.memory_bytes
        cells = (name, mode, f"{len(data):,}", device, *(f"{x:,}" for x in sizes))
        lines.append(f"| {' | '.join(cells)} |")
    return lines


def page(lines: Sequence[str]) -> str:
    """The table as Markdown."""
    head = (
        "# Bytes on devices",
        "",
        "Made by `make edge`; do not edit. What `gossamer build` makes of networks:",
        "bytes of the `.tflite` file, of machine code, of constants as kernels read",
        "them, and of the memory that a network works in. Nothing else is needed.",
        "",
        "| network | mode | .tflite | device | code | constants | memory |",
        "|---|---|---:|---|---:|---:|---:|",
    )
    return "\n".join((*head, *lines, ""))


def main() -> None:
    """Build, show, and write the page."""
    text = page([line for each in NETWORKS for line in rows_of(*each)])
    Console().print(text, highlight=False)
    PAGE.write_text(text)


if __name__ == "__main__":
    main()
