"""Link relocatable ELF objects into an image that runs at any address.

Generated objects call nothing outside themselves, so that linking is only this: lay the
sections out one after another and put the distances between them into the code.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gossamer.codegen.image import Image
from gossamer.errors import CompilationError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_HEADER = struct.Struct("<16sHHIQQQIHHHHHH")
_SECTION = struct.Struct("<IIQQQQIIQQ")
_SYMBOL = struct.Struct("<IBBHQQ")
_RELOCATION = struct.Struct("<QQq")
_PROGBITS, _SYMTAB, _RELA, _NOBITS = 1, 2, 4, 8
_ALLOCATED = 2
_X86_64 = 62
_PC32, _PLT32 = 2, 4
_PAGE = 4096
_LARGEST = 1 << 30
"""Bytes of an image, within which relative addresses of 32 bits reach everything."""


@dataclass(frozen=True, slots=True)
class _Section:
    kind: int
    flags: int
    offset: int
    size: int
    link: int
    info: int
    alignment: int


@dataclass(frozen=True, slots=True)
class _Symbol:
    name: str
    section: int
    value: int
    is_global: bool


@dataclass(frozen=True, slots=True)
class _Object:
    """An object file, and where its sections that live in memory go."""

    data: bytes
    sections: list[_Section]
    symbols: list[_Symbol]
    places: dict[int, int]

    def copy(self, code: bytearray) -> None:
        """Put what the sections hold in its place."""
        for index, place in self.places.items():
            section = self.sections[index]
            if section.kind != _PROGBITS:
                continue
            content = self.data[section.offset : section.offset + section.size]
            if len(content) != section.size:
                raise CompilationError("the object file is truncated")
            code[place : place + section.size] = content

    def entries(self) -> dict[str, int]:
        """Where the symbols are that other objects may name."""
        return {
            symbol.name: self.places[symbol.section] + symbol.value
            for symbol in self.symbols
            if symbol.is_global and symbol.section in self.places
        }


def link(*objects: bytes) -> Image:
    """The image of the object files of one module, or of its parts.

    Raises:
        CompilationError: an object is damaged, for another machine, or needs symbols
            that are in none of them.
    """
    try:
        return _link(objects)
    except (struct.error, LookupError, OverflowError, ValueError) as error:
        raise CompilationError(f"the object file is damaged: {error}") from error


def _link(objects: Sequence[bytes]) -> Image:
    size = 0
    read: list[_Object] = []
    for data in objects:
        made, size = _read(data, size)
        read.append(made)
    code = bytearray(size)
    entries: dict[str, int] = {}
    for each in read:
        each.copy(code)
        entries |= each.entries()
    for each in read:
        for section in each.sections:
            if section.kind == _RELA and section.info in each.places:
                _relocate(each, section, code, entries)
    return Image(bytes(code), entries)


def _read(data: bytes, start: int) -> tuple[_Object, int]:
    """An object whose memory begins at `start`, and where it ends."""
    if data[:6] != b"\x7fELF\x02\x01":
        raise CompilationError("only little-endian 64-bit ELF objects can be linked")
    header = _HEADER.unpack_from(data)
    machine = header[2]
    if machine != _X86_64:
        raise CompilationError(f"no linker for ELF machine {machine}")
    sections = _sections(data, header[6], header[12])
    places, end = _layout(sections, start)
    return _Object(data, sections, _symbols(data, sections), places), end


def _sections(data: bytes, offset: int, count: int) -> list[_Section]:
    found: list[_Section] = []
    for index in range(count):
        fields = _SECTION.unpack_from(data, offset + index * _SECTION.size)
        _, kind, flags, _, start, size, link_, info, alignment, _ = fields
        found.append(_Section(kind, flags, start, size, link_, info, alignment))
    return found


def _layout(sections: list[_Section], start: int) -> tuple[dict[int, int], int]:
    """Where each section that lives in memory goes, and where the last page ends."""
    places: dict[int, int] = {}
    end = start
    for index, section in enumerate(sections):
        if not section.flags & _ALLOCATED or section.kind not in (_PROGBITS, _NOBITS):
            continue
        alignment = max(section.alignment, 1)
        end = (end + alignment - 1) // alignment * alignment
        places[index] = end
        end += section.size
    if end > _LARGEST:
        raise CompilationError(f"the code needs {end} bytes; {_LARGEST} can be linked")
    return places, (end + _PAGE - 1) // _PAGE * _PAGE


def _symbols(data: bytes, sections: list[_Section]) -> list[_Symbol]:
    table = next((s for s in sections if s.kind == _SYMTAB), None)
    if table is None:
        return []
    strings = sections[table.link]
    names = data[strings.offset : strings.offset + strings.size]
    found: list[_Symbol] = []
    for position in range(table.offset, table.offset + table.size, _SYMBOL.size):
        name, info, _, section, value, _ = _SYMBOL.unpack_from(data, position)
        text = names[name : names.index(b"\0", name)].decode()
        found.append(_Symbol(text, section, value, info >> 4 == 1))
    return found


def _relocate(
    made: _Object, section: _Section, code: bytearray, entries: Mapping[str, int]
) -> None:
    places = made.places
    start, end = section.offset, section.offset + section.size
    for position in range(start, end, _RELOCATION.size):
        offset, info, addend = _RELOCATION.unpack_from(made.data, position)
        kind, symbol = int(info) & 0xFFFFFFFF, made.symbols[int(info) >> 32]
        target = entries.get(symbol.name)
        if symbol.section in places:
            target = places[symbol.section] + symbol.value
        if target is None:
            raise CompilationError(f"the code needs '{symbol.name}' from outside")
        if kind not in (_PC32, _PLT32):
            raise CompilationError(f"no rule for x86-64 relocation {kind}")
        place = places[section.info] + offset
        struct.pack_into("<i", code, place, target + addend - place)
