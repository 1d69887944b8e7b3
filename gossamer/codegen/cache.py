"""Compiled images on disk, so that a model is compiled once per machine.

An entry is named by what it was made from: the module's text, the target and the
versions of the generator. It holds its own checksum; an entry that does not match is
removed and made again, never run.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import struct
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from gossamer.codegen.image import Image
from gossamer.settings import cache_folder

if TYPE_CHECKING:
    from gossamer.nest.target import Target

_MAGIC = b"GOSSIMG2"
_HEAD = struct.Struct("<8s32sI")
_LENGTH = struct.Struct("<I")


@cache
def _generator() -> str:
    """The version of what makes machine code, read from its package's files."""
    from importlib import metadata  # noqa: PLC0415  (slow, and for a miss only)

    return metadata.version("llvmlite")


def key_of(text: str, target: Target) -> str:
    """The name of the entry for a module."""
    parts = (
        _MAGIC.decode(),
        _generator(),
        target.triple,
        target.cpu,
        target.features,
        text,
    )
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def folder() -> Path | None:
    """Where entries lie: the user's own cache folder; None if caching is off."""
    found = cache_folder()
    return None if found is None else Path(found)


def load(key: str) -> Image | None:
    """The image of an entry; None if there is none that can be trusted."""
    place = folder()
    if place is None:
        return None
    path = place / f"{key}.image"
    try:
        with path.open("rb") as file:
            if os.fstat(file.fileno()).st_uid != os.getuid():
                return None
            data = file.read()
    except OSError:
        return None
    image = _decode(data, key)
    if image is None:
        with contextlib.suppress(OSError):
            path.unlink()
    return image


def store(key: str, image: Image) -> None:
    """Write an entry; where the disk refuses, the program runs without the cache."""
    import tempfile  # noqa: PLC0415  (for a miss only)

    place = folder()
    if place is None:
        return
    with contextlib.suppress(OSError):
        place.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle, name = tempfile.mkstemp(dir=place, suffix=".part")
        part = Path(name)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(_encode(key, image))
            part.replace(place / f"{key}.image")
        finally:
            part.unlink(missing_ok=True)


def _encode(key: str, image: Image) -> bytes:
    table = json.dumps({"key": key, "symbols": dict(image.symbols)}).encode()
    body = table + image.code
    return _HEAD.pack(_MAGIC, _digest(len(table), body), len(table)) + body


def _digest(length: int, body: bytes) -> bytes:
    """The checksum of an entry: the length of its table, and all that follows."""
    return hashlib.sha256(_LENGTH.pack(length) + body).digest()


def _decode(data: bytes, key: str) -> Image | None:
    if len(data) < _HEAD.size:
        return None
    magic, digest, length = _HEAD.unpack_from(data)
    body = data[_HEAD.size :]
    if magic != _MAGIC or _digest(length, body) != digest:
        return None
    table = json.loads(body[:length])
    if table["key"] != key:
        return None
    return Image(body[length:], table["symbols"])
