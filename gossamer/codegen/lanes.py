"""How operators that move lanes of a vector, or join them, are written in LLVM IR."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from gossamer.codegen.site import Site, call, suffix, type_text, typed
from gossamer.nest.expr import I8, I16, Kind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gossamer.codegen.llvm import Printer

_PACKS = {
    4: ("llvm.x86.sse2.packssdw.128", "llvm.x86.sse2.packsswb.128"),
    8: ("llvm.x86.avx2.packssdw", "llvm.x86.avx2.packsswb"),
    16: ("llvm.x86.avx512.packssdw.512", "llvm.x86.avx512.packsswb.512"),
}
"""int32 to int16 and int16 to int8, within blocks of 16 bytes, by int32 lanes."""

_BLOCK_LANES = 4
"""int32 lanes of such a block."""


def print_splat(at: Site) -> None:
    text = type_text(at.result.kind)
    one = at.printer.fresh("%s")
    scalar = type_text(at.operands[0].kind)
    at.printer.line(
        f"  {one} = insertelement {text} poison, {scalar} {at.texts[0]}, i64 0"
    )
    at.value(
        f"shufflevector {text} {one}, {text} poison, "
        f"<{at.result.kind.lanes} x i32> zeroinitializer"
    )


def print_extract(at: Site) -> None:
    text = type_text(at.operands[0].kind)
    at.value(f"extractelement {text} {at.texts[0]}, i64 {at.attribute}")


def print_shuffle(at: Site) -> None:
    text = type_text(at.operands[0].kind)
    picked = cast("tuple[int, ...]", at.attribute)
    if not at.operands[0].kind.is_vector:
        _join(at, at.operands[0].kind, [at.texts[lane] for lane in picked])
        return
    lanes = ", ".join(f"i32 {lane}" for lane in picked)
    at.value(
        f"shufflevector {text} {at.texts[0]}, {text} {at.texts[1]}, "
        f"<{len(picked)} x i32> <{lanes}>"
    )


def print_sum(at: Site) -> None:
    kind = at.operands[0].kind
    vector = f"{type_text(kind)} {at.texts[0]}"
    if kind.is_float:
        name = f"llvm.vector.reduce.fadd.{suffix(kind)}"
        scalar = type_text(at.result.kind)
        at.printer.declare(f"declare {scalar} @{name}({scalar}, {type_text(kind)})")
        at.value(f"call reassoc {scalar} @{name}({scalar} 0.0, {vector})")
        return
    name = f"llvm.vector.reduce.add.{suffix(kind)}"
    call(at.printer, at.name, at.result.kind, name, [vector])


def print_peak(at: Site) -> None:
    kind = at.operands[0].kind
    word = "fmax" if kind.is_float else "smax"
    name = f"llvm.vector.reduce.{word}.{suffix(kind)}"
    made, vector = type_text(at.result.kind), type_text(kind)
    at.printer.declare(f"declare {made} @{name}({vector})")
    flags = "nnan nsz " if kind.is_float else ""
    at.value(f"call {flags}{made} @{name}({vector} {at.texts[0]})")


def print_narrow(at: Site) -> None:
    print_narrowing(at.printer, at.operands[0].kind, at.texts[0], at.name)


def print_narrowing(printer: Printer, kind: Kind, value: str, name: str) -> None:
    """int32 to int8, saturating."""
    low, high = printer.fresh("%n"), printer.fresh("%n")
    text = type_text(kind)

    def limit(number: int) -> str:
        return f"{text} {number}" if kind.lanes == 1 else f"{text} splat (i32 {number})"

    def clamp(name: str, value: str, intrinsic: str, number: int) -> None:
        whole = f"llvm.{intrinsic}.{suffix(kind)}"
        printer.declare(f"declare {text} @{whole}({text}, {text})")
        printer.line(
            f"  {name} = call {text} @{whole}({text} {value}, {limit(number)})"
        )

    clamp(low, value, "smax", -128)
    clamp(high, low, "smin", 127)
    printer.line(f"  {name} = trunc {text} {high} to {type_text(I8.of(kind.lanes))}")


def print_pack(at: Site) -> None:
    kind = at.operands[0].kind
    if kind.lanes not in _PACKS or not at.printer.target.is_x86:
        _pack_by_narrowing(at)
        return
    words, bytes_ = _PACKS[kind.lanes]
    half = I16.of(kind.lanes * 2)
    low, high = at.printer.fresh("%h"), at.printer.fresh("%h")
    call(at.printer, low, half, words, typed(kind, at.texts[:2]))
    call(at.printer, high, half, words, typed(kind, at.texts[2:]))
    call(
        at.printer,
        at.name,
        at.result.kind,
        bytes_,
        typed(half, [low, high]),
    )


def _pack_by_narrowing(at: Site) -> None:
    """Each vector to int8, then one behind the other: of at most four lanes each."""
    kind = at.operands[0].kind
    assert kind.lanes <= _BLOCK_LANES
    parts = [at.printer.fresh("%h") for _ in at.texts]
    for name, text in zip(parts, at.texts, strict=True):
        print_narrowing(at.printer, kind, text, name)
    _join(at, I8.of(kind.lanes), parts)


def _join(at: Site, kind: Kind, parts: Sequence[str]) -> None:
    """Scalars or vectors one behind the other; their number is a power of two."""
    if not kind.is_vector:
        vector, text = "poison", type_text(kind.of(len(parts)))
        for lane, part in enumerate(parts):
            name = at.name if lane == len(parts) - 1 else at.printer.fresh("%j")
            scalar = f"{type_text(kind)} {part}, i64 {lane}"
            at.printer.line(f"  {name} = insertelement {text} {vector}, {scalar}")
            vector = name
        return
    while len(parts) > 1:
        lanes = ", ".join(f"i32 {lane}" for lane in range(2 * kind.lanes))
        joined: list[str] = []
        for left, right in zip(parts[::2], parts[1::2], strict=True):
            name = at.name if len(parts) == 2 else at.printer.fresh("%j")
            at.printer.line(
                f"  {name} = shufflevector {type_text(kind)} {left}, {type_text(kind)} "
                f"{right}, <{2 * kind.lanes} x i32> <{lanes}>"
            )
            joined.append(name)
        parts, kind = joined, kind.of(2 * kind.lanes)


def print_look_up(at: Site) -> None:
    """Two tables of 128 bytes, and the index's first bit to choose between them."""
    kind = at.result.kind
    text, index = type_text(kind), at.texts[4]
    halves = [at.printer.fresh("%t"), at.printer.fresh("%t")]
    for name, low, high in zip(halves, at.texts[0:4:2], at.texts[1:4:2], strict=True):
        arguments = typed(kind, [low, index, high])
        call(at.printer, name, kind, "llvm.x86.avx512.vpermi2var.qi.512", arguments)
    flag = at.printer.fresh("%t")
    at.printer.line(f"  {flag} = icmp slt {text} {index}, zeroinitializer")
    flags = type_text(Kind("i1", kind.lanes))
    at.value(f"select {flags} {flag}, {text} {halves[1]}, {text} {halves[0]}")
