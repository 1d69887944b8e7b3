"""An object file made a module: data laid out, addresses filled in, names exported.

One object that needs no function from elsewhere keeps the numbers of its types,
functions and globals, so that only addresses of data are new.

    0 .. STACK    the stack, which grows downwards: too much of it is an access below 0
    .. context    data, each segment at a multiple of its alignment
    context ..    the memory that a network works in
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gossamer.deploy.wasm.leb128 import PADDED, signed, unsigned
from gossamer.deploy.wasm.objects import (
    MAGIC,
    External,
    Patch,
    Section,
    WasmObject,
    read_object,
)
from gossamer.errors import CompilationError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gossamer.deploy.wasm.objects import Relocation

STACK = 1 << 16
"""Bytes of the stack, which only holds small arrays of kernels."""
PAGE = 1 << 16
"""Bytes by which memory is counted."""
CONTEXT = "context"
"""The exported global that tells where the network's memory begins."""
_I32, _CONSTANT, _VARIABLE = 0x7F, 0, 1
_I32_CONST, _END = 0x41, 0x0B
_STACK_POINTER = "__stack_pointer"


def link(
    content: bytes, exports: Mapping[str, str], context_bytes: int, alignment: int
) -> bytes:
    """The module of an object.

    Args:
        content: the object file.
        exports: functions by the names that the module gives them.
        context_bytes: of the memory that a network works in.
        alignment: of it, in bytes.

    Raises:
        CompilationError: it is no object of WebAssembly, or needs something else.
    """
    found = read_object(content)
    _check_imports(found)
    addresses, end = _laid_out(found)
    context = _up(end, alignment)
    pages = -(-(context + context_bytes) // PAGE)
    parts = {
        Section.TYPE: found.sections[Section.TYPE],
        Section.FUNCTION: found.sections[Section.FUNCTION],
        Section.MEMORY: _vector([b"\x01" + unsigned(pages) + unsigned(pages)]),
        Section.GLOBAL: _globals(found, context),
        Section.EXPORT: _exports(found, exports),
        Section.CODE: _patched_code(found, addresses),
        Section.DATA: _data(found, addresses),
    }
    return MAGIC + b"".join(
        unsigned(number) + unsigned(len(part)) + part for number, part in parts.items()
    )


def _check_imports(found: WasmObject) -> None:
    known = {External.MEMORY, External.GLOBAL}
    missing = [
        name
        for name, kind in found.imports
        if kind not in known or (kind == External.GLOBAL and name != _STACK_POINTER)
    ]
    if missing:
        raise CompilationError(
            f"the code needs {', '.join(missing)} from elsewhere, and a module of "
            "Gossamer calls nothing; please report this with the model"
        )


def _laid_out(found: WasmObject) -> tuple[list[int], int]:
    """The address of each segment, and the first behind them."""
    position = STACK
    addresses: list[int] = []
    for segment in found.segments:
        position = _up(position, segment.alignment)
        addresses.append(position)
        position += len(segment.content)
    return addresses, position


def _up(number: int, multiple: int) -> int:
    return -(-number // multiple) * multiple


def _vector(items: Sequence[bytes]) -> bytes:
    return unsigned(len(items)) + b"".join(items)


def _globals(found: WasmObject, context: int) -> bytes:
    """The stack pointer has the number that it has in the object: 0."""
    made: list[bytes] = []
    if any(kind == External.GLOBAL for _, kind in found.imports):
        made.append(_global(STACK, _VARIABLE))
    return _vector([*made, _global(context, _CONSTANT)])


def _global(value: int, is_variable: int) -> bytes:
    return bytes([_I32, is_variable, _I32_CONST]) + signed(value) + bytes([_END])


def _exports(found: WasmObject, exports: Mapping[str, str]) -> bytes:
    numbers = found.functions
    last = sum(kind == External.GLOBAL for _, kind in found.imports)
    rows = [("memory", External.MEMORY, 0), (CONTEXT, External.GLOBAL, last)]
    rows += [(name, External.FUNCTION, numbers[x]) for name, x in exports.items()]
    return _vector(
        [
            unsigned(len(name)) + name.encode() + bytes([kind]) + unsigned(number)
            for name, kind, number in rows
        ]
    )


def _patched_code(found: WasmObject, addresses: Sequence[int]) -> bytes:
    code = bytearray(found.sections[Section.CODE])
    _patch(code, found, found.relocations.get(Section.CODE, ()), addresses)
    return bytes(code)


def _data(found: WasmObject, addresses: Sequence[int]) -> bytes:
    rows: list[bytes] = []
    relocations = found.relocations.get(Section.DATA, ())
    for segment, address in zip(found.segments, addresses, strict=True):
        start, end = segment.offset, segment.offset + len(segment.content)
        content = bytearray(segment.content)
        own = [x for x in relocations if start <= x.offset < end]
        _patch(content, found, own, addresses, start)
        place = bytes([_I32_CONST]) + signed(address) + bytes([_END])
        rows.append(b"\0" + place + unsigned(len(content)) + bytes(content))
    return _vector(rows)


def _patch(
    content: bytearray,
    found: WasmObject,
    relocations: Sequence[Relocation],
    addresses: Sequence[int],
    start: int = 0,
) -> None:
    """Write what is known now; `start` is where the content begins in its section."""
    for each in relocations:
        made = _value(each, found, addresses)
        at = each.offset - start
        content[at : at + len(made)] = made


def _value(
    relocation: Relocation, found: WasmObject, addresses: Sequence[int]
) -> bytes:
    kind = relocation.kind
    if kind == Patch.TYPE_INDEX:
        return unsigned(relocation.symbol, PADDED)
    symbol = found.symbols[relocation.symbol]
    if kind in (Patch.FUNCTION_INDEX, Patch.GLOBAL_INDEX):
        return unsigned(symbol.index, PADDED)
    is_address = kind in (
        Patch.MEMORY_ADDRESS,
        Patch.MEMORY_ADDRESS_SIGNED,
        Patch.MEMORY_ADDRESS_WORD,
    )
    if not is_address or not symbol.is_data:
        raise CompilationError(
            f"the object has a relocation of kind {kind} for '{symbol.name}', which "
            "this linker does not know; please report this with the model"
        )
    address = addresses[symbol.index] + symbol.offset + relocation.addend
    if kind == Patch.MEMORY_ADDRESS_WORD:
        return address.to_bytes(4, "little")
    write = signed if kind == Patch.MEMORY_ADDRESS_SIGNED else unsigned
    return write(address, PADDED)
