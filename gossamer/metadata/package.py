"""The files behind a model: a zip whose stored entries follow the flatbuffer."""

from __future__ import annotations

import io
import zipfile
import zlib
from typing import TYPE_CHECKING

from gossamer.errors import FormatError, InputError

if TYPE_CHECKING:
    from collections.abc import Mapping

_EARLIEST = (1980, 1, 1, 0, 0, 0)
_END = b"PK\x05\x06"
MOST_BYTES = 1 << 30
"""Bytes that the files of one package may take when unpacked."""


def files_of(data: bytes) -> dict[str, bytes]:
    """The files behind a model, by name; empty where there are none.

    Raises:
        FormatError: the package is damaged, or unpacks to more than `MOST_BYTES`.
    """
    if _END not in data[-(1 << 16) - 22 :]:
        return {}
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as package:
            entries = [x for x in package.infolist() if not x.filename.endswith("/")]
            if sum(entry.file_size for entry in entries) > MOST_BYTES:
                raise FormatError(
                    f"the files behind the model take more than {MOST_BYTES} bytes"
                )
            return {entry.filename: package.read(entry) for entry in entries}
    except (zipfile.BadZipFile, NotImplementedError, OSError, RuntimeError) as error:
        if isinstance(error, FormatError):
            raise
        raise FormatError(
            f"the files behind the model cannot be read: {error}"
        ) from error
    except (EOFError, ValueError, OverflowError, zlib.error) as error:
        raise FormatError(f"the files behind the model are damaged: {error}") from error


def without_files(data: bytes) -> bytes:
    """The model alone."""
    if not files_of(data):
        return data
    with zipfile.ZipFile(io.BytesIO(data)) as package:
        start = min(entry.header_offset for entry in package.infolist())
    return data[:start]


def with_files(model: bytes, files: Mapping[str, bytes]) -> bytes:
    """A model with files behind it; the same files give the same bytes.

    Raises:
        InputError: a name is empty or leads out of the package.
    """
    if not files:
        return model
    buffer = io.BytesIO()
    buffer.write(model)
    with zipfile.ZipFile(buffer, "a", zipfile.ZIP_STORED) as package:
        for name in sorted(files):
            if not name or name.startswith("/") or ".." in name.split("/"):
                raise InputError(f"'{name}' cannot be the name of an associated file")
            entry = zipfile.ZipInfo(name, _EARLIEST)
            entry.external_attr = 0o644 << 16
            package.writestr(entry, files[name])
    return buffer.getvalue()
