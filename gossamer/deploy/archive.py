"""Static libraries: objects in one file, with the index that linkers ask for."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_MAGIC = b"!<arch>\n"
_HEAD = 60


def archive(
    objects: Mapping[str, bytes], symbols: Mapping[str, Sequence[str]]
) -> bytes:
    """The archive of object files, in the format of System V and GNU.

    Args:
        objects: contents by file name, of at most 15 letters each.
        symbols: the symbols that each of them defines, by the same names.
    """
    order = [(name, symbol) for name in objects for symbol in symbols[name]]
    names = b"".join(symbol.encode() + b"\0" for _, symbol in order)
    index_size = 4 + 4 * len(order) + len(names)
    position = len(_MAGIC) + _HEAD + _even(index_size)
    starts: dict[str, int] = {}
    for name, content in objects.items():
        starts[name] = position
        position += _HEAD + _even(len(content))
    offsets = [starts[name] for name, _ in order]
    index = struct.pack(f">{len(order) + 1}I", len(order), *offsets) + names
    members = [_member("", index), *(_member(*each) for each in objects.items())]
    return _MAGIC + b"".join(members)


def _even(size: int) -> int:
    return size + size % 2


def _member(name: str, content: bytes) -> bytes:
    """A file with its header; time, owner and group are 0, so that builds repeat."""
    head = f"{name + '/':<16}{0:<12}{0:<6}{0:<6}{644:<8}{len(content):<10}`\n"
    return head.encode() + content + b"\n" * (len(content) % 2)
