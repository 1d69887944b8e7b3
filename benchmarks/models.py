"""The networks of the benchmark as files, in each mode."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import gossamer
from benchmarks import zoo

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "build" / "bench"
MODES = ("float32", "dynamic", "int8")


def convert(model: Any, mode: str) -> bytes:
    """A network in one mode, by our converter."""
    if mode != "int8":
        return gossamer.convert(model, quantize=mode)
    return gossamer.convert(
        model,
        quantize="int8",
        calibration=zoo.samples(model, 16),
        input_type="int8",
        output_type="int8",
    )


def files(
    name: str, modes: Sequence[str] = MODES, folder: Path = FOLDER
) -> Iterator[tuple[str, Path]]:
    """The modes of one network and the file of each, made anew."""
    folder.mkdir(parents=True, exist_ok=True)
    model = zoo.build(zoo.NETWORKS[name])
    for mode in modes:
        path = folder / f"{name}.{mode}.tflite"
        path.write_bytes(convert(model, mode))
        yield mode, path


def file(name: str, mode: str, folder: Path = FOLDER) -> Path:
    """The file of one network in one mode, made if it is not there."""
    path = folder / f"{name}.{mode}.tflite"
    if not path.exists():
        list(files(name, (mode,), folder))
    return path
