"""The bytes of a model's metadata to a record of its tables, and back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gossamer.errors import FormatError
from gossamer.flatbuffer.wire import Reader, Writer

if TYPE_CHECKING:
    from gossamer.flatbuffer.wire import Record

NAME = "TFLITE_METADATA"
"""Under which the bytes stand among the metadata of a model."""

IDENTIFIER = b"M001"


def decode(data: bytes) -> Record:
    """The record of a `ModelMetadata` table.

    Raises:
        FormatError: the bytes are not such a table, are cut off, or lie.
    """
    found = bytes(data[4:8])
    if found != IDENTIFIER:
        raise FormatError(
            f"the metadata is not valid: its bytes 4 to 8 are {found!r}, where "
            f"{IDENTIFIER!r} is expected"
        )
    return Reader(data).root("ModelMetadata")


def encode(record: Record) -> bytes:
    """The bytes of a `ModelMetadata` table; equal records give equal bytes."""
    writer = Writer(1024)
    return bytes(writer.finish(writer.table("ModelMetadata", record), IDENTIFIER))
