"""A model for the interpreter, from a file or from memory."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from gossamer.errors import FormatError, InputError
from gossamer.flatbuffer.read import read

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gossamer.ir.graph import Model
    from gossamer.ir.op import Declared

INVALID = "The model is not a valid Flatbuffer buffer"


def load(
    path: str | os.PathLike[str] | None,
    content: bytes | bytearray | memoryview | None,
    custom_operators: Mapping[str, Declared] | None = None,
) -> tuple[Model, str]:
    """Read a model from a path or from bytes, whichever is given.

    `custom_operators` come before those that are declared for everyone.

    Returns:
        The model, and words for where it came from.

    Raises:
        InputError: neither or both are given, or the file cannot be read.
        FormatError: the bytes are not a valid model.
    """
    if path and content:
        raise InputError(
            "Can't both provide `model_path` and `model_content`. Leave one out"
        )
    if path:
        where = f"'{os.fspath(path)}'"
        return _parse(_read_file(path), where, custom_operators), where
    if not content:
        raise InputError(
            "`model_path` or `model_content` must be specified. Pass the path of a "
            ".tflite file, or its bytes (which may not be empty)"
        )
    model = _parse(bytes(content), "`model_content`", custom_operators)
    return model, "a model in memory"


def _read_file(path: str | os.PathLike[str]) -> bytes:
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise InputError(
            f"Could not open '{os.fspath(path)}'. The model allocation is null/empty: "
            f"{error.strerror}"
        ) from error


def _parse(
    data: bytes, where: str, custom_operators: Mapping[str, Declared] | None
) -> Model:
    try:
        return read(data, custom_operators)
    except FormatError as error:
        reason = str(error).removeprefix(f"{INVALID}: ")
        raise FormatError(f"{INVALID}: {where}: {reason}") from error
