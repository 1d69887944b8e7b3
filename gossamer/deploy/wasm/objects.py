"""What stands in an object file that LLVM makes for WebAssembly.

The format is WebAssembly's own binary format (https://webassembly.github.io/spec/core/
binary/modules.html) with custom sections for linkers (https://github.com/WebAssembly/
tool-conventions/blob/main/Linking.md).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum
from typing import TYPE_CHECKING

from gossamer.deploy.wasm.leb128 import Reader
from gossamer.errors import CompilationError

if TYPE_CHECKING:
    from collections.abc import Mapping

MAGIC = b"\0asm\1\0\0\0"


class Section(IntEnum):
    """Sections of a module, by their numbers."""

    CUSTOM = 0
    TYPE = 1
    IMPORT = 2
    FUNCTION = 3
    MEMORY = 5
    GLOBAL = 6
    EXPORT = 7
    CODE = 10
    DATA = 11


class External(IntEnum):
    """What is imported or exported."""

    FUNCTION = 0
    TABLE = 1
    MEMORY = 2
    GLOBAL = 3


class Patch(IntEnum):
    """What a linker writes at a place."""

    FUNCTION_INDEX = 0
    MEMORY_ADDRESS = 3
    """Where a datum lies, as the immediate of a load or a store."""
    MEMORY_ADDRESS_SIGNED = 4
    """The same as the operand of `i32.const`."""
    MEMORY_ADDRESS_WORD = 5
    """The same as four bytes of data."""
    TYPE_INDEX = 6
    GLOBAL_INDEX = 7


_WITH_ADDEND = (3, 4, 5, 8, 9)
_SEGMENTS, _SYMBOLS = 5, 8
_SYMBOL_FUNCTION, _SYMBOL_DATA, _SYMBOL_SECTION = 0, 1, 3
_UNDEFINED, _NAMED = 0x10, 0x40


@dataclass(frozen=True, slots=True)
class Relocation:
    """A place in a section that depends on where a symbol comes to lie.

    Attributes:
        kind: the number of a `Patch`, or of one that is not known here.
        offset: of the place in the section's content.
        symbol: its number; of a type for TYPE_INDEX.
        addend: bytes from the symbol.
    """

    kind: int
    offset: int
    symbol: int
    addend: int


@dataclass(frozen=True, slots=True)
class Symbol:
    """A function, a global or a datum.

    Attributes:
        name: empty where the import has it.
        index: of the function or the global; of the datum's segment.
        offset: of a datum in its segment.
        is_data: whether it is one.
    """

    name: str
    index: int
    offset: int
    is_data: bool


@dataclass(slots=True)
class Segment:
    """Data that lie together.

    Attributes:
        content: the bytes.
        offset: of the content in the data section.
        alignment: in bytes.
    """

    content: bytes
    offset: int
    alignment: int = 1


@dataclass(slots=True, eq=False)
class WasmObject:
    """An object file.

    Attributes:
        sections: contents of those that a module keeps, by their numbers.
        imports: names and kinds of what it takes from elsewhere.
        segments: its data.
        symbols: what relocations name.
        relocations: by the section in which they lie.
    """

    sections: dict[int, bytes] = field(default_factory=dict[int, bytes])
    imports: list[tuple[str, int]] = field(default_factory=list[tuple[str, int]])
    segments: list[Segment] = field(default_factory=list[Segment])
    symbols: list[Symbol] = field(default_factory=list[Symbol])
    relocations: dict[int, list[Relocation]] = field(
        default_factory=dict[int, list[Relocation]]
    )

    @property
    def functions(self) -> Mapping[str, int]:
        """Numbers of the functions by name."""
        return {x.name: x.index for x in self.symbols if not x.is_data and x.name}

    @property
    def function_sizes(self) -> Mapping[str, int]:
        """Bytes of code of each function by name."""
        reader = Reader(self.sections[Section.CODE])
        sizes = [len(reader.bytes()) for _ in range(reader.number())]
        imported = sum(kind == External.FUNCTION for _, kind in self.imports)
        return {name: sizes[i - imported] for name, i in self.functions.items()}

    @property
    def loaded_bytes(self) -> int:
        """Bytes of code and data."""
        code = len(self.sections[Section.CODE])
        return code + sum(len(segment.content) for segment in self.segments)


def is_wasm(content: bytes) -> bool:
    """Whether bytes are a file of WebAssembly."""
    return content[: len(MAGIC)] == MAGIC


def read_object(content: bytes) -> WasmObject:
    """The parts of an object file.

    Raises:
        CompilationError: it is none.
    """
    if not is_wasm(content):
        raise CompilationError("the object is not one of WebAssembly, version 1")
    made = WasmObject()
    reader = Reader(content, len(MAGIC))
    numbers: list[int] = []
    while not reader.is_at_end:
        number = reader.byte()
        part = reader.bytes()
        numbers.append(number)
        if number == Section.CUSTOM:
            _read_custom(made, Reader(part), numbers)
        elif number == Section.IMPORT:
            _read_imports(made, Reader(part))
        elif number == Section.DATA:
            _read_data(made, Reader(part))
        else:
            made.sections[number] = part
    return made


def _read_imports(made: WasmObject, reader: Reader) -> None:
    for _ in range(reader.number()):
        reader.text()
        name, kind = reader.text(), reader.byte()
        if kind in (External.TABLE, External.MEMORY):
            if kind == External.TABLE:
                reader.byte()
            has_greatest = reader.byte() & 1
            reader.number()
            if has_greatest:
                reader.number()
        elif kind == External.GLOBAL:
            reader.byte()
            reader.byte()
        else:
            reader.number()
        made.imports.append((name, kind))


def _read_data(made: WasmObject, reader: Reader) -> None:
    """Segments behind `i32.const ADDRESS` and `end`."""
    for _ in range(reader.number()):
        reader.number()
        reader.byte()
        reader.signed()
        reader.byte()
        content = reader.bytes()
        made.segments.append(Segment(content, reader.position - len(content)))


def _read_custom(made: WasmObject, reader: Reader, numbers: list[int]) -> None:
    name = reader.text()
    if name == "linking":
        _read_linking(made, reader)
    elif name.startswith("reloc."):
        section = numbers[reader.number()]
        rows = [_read_relocation(reader) for _ in range(reader.number())]
        made.relocations[section] = rows


def _read_relocation(reader: Reader) -> Relocation:
    kind, offset, symbol = reader.byte(), reader.number(), reader.number()
    addend = reader.signed() if kind in _WITH_ADDEND else 0
    return Relocation(kind, offset, symbol, addend)


def _read_linking(made: WasmObject, reader: Reader) -> None:
    reader.number()
    while not reader.is_at_end:
        kind = reader.byte()
        part = Reader(reader.bytes())
        if kind == _SEGMENTS:
            for index in range(part.number()):
                part.text()
                made.segments[index].alignment = 1 << part.number()
                part.number()
        elif kind == _SYMBOLS:
            made.symbols += [_read_symbol(part) for _ in range(part.number())]


def _read_symbol(reader: Reader) -> Symbol:
    kind, flags = reader.byte(), reader.number()
    if kind == _SYMBOL_SECTION:
        return Symbol("", reader.number(), 0, is_data=False)
    if kind != _SYMBOL_DATA:
        index = reader.number()
        is_named = not flags & _UNDEFINED or flags & _NAMED
        return Symbol(reader.text() if is_named else "", index, 0, is_data=False)
    name = reader.text()
    if flags & _UNDEFINED:
        raise CompilationError(f"the object needs '{name}', which nothing defines")
    index, offset = reader.number(), reader.number()
    reader.number()
    return Symbol(name, index, offset, is_data=True)
