"""Measure what int8 costs in accuracy, by each method, beside TensorFlow's converter.

    python -m benchmarks.quality                        # or: make quality
    python -m benchmarks.quality --only ds_cnn resnet8  # some networks; others stay

Writes `benchmarks/QUALITY.md` and `benchmarks/results/quality.json`. Where TensorFlow
is installed, its converter quantizes the same network by the same samples; its files
are kept in `build/quality`, since they take it minutes.

Each figure is the signal-to-noise ratio of all outputs against the float model, in dB,
on inputs that calibration did not see:

    10 log10(sum(float**2) / sum((int8 - float)**2))
"""

from __future__ import annotations

import argparse
import json
from importlib import import_module, util
from typing import TYPE_CHECKING, Any

import numpy as np
from rich.console import Console
from rich.progress import Progress

import gossamer
from benchmarks import zoo
from benchmarks.models import ROOT
from benchmarks.quality_page import page

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gossamer.ir.types import Array

RESULTS = ROOT / "benchmarks" / "results" / "quality.json"
PAGE = ROOT / "benchmarks" / "QUALITY.md"
FOLDER = ROOT / "build" / "quality"

CALIBRATION, SMALL_TEST, LARGE_TEST = 20, 200, 24
"""Samples; a large network is one with more than `_LARGE` weights."""
_LARGE = 1_000_000

VARIANTS: dict[str, dict[str, Any]] = {
    "minmax": {},
    "percentile": {"method": "percentile"},
    "mse": {"method": "mse"},
    "entropy": {"method": "entropy"},
    "equalize": {"improve": ["equalize"]},
    "weights": {"improve": ["weights"]},
    "adaround": {"improve": ["adaround"]},
    "bias": {"improve": ["bias"]},
    "mse, bias": {"method": "mse", "improve": ["bias"]},
    "mse, equalize, bias": {"method": "mse", "improve": ["equalize", "bias"]},
}
"""What is measured, as arguments of `gossamer.convert`."""


def measure(name: str) -> dict[str, Any]:
    """The row of one network: dB by variant, and the files' sizes in bytes."""
    model = zoo.build(zoo.NETWORKS[name])
    calibration = zoo.samples(model, CALIBRATION)
    count = LARGE_TEST if model.count_params() > _LARGE else SMALL_TEST
    inputs = zoo.samples(model, count, seed=7)
    wanted = outputs(gossamer.convert(model), inputs)
    row: dict[str, Any] = {"model": name, "samples": count, "decibels": {}}
    for variant, options in VARIANTS.items():
        file = gossamer.convert(model, "int8", calibration, **options)
        row["decibels"][variant] = decibels(wanted, outputs(file, inputs))
        row.setdefault("bytes", len(file))
    theirs = tensorflow_file(name, model, calibration)
    if theirs is not None:
        row["tensorflow"] = decibels(wanted, outputs(theirs, inputs))
        row["tensorflow_bytes"] = len(theirs)
    return row


def outputs(file: bytes, inputs: Array) -> Array:
    """All outputs, sample by sample: float32 (samples, values)."""
    interpreter = gossamer.Interpreter(model_content=file)
    interpreter.allocate_tensors()
    index: int = interpreter.get_input_details()[0]["index"]
    ends = [each["index"] for each in interpreter.get_output_details()]
    rows: list[Any] = []
    for sample in inputs:
        interpreter.set_tensor(index, sample[np.newaxis])
        interpreter.invoke()
        rows.append(np.concatenate([interpreter.get_tensor(i).ravel() for i in ends]))
    return np.array(rows)


def decibels(wanted: Array, found: Array) -> float:
    """The signal-to-noise ratio of `found`."""
    noise = np.square(wanted.astype(np.float64) - found).sum()
    return float(10 * np.log10(np.square(wanted.astype(np.float64)).sum() / noise))


def tensorflow_file(name: str, model: Any, calibration: Array) -> bytes | None:
    """What TensorFlow's converter makes of a network; None without TensorFlow."""
    path = FOLDER / f"{name}.tensorflow.tflite"
    if path.exists():
        return path.read_bytes()
    if util.find_spec("tensorflow") is None:
        return None
    tf: Any = import_module("tensorflow")

    def samples() -> Iterator[list[Array]]:
        for sample in calibration:
            yield [sample[np.newaxis]]

    converter: Any = tf.lite.TFLiteConverter.from_keras_model(model)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = samples
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(converter.convert())
    return path.read_bytes()


def main() -> None:
    """Measure, store and show."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.quality", description="What int8 costs in accuracy."
    )
    names = [name for name in zoo.NETWORKS if name != "lstm"]
    parser.add_argument("--only", nargs="+", choices=names, metavar="MODEL")
    chosen = parser.parse_args().only or names
    rows: dict[str, Any] = {}
    if RESULTS.exists():
        rows = json.loads(RESULTS.read_text())
    with Progress(console=Console(stderr=True), transient=True) as bars:
        for name in bars.track(chosen, description="quantizing"):
            rows[name] = measure(name)
            RESULTS.write_text(json.dumps(rows, indent=1, sort_keys=True) + "\n")
    ordered = [rows[name] for name in names if name in rows]
    PAGE.write_text(page(ordered))
    print(page(ordered))


if __name__ == "__main__":
    main()
