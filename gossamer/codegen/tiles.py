"""How operators on the matrix unit are written in LLVM IR, and how it is set up.

Registers are named outright, so that none of LLVM's passes for the unit has work.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from gossamer.codegen.llvm import Printer
    from gossamer.nest.stmt import Kernel
    from gossamer.nest.target import Target

_NAMES: Mapping[str, str] = {
    "tile_dot": "tdpbssd",
    "tile_dot_floats": "tdpbf16ps",
    "tile_load": "tileloadd64",
    "tile_store": "tilestored64",
    "tile_zero": "tilezero",
}
_SETTING = "@tiles"


def is_tile_operator(op: str) -> bool:
    return op in _NAMES


def print_tile_operator(
    printer: Printer, op: str, operands: Sequence[str], attribute: object
) -> None:
    """Print one; `operands` are texts: a pointer and a stride, or nothing."""
    numbers = cast("tuple[int, ...]", attribute)
    arguments = [f"i8 {number}" for number in numbers]
    for kind, text in zip(("ptr", "i64"), operands, strict=False):
        arguments.append(f"{kind} {text}")
    types = ", ".join(argument.split(" ")[0] for argument in arguments)
    name = f"@llvm.x86.{_NAMES[op]}"
    printer.declare(f"declare void {name}({types})")
    printer.line(f"  call void {name}({', '.join(arguments)})")


def tile_declarations(target: Target, kernels: Iterable[Kernel]) -> list[str]:
    """What a module needs beside kernels that use the matrix unit."""
    tiles = target.tiles
    if tiles is None or not any(kernel.uses_tiles for kernel in kernels):
        return []
    spare = [0] * (16 - tiles.count)
    widths = [byte for _ in range(tiles.count) for byte in (tiles.row_bytes, 0)]
    heights = [tiles.rows] * tiles.count
    head = [1, 0] + [0] * 14  # the palette; rows to start from; reserved
    data = (*head, *widths, *spare, *spare, *heights, *spare)
    text = ", ".join(f"i8 {byte}" for byte in data)
    return [
        "declare void @llvm.x86.ldtilecfg(ptr)",
        "declare void @llvm.x86.tilerelease()",
        f"{_SETTING} = private constant [{len(data)} x i8] [{text}], align 64",
    ]


def tile_frame(kernels: Iterable[Kernel]) -> tuple[list[str], list[str]]:
    """What a thread does before and after it calls the kernels."""
    if not any(kernel.uses_tiles for kernel in kernels):
        return [], []
    start = f"  call void @llvm.x86.ldtilecfg(ptr {_SETTING})"
    return [start], ["  call void @llvm.x86.tilerelease()"]
