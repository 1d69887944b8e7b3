"""How each operator of the loop language is written in LLVM IR."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, TypeAlias

from gossamer.codegen import dots, lanes, plain
from gossamer.codegen.site import Site, call, suffix, type_text, typed
from gossamer.nest.expr import I8, Kind

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Write: TypeAlias = "Callable[[Site], None]"


def _same_type(intrinsic: str) -> Write:
    """An intrinsic whose operands and result are all of one type."""

    def write(at: Site) -> None:
        kind = at.result.kind
        types = ", ".join([type_text(kind)] * len(at.texts))
        name = f"llvm.{intrinsic}.{suffix(kind)}"
        at.printer.declare(f"declare {type_text(kind)} @{name}({types})")
        arguments = ", ".join(typed(kind, at.texts))
        at.value(f"call {type_text(kind)} @{name}({arguments})")

    return write


def _rounding(op: str) -> Write:
    """A float to a whole number, where the machine has no instruction by others."""

    def write(at: Site) -> None:
        if plain.rounds(at.printer.target, at.result.kind):
            _same_type(op)(at)
            return
        name = at.name
        plain.print_rounding(at.printer, op, at.result.kind, at.texts[0], name)

    return write


def _choose(order: str) -> Write:
    """Minimum or maximum of floats as compare and select: one x86 instruction."""

    def write(at: Site) -> None:
        text = type_text(at.result.kind)
        flag = at.printer.fresh("%c")
        bits = type_text(Kind("i1", at.result.kind.lanes))
        at.printer.line(f"  {flag} = fcmp {order} {text} {at.texts[0]}, {at.texts[1]}")
        at.value(f"select {bits} {flag}, {text} {at.texts[0]}, {text} {at.texts[1]}")

    return write


def _absolute(at: Site) -> None:
    if at.result.kind.is_float:
        _same_type("fabs")(at)
        return
    arguments = [f"{type_text(at.result.kind)} {at.texts[0]}", "i1 false"]
    name = f"llvm.abs.{suffix(at.result.kind)}"
    call(at.printer, at.name, at.result.kind, name, arguments)


def _negate(at: Site) -> None:
    text = type_text(at.result.kind)
    word = f"fneg {text}" if at.result.kind.is_float else f"sub {text} zeroinitializer,"
    at.value(f"{word} {at.texts[0]}")


def _opaque(at: Site) -> None:
    at.value(f'call ptr asm "", "=r,0"(ptr {at.texts[0]})')


def _unsigned_less(at: Site) -> None:
    text = type_text(at.operands[0].kind)
    at.value(f"icmp ult {text} {at.texts[0]}, {at.texts[1]}")


def _select(at: Site) -> None:
    kind = type_text(at.result.kind)
    bits = type_text(at.operands[0].kind)
    at.value(f"select {bits} {at.texts[0]}, {kind} {at.texts[1]}, {kind} {at.texts[2]}")


def _conversion(source: Kind, target: Kind) -> str:
    if source.is_float and target.is_float:
        return "fpext" if target.bytes > source.bytes else "fptrunc"
    if source.is_float:
        return "fptosi"
    if source.base == "i1":
        return "uitofp" if target.is_float else "zext"
    if target.is_float:
        return "sitofp"
    return "sext" if target.bytes > source.bytes else "trunc"


def _cast(word: str) -> Write:
    def write(at: Site) -> None:
        source = at.operands[0].kind
        chosen = word or _conversion(source, at.result.kind)
        at.value(
            f"{chosen} {type_text(source)} {at.texts[0]} to {type_text(at.result.kind)}"
        )

    return write


def _convert(at: Site) -> None:
    pair = (at.operands[0].kind.base, at.result.kind.base)
    name, lanes = at.name, at.result.kind.lanes
    if pair == ("f16", "f32") and not plain.halves(at.printer.target):
        plain.print_from_half(at.printer, lanes, at.texts[0], name)
    elif pair == ("f32", "f16") and not plain.halves(at.printer.target):
        plain.print_to_half(at.printer, lanes, at.texts[0], name)
    else:
        _cast("")(at)


def _dot_quads(at: Site) -> None:
    kind = at.result.kind
    quads = I8.of(kind.lanes * 4)
    bytes_ = [at.printer.fresh("%q"), at.printer.fresh("%q")]
    for name, text in zip(bytes_, at.texts[1:], strict=True):
        at.printer.line(
            f"  {name} = bitcast {type_text(kind)} {text} to {type_text(quads)}"
        )
    arguments = [f"{type_text(kind)} {at.texts[0]}", *typed(quads, bytes_)]
    name = f"llvm.x86.avx512.vpdpbusd.{kind.lanes * 32}"
    call(at.printer, at.name, kind, name, arguments)


_NEAREST = {4: "llvm.x86.sse2.cvtps2dq", 8: "llvm.x86.avx.cvt.ps2dq.256"}
_CURRENT_ROUNDING = "i32 4"


def _nearest(at: Site) -> None:
    """One instruction, which rounds as the machine is set: halves to even."""
    kind = at.operands[0].kind
    lanes = kind.lanes
    given = typed(kind, at.texts)
    if not at.printer.target.is_x86:
        _nearest_in_two(at)
    elif kind.bytes * lanes <= at.printer.target.vector_bytes and lanes in _NEAREST:
        call(at.printer, at.name, at.result.kind, _NEAREST[lanes], given)
    elif kind.bytes * lanes == at.printer.target.vector_bytes and lanes == 16:
        rest = [
            f"{type_text(at.result.kind)} zeroinitializer",
            "i16 -1",
            _CURRENT_ROUNDING,
        ]
        name = "llvm.x86.avx512.mask.cvtps2dq.512"
        call(at.printer, at.name, at.result.kind, name, [*given, *rest])
    else:
        _nearest_in_two(at)


def _nearest_in_two(at: Site) -> None:
    kind = at.operands[0].kind
    whole = at.printer.fresh("%w")
    _rounding("rint")(replace(at, result=at.operands[0], own=whole))
    at.value(f"fptosi {type_text(kind)} {whole} to {type_text(at.result.kind)}")


def _estimate(name: str) -> Write:
    """An instruction that exists for vectors of 4, 8 and 16 floats."""

    def write(at: Site) -> None:
        kind = at.result.kind
        mask = "i16 -1" if kind.lanes == 16 else "i8 -1"
        arguments = [*typed(kind, at.texts), f"{type_text(kind)} zeroinitializer", mask]
        whole = f"llvm.x86.avx512.{name}.ps.{kind.lanes * 32}"
        call(at.printer, at.name, kind, whole, arguments)

    return write


INTRINSICS: Mapping[str, Write] = {
    "abs": _absolute,
    "bits": _cast("bitcast"),
    "ceil": _rounding("ceil"),
    "convert": _convert,
    "count": _cast("sext"),
    "dot_pairs": dots.print_pairs,
    "dot_pairs_more": dots.print_more_pairs,
    "dot_quads": _dot_quads,
    "dot_short_quads": dots.print_short_quads,
    "dot_signed_quads": dots.print_signed_quads,
    "doubled_high": dots.print_doubled_high,
    "estimate_inverse_root": _estimate("rsqrt14"),
    "estimate_reciprocal": _estimate("rcp14"),
    "extract": lanes.print_extract,
    "floor": _rounding("floor"),
    "fma": _same_type("fmuladd"),
    "look_up": lanes.print_look_up,
    "max": _choose("ogt"),
    "min": _choose("olt"),
    "narrow": lanes.print_narrow,
    "nearest": _nearest,
    "neg": _negate,
    "opaque": _opaque,
    "pack": lanes.print_pack,
    "peak": lanes.print_peak,
    "rint": _rounding("rint"),
    "rounded_shift": dots.print_rounded_shift,
    "select": _select,
    "shuffle": lanes.print_shuffle,
    "smax": _same_type("smax"),
    "smin": _same_type("smin"),
    "splat": lanes.print_splat,
    "sqrt": _same_type("sqrt"),
    "sum": lanes.print_sum,
    "trunc": _rounding("trunc"),
    "ult": _unsigned_less,
    "umax": _same_type("umax"),
    "umin": _same_type("umin"),
    "unsigned": _cast("zext"),
}
