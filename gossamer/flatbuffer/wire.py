"""Flatbuffer bytes to plain records and back, led by the schema.

A record is a dictionary of a table's fields. A vector of numbers is a NumPy view of
the bytes, a vector of bytes a `memoryview`, a union a pair of table name and record;
what a file leaves out is the default, or None.

Nothing in the bytes is trusted: each offset is checked before it is followed, and
the sum of all that is decoded is bounded (`Reader`).
"""

from __future__ import annotations

import struct
from functools import cache
from typing import Any, TypeAlias

import flatbuffers
import numpy as np
from flatbuffers import number_types

from gossamer.errors import FormatError
from gossamer.flatbuffer import schema
from gossamer.flatbuffer.schema import IDENTIFIER, Field, Kind

Record: TypeAlias = dict[str, Any]
Union: TypeAlias = tuple[str, Record]

TABLE_COST = 64
"""Units that a table costs at least: a record takes memory however small it is."""

BUDGET_FACTOR, BUDGET_BASE = 4, 1 << 16
"""A file of n bytes may spend `BUDGET_FACTOR * n + BUDGET_BASE` units."""

_OFFSET = struct.Struct("<I")
_SIGNED_OFFSET = struct.Struct("<i")
_VTABLE_HEAD = struct.Struct("<HH")


class Reader:
    """Decodes tables, and counts what it decodes.

    Tables, strings and vectors may be shared within a file, so that a small file can
    describe a large tree. Decoding spends one unit for each byte of a table, string
    or vector of numbers; running out ends in a `FormatError`.
    """

    def __init__(self, data: bytes | memoryview) -> None:
        self.data = memoryview(data).cast("B")
        self.size = len(self.data)
        self.left = BUDGET_FACTOR * self.size + BUDGET_BASE

    def spend(self, units: int) -> None:
        """Count `units` of work.

        Raises:
            FormatError: more was decoded than an honest file of this size holds.
        """
        self.left -= units
        if self.left < 0:
            raise FormatError(
                "the file's tables refer to the same bytes again and again: decoded "
                f"they take more than {BUDGET_FACTOR} times its {self.size} bytes"
            )

    def root(self, name: str) -> Record:
        """The table that the file's first offset points to."""
        return self.table(name, self._follow(0, f"the root table {name}"))

    def table(self, name: str, position: int) -> Record:
        """The record of the table `name` at byte `position`."""
        self._check(position, 4, f"a {name} table")
        vtable = position - _SIGNED_OFFSET.unpack_from(self.data, position)[0]
        self._check(vtable, 4, f"the vtable of a {name}")
        vtable_size, table_size = _VTABLE_HEAD.unpack_from(self.data, vtable)
        self._check(vtable, max(vtable_size, 4), f"the vtable of a {name}")
        self._check(position, max(table_size, 4), f"a {name} table")
        self.spend(max(table_size, TABLE_COST))
        record = dict(_defaults(name))
        table = schema.table(name)
        offsets = self._offsets(vtable, vtable_size, table.slots)
        for field in table.fields:
            offset = offsets[field.slot]
            if not offset:
                continue
            _check_inside(name, field, offset, table_size)
            if field.kind is Kind.UNION:
                record[field.name] = self._union(name, field, position, offsets)
            else:
                record[field.name] = self._value(name, field, position + offset)
        return record

    def _offsets(self, vtable: int, size: int, slots: int) -> tuple[int, ...]:
        """Where each field of a table lies in it, 0 for those left out."""
        present = min(max(size - 4, 0) // 2, slots)
        found = struct.unpack_from(f"<{present}H", self.data, vtable + 4)
        return found + (0,) * (slots - present)

    def _value(self, name: str, field: Field, position: int) -> Any:
        what = f"{name}.{field.name}"
        scalar = field.scalar
        match field.kind:
            case Kind.SCALAR if scalar is not None:
                self._check(position, scalar.size, what)
                return struct.unpack_from("<" + scalar.letter, self.data, position)[0]
            case Kind.STRING:
                return self._string(self._follow(position, what), what)
            case Kind.STRINGS:
                return self._strings(self._follow(position, what), what)
            case Kind.NUMBERS:
                return self._numbers(field, self._follow(position, what), what)
            case Kind.TABLES:
                return self._tables(field.type, self._follow(position, what), what)
            case _:
                return self.table(field.type, self._follow(position, what))

    def _union(
        self, name: str, field: Field, position: int, offsets: tuple[int, ...]
    ) -> Union | None:
        what = f"{name}.{field.name}"
        offset = offsets[field.slot + 1]
        number = self.data[position + offsets[field.slot]]
        if number == 0:
            return None
        members = schema.members(field.type)
        if number > len(members):
            raise FormatError(
                f"{what} is of type {number}; the schema knows 0 to {len(members)}"
            )
        member = members[number - 1]
        if offset == 0:
            raise FormatError(f"{what} is said to be a {member}, but none is there")
        return member, self.table(member, self._follow(position + offset, what))

    def _string(self, position: int, what: str) -> str:
        start, length = self._vector(position, 1, what)
        self.spend(length)
        return str(self.data[start : start + length], "utf-8", "replace")

    def _strings(self, position: int, what: str) -> list[str]:
        start, length = self._vector(position, 4, what)
        self.spend(TABLE_COST * length)
        return [
            self._string(self._follow(start + 4 * index, what), what)
            for index in range(length)
        ]

    def _numbers(self, field: Field, position: int, what: str) -> Any:
        assert field.scalar is not None
        start, length = self._vector(position, field.scalar.size, what)
        if field.type == "ubyte":
            return self.data[start : start + length]
        self.spend(length * field.scalar.size)
        return np.frombuffer(self.data, field.scalar.numpy, length, start)

    def _tables(self, name: str, position: int, what: str) -> list[Record]:
        start, length = self._vector(position, 4, what)
        self.spend(4 * length)
        return [
            self.table(name, self._follow(start + 4 * index, what))
            for index in range(length)
        ]

    def _vector(self, position: int, size: int, what: str) -> tuple[int, int]:
        """Where the elements of `size` bytes begin, and how many there are."""
        self._check(position, 4, what)
        length = _OFFSET.unpack_from(self.data, position)[0]
        self._check(position + 4, length * size, what)
        return position + 4, length

    def _follow(self, position: int, what: str) -> int:
        self._check(position, 4, what)
        return position + _OFFSET.unpack_from(self.data, position)[0]

    def _check(self, position: int, size: int, what: str) -> None:
        if position < 0 or position + size > self.size:
            raise FormatError(
                f"{what} is said to be at bytes {position} to {position + size}, "
                f"outside the {self.size} bytes of the file"
            )


def _check_inside(name: str, field: Field, offset: int, table_size: int) -> None:
    size = 1 if field.kind is Kind.UNION else 4
    if field.kind is Kind.SCALAR and field.scalar is not None:
        size = field.scalar.size
    if offset + size > table_size:
        raise FormatError(
            f"{name}.{field.name} is said to be at byte {offset} of a table of "
            f"{table_size} bytes"
        )


@cache
def _defaults(name: str) -> Record:
    return {
        field.name: field.default if field.kind is Kind.SCALAR else None
        for field in schema.table(name).fields
    }


class Writer:
    """Encodes records with the `flatbuffers` library, the last thing first.

    Vectors of the same numbers and strings of the same text are stored once: the zero
    points of weights with a scale per channel take more bytes than their scales.
    """

    def __init__(self, size: int) -> None:
        """`size` is an estimate of the bytes to come."""
        self.builder: Any = flatbuffers.Builder(size)
        self._vectors: dict[tuple[str, bytes], int] = {}
        self._strings: dict[str, int] = {}

    def finish(self, root: int, identifier: bytes = IDENTIFIER) -> memoryview:
        """The bytes of the file whose root table was written as `root`."""
        self.builder.Finish(root, identifier)
        return memoryview(self.builder.Bytes)[self.builder.Head() :]

    def table(self, name: str, record: Record) -> int:
        """Write a table with everything in it; returns where it is."""
        table = schema.table(name)
        children = {
            field.name: self._child(field, record[field.name])
            for field in table.fields
            if field.kind is not Kind.SCALAR and record.get(field.name) is not None
        }
        self.builder.StartObject(table.slots)
        for field in table.fields:
            self._slot(field, record.get(field.name), children.get(field.name))
        return self.builder.EndObject()

    def aligned_bytes(self, data: memoryview) -> int:
        """Write a vector of bytes whose first is at a multiple of 16 in the file."""
        builder = self.builder
        builder.StartVector(1, len(data), 16)
        builder.head -= len(data)
        builder.Bytes[builder.head : builder.head + len(data)] = data
        return builder.EndVector()

    def _slot(self, field: Field, value: Any, child: int | None) -> None:
        builder = self.builder
        if field.kind is Kind.UNION:
            if child is not None:
                number = schema.members(field.type).index(value[0]) + 1
                builder.PrependUint8Slot(field.slot, number, 0)
                builder.PrependUOffsetTRelativeSlot(field.slot + 1, child, 0)
        elif child is not None:
            builder.PrependUOffsetTRelativeSlot(field.slot, child, 0)
        elif field.scalar is not None and field.kind is Kind.SCALAR:
            flags = _FLAGS[field.scalar.letter]
            given = field.default if value is None else value
            builder.PrependSlot(flags, field.slot, given, field.default)

    def _child(self, field: Field, value: Any) -> int:
        match field.kind:
            case Kind.STRING:
                return self._string(value)
            case Kind.NUMBERS:
                return self._numbers(field, value)
            case Kind.STRINGS:
                return self._offsets([self._string(x) for x in value])
            case Kind.TABLES:
                return self._tables(field.type, value)
            case Kind.UNION:
                return self.table(value[0], value[1])
            case _:
                return self.table(field.type, value)

    def _numbers(self, field: Field, value: Any) -> int:
        if isinstance(value, Written):
            return value.position
        if isinstance(value, bytes):
            return self.builder.CreateByteVector(value)
        assert field.scalar is not None
        array = np.asarray(value, field.scalar.numpy)
        key = field.scalar.letter, array.tobytes()
        if key not in self._vectors:
            self._vectors[key] = self.builder.CreateNumpyVector(array)
        return self._vectors[key]

    def _string(self, text: str) -> int:
        if text not in self._strings:
            self._strings[text] = self.builder.CreateString(text)
        return self._strings[text]

    def _tables(self, name: str, records: list[Record]) -> int:
        return self._offsets([self.table(name, record) for record in records])

    def _offsets(self, positions: list[int]) -> int:
        """A vector of offsets to what was written."""
        self.builder.StartVector(4, len(positions), 4)
        for position in reversed(positions):
            self.builder.PrependUOffsetTRelative(position)
        return self.builder.EndVector()


class Written:
    """A vector that is in the file already, in the place of its value."""

    def __init__(self, position: int) -> None:
        self.position = position


_FLAGS: dict[str, Any] = {
    "?": number_types.BoolFlags,
    "b": number_types.Int8Flags,
    "B": number_types.Uint8Flags,
    "h": number_types.Int16Flags,
    "H": number_types.Uint16Flags,
    "i": number_types.Int32Flags,
    "I": number_types.Uint32Flags,
    "q": number_types.Int64Flags,
    "Q": number_types.Uint64Flags,
    "f": number_types.Float32Flags,
}
