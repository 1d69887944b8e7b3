"""Where the large bytes of a file go: among its tables, or behind them."""

from __future__ import annotations

from dataclasses import dataclass, field
from hashlib import blake2b
from typing import TYPE_CHECKING

from gossamer.flatbuffer.wire import Written

if TYPE_CHECKING:
    from gossamer.flatbuffer.wire import Record, Writer

ALIGNMENT = 16
"""Bytes of which each buffer's place in the file is a multiple."""

SMALL = 1024
"""Bytes up to which a buffer stays among the tables in every file."""


@dataclass(slots=True)
class _Item:
    """Some bytes, and the record that says where they are once they have moved."""

    data: memoryview
    record: Record


@dataclass(slots=True)
class Storage:
    """Collects buffers, each content once, and the options of custom operators.

    Buffer 0 is empty: it stands for a tensor without data.
    """

    buffers: list[_Item] = field(default_factory=list[_Item])
    options: list[_Item] = field(default_factory=list[_Item])
    found: dict[tuple[int, bytes], int] = field(
        default_factory=dict[tuple[int, bytes], int]
    )
    outside: list[_Item] = field(default_factory=list[_Item])

    def __post_init__(self) -> None:
        self.buffers.append(_Item(memoryview(b""), {}))

    def add(self, data: memoryview) -> int:
        """The index of the buffer that holds `data`."""
        key = (len(data), blake2b(data, digest_size=16).digest())
        index = self.found.setdefault(key, len(self.buffers))
        if index == len(self.buffers):
            self.buffers.append(_Item(data, {}))
        return index

    def add_options(self, data: bytes, operator: Record) -> None:
        """Put custom options into the record of their operator."""
        operator["custom_options"] = data
        self.options.append(_Item(memoryview(data), operator))

    @property
    def size(self) -> int:
        """Bytes of everything."""
        return sum(len(item.data) + ALIGNMENT for item in self.buffers + self.options)

    @property
    def inline_size(self) -> int:
        """Bytes of all that stays among the tables."""
        return self.size - sum(len(item.data) for item in self.outside)

    def move_out(self) -> None:
        """Put everything that is not small behind the tables."""
        self.outside = [x for x in self.buffers + self.options if len(x.data) > SMALL]
        self.place(0)

    def place(self, tables: int) -> None:
        """State where everything outside is, behind `tables` bytes of tables."""
        end = tables
        for item in self.outside:
            start = _aligned(end)
            end = start + len(item.data)
            # An offset of 0 would be left out, and the size of the tables change.
            self._state(item, max(start, ALIGNMENT))

    def _state(self, item: _Item, offset: int) -> None:
        names = ("offset", "size")
        if "custom_options" in item.record:
            item.record["custom_options"] = None
            names = ("large_custom_options_offset", "large_custom_options_size")
        item.record.update(zip(names, (offset, len(item.data)), strict=True))

    def records(self, writer: Writer) -> list[Record]:
        """The records of the buffers, whose data is written now if it stays."""
        for item in reversed(self.buffers[1:]):
            if "offset" not in item.record:
                item.record["data"] = Written(writer.aligned_bytes(item.data))
        return [item.record for item in self.buffers]

    def append_to(self, tables: memoryview) -> bytes:
        """The file: the tables, and everything outside at its place."""
        parts: list[bytes | memoryview] = [tables]
        end = len(tables)
        for item in self.outside:
            start = _aligned(end)
            parts += [bytes(start - end), item.data]
            end = start + len(item.data)
        return b"".join(parts)


def _aligned(offset: int) -> int:
    return -(-offset // ALIGNMENT) * ALIGNMENT
