"""Keep outlines of models and compiled programs, in the process and on disk.

A file holds a table as JSON, numbers or code behind it, and last the constants, which
begin on a page so that they are mapped and not read: all who run the model share them.
The checksum covers all but the constants, to read which would take longer than all
else. A file that does not fit is removed; one of another user is not read.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import mmap
import os
import struct
import weakref
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from gossamer.codegen import cache as folder_cache
from gossamer.codegen.image import Image
from gossamer.ir.types import DType, TensorType
from gossamer.runtime.compiled import Alarm, Compiled, Place
from gossamer.runtime.outline import Outline, from_table, outline_of, to_table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gossamer.nest.target import Target
    from gossamer.runtime.options import Options

__all__ = ["Outline", "outline_of"]

_MAGIC = b"GOSSAMR1"
_HEAD = struct.Struct("<8s32sQQQ")
"""Magic, checksum, bytes of the table, of what follows it, and of the constants."""

_PAGE = 4096
_LARGEST_STORE = 4 << 30
"""Bytes of all entries together; beyond, those that were used longest ago go."""

_SUFFIXES = frozenset({".image", ".outline", ".program"})
"""Of the files that are entries of the cache."""

_programs: weakref.WeakValueDictionary[str, Compiled] = weakref.WeakValueDictionary()


def is_on() -> bool:
    """Whether anything is kept on disk."""
    return folder_cache.folder() is not None


@cache
def _generator() -> str:
    """What the code generator is known by: its files' names, sizes and times."""
    root = Path(__file__).parent.parent
    found = hashlib.sha256()
    for place, _, names in sorted(os.walk(root)):
        for name in sorted(names):
            if name.endswith(".py"):
                status = (Path(place) / name).stat()
                found.update(f"{name} {status.st_size} {status.st_mtime_ns}\n".encode())
    return found.hexdigest()


def program_key(
    digest: str,
    subgraph: int,
    shapes: Sequence[tuple[int, ...]],
    options: Options,
    target: Target,
) -> str:
    """What a compiled subgraph is known by: all that went into it."""
    parts = (digest, subgraph, tuple(shapes), options, target, _generator())
    return hashlib.sha256(repr(parts).encode()).hexdigest()


def find_program(key: str) -> Compiled | None:
    """A program that somebody in this process runs, or one from the disk."""
    found = _programs.get(key)
    if found is None:
        entry = _load(f"{key}.program")
        found = None if entry is None else _decode(*entry)
        if found is not None:
            _programs[key] = found
    return found


def keep_program(key: str, compiled: Compiled) -> None:
    """Keep a program for the next who asks; on disk where it is code and no more."""
    if not compiled.is_whole:
        return
    _programs[key] = compiled
    _save(f"{key}.program", *_encode(compiled), compiled.constants)


def load_outline(digest: str) -> Outline | None:
    """The outline of the model with a digest."""
    entry = _load(f"{digest}.outline")
    if entry is None:
        return None
    table, data, _ = entry
    return from_table(table, data)


def save_outline(digest: str, outline: Outline) -> None:
    """Keep an outline, if it has nothing in it that needs the model."""
    made = to_table(outline)
    if made is not None:
        _save(f"{digest}.outline", *made, np.zeros(0, np.uint8))


def _encode(compiled: Compiled) -> tuple[dict[str, Any], bytes]:
    table = {
        "symbols": dict(compiled.image.symbols),
        "arena": compiled.arena_bytes,
        "parts": list(compiled.parts),
        "brief": compiled.is_brief,
        "places": [
            [index, *place.address, place.type.dtype.code, list(place.type.shape)]
            for index, place in compiled.places.items()
        ],
        "alarms": [list(alarm) for alarm in compiled.alarms],
        "shapes": [[index, list(shape)] for index, shape in compiled.shapes.items()],
    }
    return table, compiled.image.code


def _decode(table: dict[str, Any], code: bytes, constants: Any) -> Compiled:
    places = {
        index: Place((base, offset), TensorType(DType.of_code(dtype), tuple(shape)))
        for index, base, offset, dtype, shape in table["places"]
    }
    return Compiled(
        Image(code, table["symbols"]),
        constants,
        table["arena"],
        tuple(table["parts"]),
        places,
        table["brief"],
        alarms=tuple(Alarm(*alarm) for alarm in table["alarms"]),
        shapes={index: tuple(shape) for index, shape in table["shapes"]},
    )


def _load(name: str) -> tuple[dict[str, Any], bytes, Any] | None:
    """Table, what follows it, and the constants; None if there is no good entry."""
    place = folder_cache.folder()
    if place is None:
        return None
    path = place / name
    try:
        with path.open("rb") as file:
            status = os.fstat(file.fileno())
            if status.st_uid != os.getuid():
                return None
            entry = _read(file, status.st_size)
            if entry is not None:
                os.utime(file.fileno())
    except OSError:
        return None
    if entry is None:
        with contextlib.suppress(OSError):
            path.unlink()
    return entry


def _read(file: Any, size: int) -> tuple[dict[str, Any], bytes, Any] | None:
    head = file.read(_HEAD.size)
    if len(head) < _HEAD.size:
        return None
    magic, digest, *lengths = _HEAD.unpack(head)
    table_bytes, data_bytes, constant_bytes = lengths
    start = _pages(_HEAD.size + table_bytes + data_bytes)
    if magic != _MAGIC or size != start + constant_bytes:
        return None
    body = file.read(table_bytes + data_bytes)
    if hashlib.sha256(repr(lengths).encode() + body).digest() != digest:
        return None
    constants: Any = np.zeros(0, np.uint8)
    if constant_bytes:
        mapped = mmap.mmap(
            file.fileno(), constant_bytes, offset=start, access=mmap.ACCESS_READ
        )
        constants = np.frombuffer(mapped, np.uint8)
    return json.loads(body[:table_bytes]), body[table_bytes:], constants


def _pages(nbytes: int) -> int:
    return -(-nbytes // _PAGE) * _PAGE


def _save(name: str, table: dict[str, Any], data: bytes, constants: Any) -> None:
    """Write an entry; where the disk refuses, all goes on without it."""
    import tempfile  # noqa: PLC0415  (for a miss only)

    place = folder_cache.folder()
    if place is None:
        return
    text = json.dumps(table).encode()
    lengths = [len(text), len(data), int(constants.size)]
    body = text + data
    digest = hashlib.sha256(repr(lengths).encode() + body).digest()
    head = _HEAD.pack(_MAGIC, digest, *lengths)
    padding = bytes(_pages(len(head) + len(body)) - len(head) - len(body))
    with contextlib.suppress(OSError):
        place.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle, temporary = tempfile.mkstemp(dir=place, suffix=".part")
        part = Path(temporary)
        try:
            with os.fdopen(handle, "wb") as file:
                for piece in (head, body, padding, constants.data):
                    file.write(piece)
            part.replace(place / name)
        finally:
            part.unlink(missing_ok=True)
        _make_room(place)


def _make_room(place: Path) -> None:
    """Remove the entries that were used longest ago where all are too many.

    The folder may be any that a user named: what is not an entry is left alone.
    """
    ours = (path for path in place.iterdir() if path.suffix in _SUFFIXES)
    entries = [(path, path.stat()) for path in ours if path.is_file()]
    total = sum(status.st_size for _, status in entries)
    for path, status in sorted(entries, key=lambda entry: entry[1].st_mtime):
        if total <= _LARGEST_STORE:
            return
        path.unlink(missing_ok=True)
        total -= status.st_size
