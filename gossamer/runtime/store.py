"""Find outlines of models and compiled programs, in the process and on disk.

A file holds a table as JSON, numbers or code behind it, and last the constants, which
begin on a page so that they are mapped and not read: all who run the model share them.
The checksum covers all but the constants, to read which would take longer than all
else. A file that does not fit is removed; one of another user is not read.

All this happens whenever a program starts, so it imports little; what writes the files
is in `keep.py`.
"""

from __future__ import annotations

import contextlib
import json
import mmap
import os
import struct
import weakref
import zlib
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from gossamer.codegen.image import Image
from gossamer.ir.types import DType, TensorType
from gossamer.runtime.compiled import Alarm, Compiled, Place
from gossamer.runtime.outline import Outline, from_table, outline_of
from gossamer.settings import cache_folder

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gossamer.nest.target import Target
    from gossamer.runtime.options import Options

__all__ = ["Outline", "outline_of"]

MAGIC = b"GOSSAMR2"
HEAD = struct.Struct("<8sIQQQ")
"""Magic, checksum, bytes of the table, of what follows it, and of the constants."""

PAGE = 4096
_SETTLED = 2 * 10**9
"""Nanoseconds: a file that changed less long ago may change again unnoticed, within
one tick of the file system's clock."""

_programs: weakref.WeakValueDictionary[str, Compiled] = weakref.WeakValueDictionary()


class Entry(NamedTuple):
    """What a file of the cache holds."""

    table: dict[str, Any]
    data: bytes
    constants: Any


def is_on() -> bool:
    """Whether anything is kept on disk."""
    return cache_folder() is not None


@cache
def _generator() -> str:
    """What the code generator is known by: its files' number, sizes and times.

    A change of any file changes the sum of the times, or that of the sizes.
    """
    folders = [os.path.dirname(os.path.dirname(__file__))]
    count = size = time = 0
    for folder in folders:
        with os.scandir(folder) as entries:
            for entry in entries:
                if entry.name.endswith(".py"):
                    status = entry.stat()
                    count += 1
                    size += status.st_size
                    time += status.st_mtime_ns
                elif entry.is_dir() and entry.name != "__pycache__":
                    folders.append(entry.path)
    return f"{folders[0]} {count} {size} {time}"


def program_key(
    digest: str,
    subgraph: int,
    shapes: Sequence[tuple[int, ...]],
    options: Options,
    target: Target,
) -> str:
    """What a compiled subgraph is known by: all that went into it."""
    parts = (digest, subgraph, tuple(shapes), options, target, _generator())
    return repr(parts)


def program_file(key: str) -> str:
    """The name of the file of a program, which says its whole key inside."""
    return f"{zlib.crc32(key.encode()):08x}{zlib.adler32(key.encode()):08x}.program"


def find_program(key: str) -> Compiled | None:
    """A program that somebody in this process runs, or one from the disk."""
    found = _programs.get(key)
    if found is None:
        entry = _load(program_file(key))
        if entry is None or entry.table["key"] != key:
            return None
        found = _decode(*entry)
        _programs[key] = found
    return found


def keep_program(key: str, compiled: Compiled) -> None:
    """Keep a program for the next who asks; on disk where it is code and no more."""
    if not compiled.is_whole:
        return
    from gossamer.runtime import keep  # noqa: PLC0415  (for a miss only)

    _programs[key] = compiled
    keep.program(program_file(key), key, compiled)


def _outline_file(digest: str) -> str:
    """The name of an outline's file; what another version wrote has another."""
    return f"{digest}-{zlib.crc32(_generator().encode()):08x}.outline"


def load_outline(digest: str) -> Outline | None:
    """The outline of the model with a digest."""
    entry = _load(_outline_file(digest))
    return None if entry is None else from_table(entry.table, entry.data)


def save_outline(digest: str, outline: Outline) -> None:
    """Keep an outline, if it has nothing in it that needs the model."""
    from gossamer.runtime import keep  # noqa: PLC0415  (for a miss only)

    keep.outline(_outline_file(digest), outline)


def known_digest(status: os.stat_result) -> str | None:
    """The digest of a file that was read before and has not changed since.

    Who changes a file's bytes changes the time of its last change, and nobody but the
    system sets that.
    """
    entry = _load(_file_name(status))
    if entry is None or entry.table["state"] != _state(status):
        return None
    return entry.table["digest"]


def same_state(before: os.stat_result, after: os.stat_result) -> bool:
    """Whether a file was not changed between two looks at it."""
    return _state(before) == _state(after)


def keep_digest(status: os.stat_result, digest: str, now: int) -> None:
    """Remember what was read of a file in the state `status`, at `now` (in ns)."""
    from gossamer.runtime import keep  # noqa: PLC0415  (for a miss only)

    if is_on() and status.st_ctime_ns + _SETTLED < now:
        keep.digest(_file_name(status), _state(status), digest)


def _file_name(status: os.stat_result) -> str:
    return f"{status.st_dev:x}-{status.st_ino:x}.digest"


def _state(status: os.stat_result) -> list[int]:
    return [status.st_size, status.st_mtime_ns, status.st_ctime_ns]


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


def _load(name: str) -> Entry | None:
    """What a file of the cache holds; None if there is no good one."""
    place = cache_folder()
    if place is None:
        return None
    path = f"{place}/{name}"
    try:
        with open(path, "rb") as file:
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
            os.unlink(path)
    return entry


def _read(file: Any, size: int) -> Entry | None:
    head = file.read(HEAD.size)
    if len(head) < HEAD.size:
        return None
    magic, checksum, *lengths = HEAD.unpack(head)
    table_bytes, data_bytes, constant_bytes = lengths
    start = pages(HEAD.size + table_bytes + data_bytes)
    if magic != MAGIC or size != start + constant_bytes:
        return None
    body = file.read(table_bytes + data_bytes)
    if checksum_of(lengths, body) != checksum:
        return None
    constants: Any = np.zeros(0, np.uint8)
    if constant_bytes:
        mapped = mmap.mmap(
            file.fileno(), constant_bytes, offset=start, access=mmap.ACCESS_READ
        )
        constants = np.frombuffer(mapped, np.uint8)
    return Entry(json.loads(body[:table_bytes]), body[table_bytes:], constants)


def checksum_of(lengths: Sequence[int], body: bytes) -> int:
    """What tells a damaged file; it is no seal, for who may write here is trusted."""
    return zlib.crc32(body, zlib.crc32(repr(list(lengths)).encode()))


def pages(nbytes: int) -> int:
    """Bytes of the pages that hold so many."""
    return -(-nbytes // PAGE) * PAGE
