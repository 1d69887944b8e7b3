"""Write outlines, programs and digests to the cache's folder: what `store.py` finds."""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from gossamer.runtime.outline import to_table
from gossamer.runtime.store import HEAD, MAGIC, checksum_of, pages
from gossamer.settings import cache_folder

if TYPE_CHECKING:
    from gossamer.runtime.compiled import Compiled
    from gossamer.runtime.outline import Outline

_LARGEST_STORE = 4 << 30
"""Bytes of all entries together; beyond, those that were used longest ago go."""
_BETWEEN_LOOKS = _LARGEST_STORE // 16
"""Bytes that a process writes before it adds up all entries again, one by one."""

_SUFFIXES = (".digest", ".image", ".outline", ".program")
"""Of the files that are entries of the cache."""
_room: dict[Path, int] = {}
"""Bytes that this process may still write into a folder before it looks again."""


def program(name: str, key: str, compiled: Compiled) -> None:
    """Write a program in a file of that name."""
    table = {"key": key, **_table(compiled)}
    _save(name, table, compiled.image.code, compiled.constants)


def outline(name: str, model: Outline) -> None:
    """Write an outline, if it has nothing in it that needs the model."""
    made = to_table(model)
    if made is not None:
        _save(name, *made, np.zeros(0, np.uint8))


def digest(name: str, state: list[int], of_bytes: str) -> None:
    """Write the digest of a file in a state, of which `store.py` knows what it is."""
    table = {"state": state, "digest": of_bytes}
    _save(name, table, b"", np.zeros(0, np.uint8))


def _table(compiled: Compiled) -> dict[str, Any]:
    return {
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


def _save(name: str, table: dict[str, Any], data: bytes, constants: Any) -> None:
    """Write an entry; where the disk refuses, all goes on without it."""
    folder = cache_folder()
    if folder is None:
        return
    place = Path(folder)
    text = json.dumps(table).encode()
    lengths = [len(text), len(data), int(constants.size)]
    body = text + data
    head = HEAD.pack(MAGIC, checksum_of(lengths, body), *lengths)
    padding = bytes(pages(len(head) + len(body)) - len(head) - len(body))
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
        _count(place, len(head) + len(body) + constants.nbytes)


def _count(place: Path, nbytes: int) -> None:
    """Keep the folder small: look at it after the first entry, and then at times."""
    left = _room.get(place, 0) - nbytes
    if left < 0:
        _make_room(place)
        left = _BETWEEN_LOOKS
    _room[place] = left


def _make_room(place: Path) -> None:
    """Remove the entries that were used longest ago where all are too many.

    The folder may be any that a user named: what is not an entry is left alone.
    """
    with os.scandir(place) as found:
        ours = (x for x in found if x.name.endswith(_SUFFIXES))
        entries = [(Path(x.path), x.stat()) for x in ours if x.is_file()]
    total = sum(status.st_size for _, status in entries)
    for path, status in sorted(entries, key=lambda entry: entry[1].st_mtime):
        if total <= _LARGEST_STORE:
            return
        path.unlink(missing_ok=True)
        total -= status.st_size
