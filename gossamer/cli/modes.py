"""The options by which commands take the modes of layers, and what these become."""

from __future__ import annotations

import contextlib
import json
import tomllib
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gossamer.errors import InputError, NoCalibrationError
from gossamer.quantization.rules import MODES, Rule, Rules

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence


class EndType(Enum):
    """The element type of inputs or outputs."""

    FLOAT32 = "float32"
    INT8 = "int8"
    UINT8 = "uint8"
    INT16 = "int16"


class Sparse(Enum):
    """What is done with weights that are mostly zeros."""

    AUTO = "auto"
    ALWAYS = "always"
    NEVER = "never"


MODES_HELP = (
    "dynamic: int8 weights, 4x smaller. dynamic_int4, weight_int4, weight_int4:32: "
    "4 bits, by channels or blocks. weight_int8. float16: 2x smaller. int8, int16x8: "
    "all in integers; these need --calibration."
)
RulesOption = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        help="A .toml or .json file with rules (pattern, mode) over the names of "
        "layers, and a default mode.",
    ),
]
LeaveOption = Annotated[
    list[str] | None,
    typer.Option(
        metavar="PATTERN",
        help="Leave layers in float32 that have this regular expression in their name; "
        "several times.",
    ),
]
StrictOption = Annotated[
    bool,
    typer.Option("--strict", help="Refuse operators that would stay in float."),
]
SparseOption = Annotated[
    Sparse,
    typer.Option(
        help="Weights that are mostly zeros without these: where LiteRT runs it "
        "(auto), also where only its reference kernels do (always), or never."
    ),
]
InputTypeOption = Annotated[
    EndType, typer.Option(help="Type of the inputs, for int8 or int16x8.")
]
OutputTypeOption = Annotated[
    EndType, typer.Option(help="Type of the outputs, for int8 or int16x8.")
]


def rules_of(
    mode: str | None, path: Path | None, leave: Sequence[str] | None, option: str
) -> Rules:
    """The rules that options ask for.

    Args:
        mode: a mode for all layers.
        path: a file of rules.
        leave: patterns of layers for float32.
        option: by which the mode is given, for messages.

    Raises:
        BadParameter: the mode is not known.
        InputError: a mode and a file are given, or the file holds no rules.
        QuantizationError: a rule in it is not known.
    """
    if mode is not None and path is not None:
        raise InputError(f"{option} and --rules both choose modes. Leave one out")
    if mode is not None and mode.partition(":")[0] not in MODES:
        raise typer.BadParameter(f"{mode!r} is not one of {', '.join(MODES)}.")
    made = Rules.of(mode if path is None else _read(path))
    left = tuple(Rule(pattern, "float32") for pattern in leave or ())
    return Rules((*left, *made.rules), made.default)


def _read(path: Path) -> Any:
    """What a file of rules says."""
    try:
        text = path.read_text("utf-8")
        found: Any = tomllib.loads(text) if path.suffix == ".toml" else json.loads(text)
    except FileNotFoundError:
        raise InputError(f"Could not open '{path}': there is no such file") from None
    except (tomllib.TOMLDecodeError, json.JSONDecodeError, UnicodeError) as error:
        raise InputError(f"'{path}' is no file of rules: {error}") from error
    if not isinstance(found, (dict, list)):
        raise InputError(f"'{path}' is no file of rules: it holds {found!r}")
    return found  # pyright: ignore[reportUnknownVariableType]


@contextlib.contextmanager
def asking_for_calibration(rules: Rules, option: str) -> Generator[None]:
    """Say which option is missing where a model does not know its ranges itself."""
    try:
        yield
    except NoCalibrationError:
        asked = next(str(rule) for rule in rules.all if rule.is_integer)
        raise InputError(
            f"{option} {asked} needs --calibration X.npy with 100 to 500 typical "
            f"inputs. Without such data use {option} dynamic"
        ) from None


def check_integer(
    rules: Rules,
    calibration: Path | None,
    ends: tuple[EndType, EndType],
    option: str,
) -> None:
    """Options that only make sense together."""
    if rules.is_integer:
        return
    if calibration is not None:
        raise InputError(
            f"--calibration is for {option} int8 only (and int16x8). Leave one out"
        )
    if ends != (EndType.FLOAT32, EndType.FLOAT32):
        raise InputError(
            f"--input-type and --output-type other than float32 are for {option} "
            "int8 only (and int16x8). Add it, or leave them out"
        )
