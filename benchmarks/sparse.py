"""Measure what zeros save: bytes of files, bytes after gzip, and time.

    python -m benchmarks.sparse          # or: make sparse

MobileNetV1 with the kernels of its 1x1 convolutions pruned by magnitude. All files of a
kind run by turns in one process, one thread; the figure is how many times as fast as
the dense file each is, by the fastest of its runs. Writes `benchmarks/SPARSE.md`.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import keras
import numpy as np
from rich.console import Console

import gossamer
from benchmarks import zoo
from benchmarks.models import ROOT
from benchmarks.timing import machine
from gossamer.sparsity.mask import magnitude_mask
from gossamer.training.state import array_of

if TYPE_CHECKING:
    from collections.abc import Sequence

PAGE = ROOT / "benchmarks" / "SPARSE.md"
PARTS = (0.0, 0.7, 0.8, 0.9)
MODES = ("float32", "int8")
ROUNDS = 30


@dataclass(frozen=True, slots=True)
class Row:
    """One file: its bytes, those after gzip, and seconds of its fastest run."""

    mode: str
    part: float
    sizes: gossamer.FileSizes
    seconds: float


def pruned_files(size: int, mode: str) -> dict[float, bytes]:
    """The network's files by the part of zeros in its 1x1 kernels."""
    model: Any = zoo.build(lambda: zoo.mobilenet_v1(size))
    samples = zoo.samples(model, 4)
    layers: list[Any] = [x for x in model.layers if isinstance(x, keras.layers.Conv2D)]
    kernels = [layer.kernel for layer in layers if layer.kernel_size == (1, 1)]
    whole = [array_of(kernel) for kernel in kernels]
    files: dict[float, bytes] = {}
    for part in PARTS:
        for kernel, weights in zip(kernels, whole, strict=True):
            kernel.assign(weights * magnitude_mask(weights, part))
        given = samples if mode == "int8" else None
        files[part] = gossamer.convert(model, mode, given)
    return files


def fastest(files: dict[float, bytes], rounds: int) -> dict[float, float]:
    """Seconds of the fastest run of each file, all by turns."""
    ready = {part: _loaded(content) for part, content in files.items()}
    best = dict.fromkeys(files, float("inf"))
    for _ in range(rounds):
        for part, interpreter in ready.items():
            start = time.perf_counter()
            interpreter.invoke()
            best[part] = min(best[part], time.perf_counter() - start)
    return best


def _loaded(content: bytes) -> Any:
    made = gossamer.Interpreter(model_content=content, num_threads=1)
    made.allocate_tensors()
    detail = made.get_input_details()[0]
    made.set_tensor(detail["index"], np.full(detail["shape"], 0.5, detail["dtype"]))
    made.invoke()
    return made


def measure(size: int, rounds: int) -> list[Row]:
    """All files of a network for images of `size` pixels."""
    rows: list[Row] = []
    for mode in MODES:
        files = pruned_files(size, mode)
        seconds = fastest(files, rounds)
        rows += [
            Row(mode, part, gossamer.file_sizes(files[part]), seconds[part])
            for part in PARTS
        ]
    return rows


def page(rows: Sequence[Row], size: int) -> str:
    """The results as Markdown."""
    lines = [
        "# What zeros save",
        "",
        f"MobileNetV1 for {size}x{size} images, random weights, the kernels of its 1x1",
        "convolutions pruned by magnitude; one thread; how many times as fast as the",
        "dense file, by the fastest of runs by turns. Written by `make sparse` on",
        f"{machine()}.",
        "",
        "| mode | zeros | file | after gzip | speed |",
        "|---|---|---|---|---|",
    ]
    dense = {row.mode: row.seconds for row in rows if not row.part}
    lines += [
        f"| {row.mode} | {row.part:.0%} | {row.sizes.file / 1e6:.2f} MB | "
        f"{row.sizes.gzip / 1e6:.2f} MB | {dense[row.mode] / row.seconds:.2f}x |"
        for row in rows
    ]
    return "\n".join([*lines, ""])


def main() -> None:
    """Measure, show, and write the page."""
    parser = argparse.ArgumentParser(description="What zeros save.")
    parser.add_argument("--size", type=int, default=224, help="pixels of images")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    chosen = parser.parse_args()
    text = page(measure(chosen.size, chosen.rounds), chosen.size)
    Console().print(text, highlight=False)
    PAGE.write_text(text)


if __name__ == "__main__":
    main()
