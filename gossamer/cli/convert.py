"""`gossamer convert`: a Keras file to a `.tflite` file."""

from __future__ import annotations

import os
import sys
import tempfile
import time
from contextlib import contextmanager
from enum import Enum
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gossamer.cli import output
from gossamer.cli.calibration import (
    CalibrationOption,
    ImproveOption,
    MeanOption,
    Method,
    MethodOption,
    PixelsOption,
    StdOption,
    calibration_of,
)
from gossamer.cli.modes import (
    MODES_HELP,
    EndType,
    InputTypeOption,
    LeaveOption,
    OutputTypeOption,
    RulesOption,
    Sparse,
    SparseOption,
    StrictOption,
    asking_for_calibration,
    check_integer,
    rules_of,
)
from gossamer.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Generator


class Lstm(Enum):
    """What an LSTM becomes."""

    FUSED = "fused"
    WHILE = "while"


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
        str | None, typer.Option("--quantize", "-q", metavar="MODE", help=MODES_HELP)
    ] = None,
    rules: RulesOption = None,
    leave: LeaveOption = None,
    calibration: CalibrationOption = None,
    method: MethodOption = Method.MINMAX,
    improve: ImproveOption = None,
    pixels: PixelsOption = None,
    mean: MeanOption = None,
    std: StdOption = None,
    input_type: InputTypeOption = EndType.FLOAT32,
    output_type: OutputTypeOption = EndType.FLOAT32,
    strict: StrictOption = False,
    sparse: SparseOption = Sparse.AUTO,
    lstm: Annotated[
        Lstm,
        typer.Option(
            help="An LSTM as one operator, or as a loop that LiteRT too runs on any "
            "batch without resets.",
        ),
    ] = Lstm.FUSED,
    explain: Annotated[
        bool,
        typer.Option(
            "--explain", help="Tell each rewrite, and each that was declined and why."
        ),
    ] = False,
) -> None:
    """Turn a Keras model into a .tflite file, and shrink it.

    [bold]Examples[/bold]

    [cyan]gossamer convert digits.keras -o digits.tflite[/cyan]

    [cyan]gossamer convert digits.keras -o small.tflite --quantize dynamic[/cyan]

    [cyan]gossamer convert digits.keras -o int8.tflite --quantize int8
    --calibration images.npy --input-type int8 --output-type int8[/cyan]

    [cyan]gossamer convert photos.keras --quantize int8 --calibration photos/
    --pixels=-1..1 --method mse --improve bias[/cyan]
    """
    from gossamer.api import convert as to_bytes  # noqa: PLC0415  loaded when used
    from gossamer.passes.base import Log  # noqa: PLC0415

    path = to or model.with_suffix(".tflite")
    require_folder(path)
    chosen = rules_of(quantize, rules, leave, "--quantize")
    check_integer(chosen, calibration, (input_type, output_type), "--quantize")
    data = calibration_of(calibration, pixels, mean, std)
    log, start = Log(), time.perf_counter()
    asks = asking_for_calibration(chosen, "--quantize")
    with working(f"converting {model}"), asks:
        content = to_bytes(
            _with_keras(model),
            chosen,
            data,
            method=method.value,
            improve=[each.value for each in improve or ()],
            input_type=input_type.value,
            output_type=output_type.value,
            strict=strict,
            sparse=sparse.value,
            lstm=lstm.value,
            log=log,
        )
    write_whole(path, content)
    if explain:
        from gossamer.cli.explain import show_log  # noqa: PLC0415

        show_log(log)
    seconds = time.perf_counter() - start
    output.show(
        f"{output.escape(str(path))}: {output.file_size(content)}, "
        f"{len(content) / model.stat().st_size:.0%} of {output.escape(model.name)}, "
        f"in {seconds:.1f} s"
    )


def _with_keras(model: Path) -> str:
    """The path of a model, once Keras has a backend that is installed."""
    if "KERAS_BACKEND" not in os.environ and find_spec("tensorflow") is None:
        installed = (name for name in ("jax", "torch") if find_spec(name))
        os.environ["KERAS_BACKEND"] = next(installed, "numpy")
    return str(model)


def require_folder(path: Path) -> None:
    """Say before the work that its result cannot be written."""
    if not path.parent.is_dir():
        raise InputError(
            f"there is no folder '{path.parent}' for --output {path}. Make it first"
        )


def write_whole(path: Path, content: bytes) -> None:
    """Write a file so that it is never there in part."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        Path(name).chmod(0o666 & ~_umask())
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


@contextmanager
def working(what: str) -> Generator[None]:
    """A sign of life in a terminal while something works."""
    if not sys.stderr.isatty():
        yield
        return
    with output.errors().status(f"{what} ..."):
        yield
