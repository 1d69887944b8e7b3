"""Where a library's bytes go: flash and memory of each layer."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from gossamer.deploy.wasm.objects import is_wasm, read_object
from gossamer.lowering.program import PlacedStep, steps_of
from gossamer.memory import CONSTANTS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gossamer.deploy.translate import Translated
    from gossamer.ir.graph import Node
    from gossamer.lowering.program import Action

_ELF = b"\x7fELF"
_PROGRAM, _SYMTAB = 1, 2
_ALLOCATED = 2
_FUNCTION = 2


@dataclass(frozen=True, slots=True)
class LayerBytes:
    """What a layer takes.

    Attributes:
        name: of the tensor that it gives.
        operator: such as CONV_2D.
        code: bytes of its kernels; those that layers share count where they are first.
        constants: bytes of weights, tables and multipliers, counted likewise.
        memory: bytes of what it reads and writes beside these.
    """

    name: str
    operator: str
    code: int
    constants: int
    memory: int


def layer_bytes(
    translated: Translated, names: Mapping[int, str], code: bytes
) -> list[LayerBytes]:
    """The bytes of each layer in the order in which they run.

    Args:
        translated: the library.
        names: of its kernels in the object, by identity.
        code: the object; where its format is unknown, the code's bytes are 0.
    """
    kernels = function_sizes(code)
    program = translated.work.program
    extents = _extents(program.actions, len(translated.library.constants))
    seen: set[object] = set()
    rows: list[LayerBytes] = []
    for step in steps_of(program.actions):
        assert isinstance(step, PlacedStep)
        name = names[id(step.kernel)].removeprefix("@")
        own = 0 if name in seen else kernels.get(name, 0)
        seen.add(name)
        constants = 0
        for address in step.addresses:
            if address[0] == CONSTANTS and address not in seen:
                constants += extents[address[1]]
                seen.add(address)
        rows.append(_row(step, own, constants))
    return _joined(rows)


def _extents(actions: tuple[Action, ...], total: int) -> dict[int, int]:
    """Bytes from each constant to the next."""
    steps = [x for x in steps_of(actions) if isinstance(x, PlacedStep)]
    starts = sorted(
        {offset for x in steps for base, offset in x.addresses if base == CONSTANTS}
    )
    return {one: two - one for one, two in pairwise([*starts, total])}


def _row(step: PlacedStep, code: int, constants: int) -> LayerBytes:
    node = step.node
    name = node.outputs[0].name if node.outputs else ""
    memory = sum(_memory_of(node))
    return LayerBytes(name, node.op.name, code, constants, memory)


def _memory_of(node: Node) -> list[int]:
    return [
        x.type.nbytes
        for x in dict.fromkeys((*node.inputs, *node.outputs))
        if x is not None and x.data is None and x.type.is_static
    ]


def _joined(rows: Sequence[LayerBytes]) -> list[LayerBytes]:
    """The steps of a layer as one row."""
    found: dict[tuple[str, str], LayerBytes] = {}
    for row in rows:
        key = row.name, row.operator
        known = found.get(key)
        found[key] = (
            row
            if known is None
            else LayerBytes(
                row.name,
                row.operator,
                known.code + row.code,
                known.constants + row.constants,
                max(known.memory, row.memory),
            )
        )
    return list(found.values())


def function_sizes(content: bytes) -> dict[str, int]:
    """Bytes of the functions in an object, by name; nothing for unknown formats."""
    if is_wasm(content):
        return dict(read_object(content).function_sizes)
    found: dict[str, int] = {}
    sections = _sections(content)
    for section in sections:
        if section.kind == _SYMTAB:
            names = sections[section.link].start
            found |= _functions(content, section, names)
    return found


def loaded_bytes(content: bytes) -> int:
    """Bytes of an object that go into a program; all of it for unknown formats."""
    if is_wasm(content):
        return read_object(content).loaded_bytes
    sections = _sections(content)
    if not sections:
        return len(content)
    return sum(
        section.size
        for section in sections
        if section.flags & _ALLOCATED and section.kind == _PROGRAM
    )


@dataclass(frozen=True, slots=True)
class _Section:
    kind: int
    flags: int
    start: int
    size: int
    link: int


def _sections(content: bytes) -> list[_Section]:
    if content[:4] != _ELF:
        return []
    layout = _layout(content)
    (table,) = struct.unpack_from(layout.address, content, layout.table)
    size, count = struct.unpack_from("<HH", content, layout.sizes)
    rows = (
        struct.unpack_from(layout.section, content, table + i * size)
        for i in range(count)
    )
    return [_Section(row[1], row[2], row[4], row[5], row[6]) for row in rows]


@dataclass(frozen=True, slots=True)
class _Layout:
    """Formats of an address, a section, a symbol; where the table and sizes stand.

    `info` and `size` are a symbol's fields, by number.
    """

    address: str
    section: str
    symbol: str
    table: int
    sizes: int
    info: int
    size: int


_WIDE = _Layout("<Q", "<IIQQQQIIQQ", "<IBBHQQ", 0x28, 0x3A, 1, 5)
_NARROW = _Layout("<I", "<IIIIIIIIII", "<IIIBBH", 0x20, 0x2E, 3, 2)


def _layout(content: bytes) -> _Layout:
    return _WIDE if content[4] == 2 else _NARROW


def _functions(content: bytes, table: _Section, names: int) -> dict[str, int]:
    layout = _layout(content)
    found: dict[str, int] = {}
    step = struct.calcsize(layout.symbol)
    for at in range(table.start, table.start + table.size, step):
        symbol = struct.unpack_from(layout.symbol, content, at)
        if symbol[layout.info] & 15 == _FUNCTION:
            start = names + symbol[0]
            name = content[start : content.index(b"\0", start)].decode()
            found[name] = symbol[layout.size]
    return found
