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
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gossamer.cli import output
from gossamer.cli.arrays import read_arrays
from gossamer.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Generator



class Quantize(Enum):
    """How to shrink a model."""

    DYNAMIC = "dynamic"
    FLOAT16 = "float16"
    INT8 = "int8"


class Lstm(Enum):
    """What an LSTM becomes."""

    FUSED = "fused"
    WHILE = "while"


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
    """
    from gossamer.api import convert as to_bytes  # noqa: PLC0415  loaded when used
    from gossamer.passes.base import Log  # noqa: PLC0415

    path = to or model.with_suffix(".tflite")
    _require_folder(path)
    _check_int8(quantize, calibration, (input_type, output_type))
    data = None if calibration is None else _calibration(calibration)
    log, start = Log(), time.perf_counter()
    with _working(f"converting {model}"):
        content = to_bytes(
            _with_keras(model),
            quantize.value if quantize else None,
            data,
            input_type=input_type.value,
            output_type=output_type.value,
            lstm=lstm.value,
            log=log,
        )
    write_whole(path, content)
    if explain:
        from gossamer.cli.explain import show_log  # noqa: PLC0415

        show_log(log)
    seconds = time.perf_counter() - start
    output.show(
        f"{output.escape(str(path))}: {output.size(len(content))}, "
        f"{len(content) / model.stat().st_size:.0%} of {output.escape(model.name)}, "
        f"in {seconds:.1f} s"
    )


def _with_keras(model: Path) -> str:
    """The path of a model, once Keras has a backend that is installed."""
    if "KERAS_BACKEND" not in os.environ and find_spec("tensorflow") is None:
        installed = (name for name in ("jax", "torch") if find_spec(name))
        os.environ["KERAS_BACKEND"] = next(installed, "numpy")
    return str(model)


def _require_folder(path: Path) -> None:
    """Say before the work that its result cannot be written."""
    if not path.parent.is_dir():
        raise InputError(
            f"there is no folder '{path.parent}' for --output {path}. Make it first"
        )


def _check_int8(
    quantize: Quantize | None, calibration: Path | None, ends: tuple[EndType, EndType]
) -> None:
    """Options that only make sense together."""
    if quantize is Quantize.INT8:
        if calibration is None:
            raise InputError(
                "--quantize int8 needs --calibration X.npy with 100 to 500 typical "
                "inputs. Without such data use --quantize dynamic"
            )
        return
    if calibration is not None:
        raise InputError("--calibration is for --quantize int8 only. Leave one out")
    if ends != (EndType.FLOAT32, EndType.FLOAT32):
        raise InputError(
            "--input-type and --output-type other than float32 are for --quantize "
            "int8 only. Add it, or leave them out"
        )


def _calibration(path: Path) -> Any:
    """An array for the one input, or arrays by input name."""
    arrays = read_arrays(path)
    return arrays[""] if list(arrays) == [""] else arrays


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
def _working(what: str) -> Generator[None]:
    """A sign of life in a terminal while something works."""
    if not sys.stderr.isatty():
        yield
        return
    with output.errors().status(f"{what} ..."):
        yield
