"""`gossamer convert`: a Keras file to a `.tflite` file."""

from __future__ import annotations

import os
import tempfile
import time
from contextlib import contextmanager
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gossamer.cli import output
from gossamer.cli.arrays import read_arrays
from gossamer.errors import ConversionError, GossamerError, InputError
from gossamer.settings import settings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import Console

    from gossamer.passes.base import Log


class Quantize(Enum):
    """How to shrink a model."""

    DYNAMIC = "dynamic"
    FLOAT16 = "float16"
    INT8 = "int8"


class EndType(Enum):
    """The element type of inputs or outputs."""

    FLOAT32 = "float32"
    INT8 = "int8"
    UINT8 = "uint8"


def convert(
    model: Annotated[
        Path, typer.Argument(help="A .keras or .h5 file.", metavar="MODEL")
    ],
    *,
    to: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            help="Where to write; MODEL with .tflite if not given.",
        ),
    ] = None,
    quantize: Annotated[
        Quantize | None,
        typer.Option(
            "--quantize",
            "-q",
            help="dynamic: int8 weights, 4x smaller. float16: 2x smaller. "
            "int8: all in integers; needs --calibration.",
        ),
    ] = None,
    calibration: Annotated[
        Path | None,
        typer.Option(
            metavar="X.npz",
            help="Typical inputs for int8: 100 to 500 along the first axis (.npy), "
            "or one such array for each input name (.npz).",
        ),
    ] = None,
    input_type: Annotated[
        EndType, typer.Option(help="Type of the inputs, for int8.")
    ] = EndType.FLOAT32,
    output_type: Annotated[
        EndType, typer.Option(help="Type of the outputs, for int8.")
    ] = EndType.FLOAT32,
    explain: Annotated[
        bool,
        typer.Option(
            "--explain", help="Tell what each pass did, and what it declined and why."
        ),
    ] = False,
) -> None:
    """Turn a Keras model into a .tflite file, and shrink it.

    [bold]Examples[/bold]

    [cyan]gossamer convert digits.keras -o digits.tflite[/cyan]

    [cyan]gossamer convert digits.keras -o small.tflite --quantize dynamic[/cyan]

    [cyan]gossamer convert digits.keras -o int8.tflite --quantize int8
    --calibration images.npy --input-type int8 --output-type int8[/cyan]
    """
    from gossamer.api import convert as to_bytes  # noqa: PLC0415  loaded when used
    from gossamer.api import import_model  # noqa: PLC0415
    from gossamer.passes.base import Log  # noqa: PLC0415

    path = to or model.with_suffix(".tflite")
    _check_paths(model, path)
    log, start = Log(), time.perf_counter()
    data = None if calibration is None else _calibration(calibration)
    with _working(f"Converting {model}"):
        content = to_bytes(
            _opened(model),
            quantize.value if quantize else None,
            data,
            input_type=input_type.value,
            output_type=output_type.value,
            log=log,
        )
        del import_model
    write_whole(path, content)
    console = output.console()
    if explain:
        _show_log(console, log)
    elapsed = time.perf_counter() - start
    before = model.stat().st_size
    console.print(
        f"{output.escape(str(path))}: {output.size(len(content))} "
        f"({len(content) / before:.0%} of {output.escape(model.name)}) "
        f"in {elapsed:.1f} s"
    )
