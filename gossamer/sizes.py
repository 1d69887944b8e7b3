"""How large a model is, on disk and on its way."""

from __future__ import annotations

import gzip
import os
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class FileSizes:
    """Bytes of a model.

    Attributes:
        file: on disk, and about what it takes in memory.
        gzip: compressed with gzip, which is what stores and packages ship.
    """

    file: int
    gzip: int


def file_sizes(model: bytes | str | os.PathLike[str]) -> FileSizes:
    """The sizes of a model's file.

    Args:
        model: its path, or its bytes.

    Example:
        >>> file_sizes(gossamer.convert(model))
        FileSizes(file=748992, gzip=211204)
    """
    is_path = isinstance(model, (str, os.PathLike))
    data = Path(model).read_bytes() if is_path else bytes(model)
    return FileSizes(len(data), len(gzip.compress(data, mtime=0)))
