"""Link one relocatable ELF object into an image that runs at any address.

A generated object calls nothing outside itself, so that linking is only this: lay the
sections out one after another and put the distances between them into the code.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gossamer.codegen.image import Image
from gossamer.errors import CompilationError

if TYPE_CHECKING:
    from collections.abc import Mapping

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


def link(data: bytes) -> Image:
    """The image of an object file.

    Raises:
        CompilationError: the object is damaged, for another machine, or needs symbols
            from outside.
    """
    try:
        return _link(data)
    except (struct.error, LookupError, OverflowError, ValueError) as error:
        raise CompilationError(f"the object file is damaged: {error}") from error


def _link(data: bytes) -> Image:
    if data[:6] != b"\x7fELF\x02\x01":
        raise CompilationError("only little-endian 64-bit ELF objects can be linked")
    header = _HEADER.unpack_from(data)
    machine = header[2]
    if machine != _X86_64:
        raise CompilationError(f"no linker for ELF machine {machine}")
    sections = _sections(data, header[6], header[12])
    places, size = _layout(sections)
    code = bytearray(size)
    for index, place in places.items():
        section = sections[index]
        if section.kind == _PROGBITS:
            content = data[section.offset : section.offset + section.size]
            if len(content) != section.size:
                raise CompilationError("the object file is truncated")
            code[place : place + section.size] = content
    symbols = _symbols(data, sections)
    for section in sections:
        if section.kind == _RELA and section.info in places:
            _relocate(data, section, code, places, symbols)
    entries = {
        symbol.name: places[symbol.section] + symbol.value
        for symbol in symbols
        if symbol.is_global and symbol.section in places
    }
    return Image(bytes(code), entries)


def _sections(data: bytes, offset: int, count: int) -> list[_Section]:
    found: list[_Section] = []
    for index in range(count):
        fields = _SECTION.unpack_from(data, offset + index * _SECTION.size)
        _, kind, flags, _, start, size, link_, info, alignment, _ = fields
        found.append(_Section(kind, flags, start, size, link_, info, alignment))
    return found


def _layout(sections: list[_Section]) -> tuple[dict[int, int], int]:
    """Where each section that lives in memory goes, and the size of it all."""
    places: dict[int, int] = {}
    end = 0
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
    data: bytes,
    section: _Section,
    code: bytearray,
    places: Mapping[int, int],
    symbols: list[_Symbol],
) -> None:
    start, end = section.offset, section.offset + section.size
    for position in range(start, end, _RELOCATION.size):
        offset, info, addend = _RELOCATION.unpack_from(data, position)
        kind, symbol = int(info) & 0xFFFFFFFF, symbols[int(info) >> 32]
        if symbol.section not in places:
            raise CompilationError(f"the code needs '{symbol.name}' from outside")
        if kind not in (_PC32, _PLT32):
            raise CompilationError(f"no rule for x86-64 relocation {kind}")
        place = places[section.info] + offset
        target = places[symbol.section] + symbol.value
        struct.pack_into("<i", code, place, target + addend - place)
