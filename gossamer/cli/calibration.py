"""The options by which commands take calibration data, and what these become."""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gossamer.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence


class Method(Enum):
    """How the range of an activation is chosen."""

    MINMAX = "minmax"
    PERCENTILE = "percentile"
    MSE = "mse"
    ENTROPY = "entropy"


class Improve(Enum):
    """What is changed in the float model before it is quantized."""

    EQUALIZE = "equalize"
    WEIGHTS = "weights"
    ADAROUND = "adaround"
    BIAS = "bias"


CalibrationOption = Annotated[
    Path | None,
    typer.Option(
        "--calibration",
        metavar="PATH",
        help="Typical inputs for int8: 100 to 500 along the first axis (.npy), one "
        "such array for each input name (.npz; name them signature/input where there "
        "are several signatures), or a folder of images.",
    ),
]
MethodOption = Annotated[
    Method, typer.Option(help="How int8 chooses the range of an activation.")
]
ImproveOption = Annotated[
    list[Improve] | None,
    typer.Option(
        help="For int8, and several times: balance channels across layers (equalize), "
        "clip weights to their best range (weights), round them for their layer's "
        "output (adaround), take back what rounding shifts (bias)."
    ),
]
PixelsOption = Annotated[
    str | None,
    typer.Option(
        metavar="LOW..HIGH",
        help="What black and white of calibration images become, such as 0..255, "
        "0..1 or -1..1 (as --pixels=-1..1).",
    ),
]
MeanOption = Annotated[
    str | None,
    typer.Option(metavar="M[,M,M]", help="Taken off pixels after that, per channel."),
]
StdOption = Annotated[
    str | None,
    typer.Option(metavar="S[,S,S]", help="Pixels are divided by it after that."),
]


def calibration_of(
    path: Path | None, pixels: str | None, mean: str | None, std: str | None
) -> Any:
    """What `gossamer.convert` takes as calibration.

    Raises:
        InputError: there is nothing at the path, or options do not fit it.
    """
    scaling = {"--pixels": pixels, "--mean": mean, "--std": std}
    given = [name for name, value in scaling.items() if value is not None]
    if path is not None and not path.exists():
        raise InputError(
            f"Could not open '{path}': there is no such file or folder. Give a .npy or "
            ".npz file of typical inputs, or a folder of images"
        )
    if path is None or not path.is_dir():
        if given:
            raise InputError(
                f"{given[0]} is for a folder of images as --calibration. Leave it out"
            )
        return path
    from gossamer.calibration import ImageFolder  # noqa: PLC0415  loaded when used

    return ImageFolder(
        path,
        None if pixels is None else _ends(pixels),
        0.0 if mean is None else _numbers("--mean", mean, ","),
        1.0 if std is None else _numbers("--std", std, ","),
    )


def _ends(pixels: str) -> tuple[float, float]:
    found = _numbers("--pixels", pixels, "..")
    if len(found) != 2:
        raise InputError(f"--pixels {pixels} is not two numbers such as 0..1 or -1..1")
    return found[0], found[1]


def _numbers(option: str, text: str, separator: str) -> Sequence[float]:
    try:
        return [float(each) for each in text.split(separator)]
    except ValueError:
        raise InputError(
            f"{option} {text} is not numbers with '{separator}' between them"
        ) from None
