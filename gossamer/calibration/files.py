"""Calibration arrays from `.npy` and `.npz` files."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from gossamer.errors import QuantizationError

if TYPE_CHECKING:
    import os

    from gossamer.ir.types import Array


def is_folder(path: str | os.PathLike[str]) -> bool:
    """Whether there is a folder at a path, and not a file.

    Raises:
        QuantizationError: there is neither.
    """
    if not Path(path).exists():
        raise QuantizationError(
            f"Could not open '{path}': there is no such file or folder. Expected a "
            ".npy or .npz file of typical inputs, or a folder of images"
        )
    return Path(path).is_dir()


def read_arrays(path: str | os.PathLike[str]) -> dict[str, Array]:
    """The arrays of a `.npy` file (with the name "") or a `.npz` file.

    A `.npy` file is mapped, so that it may be larger than the memory.

    Raises:
        QuantizationError: the file cannot be read, or holds no arrays of numbers.
    """
    try:
        if not zipfile.is_zipfile(path):
            return {"": np.lib.format.open_memmap(path, mode="r")}
        with np.load(path, allow_pickle=False) as content:
            return {name: content[name] for name in content.files}
    except (OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
        raise QuantizationError(
            f"'{path}' is not a .npy or .npz file with arrays of numbers: {error}. "
            "Write one with numpy.save or numpy.savez"
        ) from error
