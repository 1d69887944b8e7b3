"""How each operator of the loop language is written in LLVM IR."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeAlias, cast

from gossamer.codegen import plain
from gossamer.nest.expr import I8, I16, I32, Kind

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from gossamer.codegen.llvm import Printer
    from gossamer.nest.expr import Value

    Write: TypeAlias = "Callable[[Site], None]"

_SCALAR = {"f16": "half", "f32": "float", "f64": "double"}


def _text(kind: Kind) -> str:
    scalar = _SCALAR.get(kind.base, kind.base)
    return scalar if kind.lanes == 1 else f"<{kind.lanes} x {scalar}>"


def _suffix(kind: Kind) -> str:
    return kind.base if kind.lanes == 1 else f"v{kind.lanes}{kind.base}"


def call(
    printer: Printer, result: str, kind: Kind, name: str, arguments: Sequence[str]
) -> None:
    """Print a call of an intrinsic whose arguments are given with their types."""
    types = ", ".join(argument.rsplit(" ", 1)[0] for argument in arguments)
    printer.declare(f"declare {_text(kind)} @{name}({types})")
    printer.line(f"  {result} = call {_text(kind)} @{name}({', '.join(arguments)})")


def _typed(kind: Kind, texts: Sequence[str]) -> list[str]:
    return [f"{_text(kind)} {text}" for text in texts]


@dataclass(frozen=True, slots=True)
class Site:
    """An instruction to be printed, with its operands' text."""

    printer: Printer
    result: Value
    operands: Sequence[Value]
    texts: Sequence[str]
    attribute: object
    own: str = ""
    """The result's name, where it is not one of the kernel's values."""

    @property
    def name(self) -> str:
        """The result's name."""
        return self.own or f"%v{self.result.number}"

    def value(self, text: str) -> None:
        """Print the instruction that computes the result."""
        self.printer.line(f"  {self.name} = {text}")


def _same_type(intrinsic: str) -> Write:
    """An intrinsic whose operands and result are all of one type."""

    def write(at: Site) -> None:
        kind = at.result.kind
        types = ", ".join([_text(kind)] * len(at.texts))
        name = f"llvm.{intrinsic}.{_suffix(kind)}"
        at.printer.declare(f"declare {_text(kind)} @{name}({types})")
        arguments = ", ".join(_typed(kind, at.texts))
        at.value(f"call {_text(kind)} @{name}({arguments})")

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
        text = _text(at.result.kind)
        flag = at.printer.fresh("%c")
        bits = _text(Kind("i1", at.result.kind.lanes))
        at.printer.line(f"  {flag} = fcmp {order} {text} {at.texts[0]}, {at.texts[1]}")
        at.value(f"select {bits} {flag}, {text} {at.texts[0]}, {text} {at.texts[1]}")

    return write


def _absolute(at: Site) -> None:
    if at.result.kind.is_float:
        _same_type("fabs")(at)
        return
    arguments = [f"{_text(at.result.kind)} {at.texts[0]}", "i1 false"]
    name = f"llvm.abs.{_suffix(at.result.kind)}"
    call(at.printer, at.name, at.result.kind, name, arguments)


def _negate(at: Site) -> None:
    text = _text(at.result.kind)
    word = f"fneg {text}" if at.result.kind.is_float else f"sub {text} zeroinitializer,"
    at.value(f"{word} {at.texts[0]}")


def _opaque(at: Site) -> None:
    at.value(f'call ptr asm "", "=r,0"(ptr {at.texts[0]})')


def _unsigned_less(at: Site) -> None:
    text = _text(at.operands[0].kind)
    at.value(f"icmp ult {text} {at.texts[0]}, {at.texts[1]}")


def _select(at: Site) -> None:
    kind = _text(at.result.kind)
    bits = _text(at.operands[0].kind)
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
        at.value(f"{chosen} {_text(source)} {at.texts[0]} to {_text(at.result.kind)}")

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


def _splat(at: Site) -> None:
    text = _text(at.result.kind)
    one = at.printer.fresh("%s")
    scalar = _text(at.operands[0].kind)
    at.printer.line(
        f"  {one} = insertelement {text} poison, {scalar} {at.texts[0]}, i64 0"
    )
    at.value(
        f"shufflevector {text} {one}, {text} poison, "
        f"<{at.result.kind.lanes} x i32> zeroinitializer"
    )


def _extract(at: Site) -> None:
    text = _text(at.operands[0].kind)
    at.value(f"extractelement {text} {at.texts[0]}, i64 {at.attribute}")


def _shuffle(at: Site) -> None:
    text = _text(at.operands[0].kind)
    picked = cast("tuple[int, ...]", at.attribute)
    if not at.operands[0].kind.is_vector:
        _join(at, at.operands[0].kind, [at.texts[lane] for lane in picked])
        return
    lanes = ", ".join(f"i32 {lane}" for lane in picked)
    at.value(
        f"shufflevector {text} {at.texts[0]}, {text} {at.texts[1]}, "
        f"<{len(picked)} x i32> <{lanes}>"
    )


def _sum(at: Site) -> None:
    kind = at.operands[0].kind
    vector = f"{_text(kind)} {at.texts[0]}"
    if kind.is_float:
        name = f"llvm.vector.reduce.fadd.{_suffix(kind)}"
        scalar = _text(at.result.kind)
        at.printer.declare(f"declare {scalar} @{name}({scalar}, {_text(kind)})")
        at.value(f"call reassoc {scalar} @{name}({scalar} 0.0, {vector})")
        return
    name = f"llvm.vector.reduce.add.{_suffix(kind)}"
    call(at.printer, at.name, at.result.kind, name, [vector])


def _peak(at: Site) -> None:
    kind = at.operands[0].kind
    word = "fmax" if kind.is_float else "smax"
    name = f"llvm.vector.reduce.{word}.{_suffix(kind)}"
    at.printer.declare(f"declare {_text(at.result.kind)} @{name}({_text(kind)})")
    flags = "nnan nsz " if kind.is_float else ""
    at.value(
        f"call {flags}{_text(at.result.kind)} @{name}({_text(kind)} {at.texts[0]})"
    )


def _dot_quads(at: Site) -> None:
    kind = at.result.kind
    quads = I8.of(kind.lanes * 4)
    bytes_ = [at.printer.fresh("%q"), at.printer.fresh("%q")]
    for name, text in zip(bytes_, at.texts[1:], strict=True):
        at.printer.line(f"  {name} = bitcast {_text(kind)} {text} to {_text(quads)}")
    arguments = [f"{_text(kind)} {at.texts[0]}", *_typed(quads, bytes_)]
    name = f"llvm.x86.avx512.vpdpbusd.{kind.lanes * 32}"
    call(at.printer, at.name, kind, name, arguments)


def _dot_pairs(at: Site) -> None:
    """Even and odd products added: selected as one instruction where there is one."""
    kind = at.result.kind
    pairs = I16.of(kind.lanes * 2)
    wide = I32.of(kind.lanes)
    words: list[str] = []
    for text in at.texts:
        word = at.printer.fresh("%p")
        at.printer.line(f"  {word} = bitcast {_text(kind)} {text} to {_text(pairs)}")
        words.append(word)
    products: list[str] = []
    for odd in (0, 1):
        factors = [_every_other(at, word, pairs, odd) for word in words]
        product = at.printer.fresh("%p")
        at.printer.line(f"  {product} = mul {_text(wide)} {factors[0]}, {factors[1]}")
        products.append(product)
    at.value(f"add {_text(wide)} {products[0]}, {products[1]}")


def _every_other(at: Site, word: str, pairs: Kind, odd: int) -> str:
    """The even or the odd ones of int16 lanes, as int32."""
    half, full = at.printer.fresh("%p"), at.printer.fresh("%p")
    count = pairs.lanes // 2
    if count == 1:
        picked = f"extractelement {_text(pairs)} {word}, i64 {odd}"
    else:
        lanes = ", ".join(f"i32 {2 * lane + odd}" for lane in range(count))
        picked = (
            f"shufflevector {_text(pairs)} {word}, {_text(pairs)} "
            f"poison, <{count} x i32> <{lanes}>"
        )
    at.printer.line(f"  {half} = {picked}")
    narrow, wide = _text(I16.of(count)), _text(I32.of(count))
    at.printer.line(f"  {full} = sext {narrow} {half} to {wide}")
    return full


def _narrow(at: Site) -> None:
    print_narrowing(at.printer, at.operands[0].kind, at.texts[0], at.name)


def print_narrowing(printer: Printer, kind: Kind, value: str, name: str) -> None:
    """int32 to int8, saturating."""
    low, high = printer.fresh("%n"), printer.fresh("%n")
    text = _text(kind)

    def limit(number: int) -> str:
        return f"{text} {number}" if kind.lanes == 1 else f"{text} splat (i32 {number})"

    def clamp(name: str, value: str, intrinsic: str, number: int) -> None:
        whole = f"llvm.{intrinsic}.{_suffix(kind)}"
        printer.declare(f"declare {text} @{whole}({text}, {text})")
        printer.line(
            f"  {name} = call {text} @{whole}({text} {value}, {limit(number)})"
        )

    clamp(low, value, "smax", -128)
    clamp(high, low, "smin", 127)
    printer.line(f"  {name} = trunc {text} {high} to {_text(I8.of(kind.lanes))}")


_NEAREST = {4: "llvm.x86.sse2.cvtps2dq", 8: "llvm.x86.avx.cvt.ps2dq.256"}
_CURRENT_ROUNDING = "i32 4"


def _nearest(at: Site) -> None:
    """One instruction, which rounds as the machine is set: halves to even."""
    kind = at.operands[0].kind
    lanes = kind.lanes
    given = _typed(kind, at.texts)
    if not at.printer.target.is_x86:
        _nearest_in_two(at)
    elif kind.bytes * lanes <= at.printer.target.vector_bytes and lanes in _NEAREST:
        call(at.printer, at.name, at.result.kind, _NEAREST[lanes], given)
    elif kind.bytes * lanes == at.printer.target.vector_bytes and lanes == 16:
        rest = [f"{_text(at.result.kind)} zeroinitializer", "i16 -1", _CURRENT_ROUNDING]
        name = "llvm.x86.avx512.mask.cvtps2dq.512"
        call(at.printer, at.name, at.result.kind, name, [*given, *rest])
    else:
        _nearest_in_two(at)


def _nearest_in_two(at: Site) -> None:
    kind = at.operands[0].kind
    whole = at.printer.fresh("%w")
    _rounding("rint")(replace(at, result=at.operands[0], own=whole))
    at.value(f"fptosi {_text(kind)} {whole} to {_text(at.result.kind)}")


def _estimate(name: str) -> Write:
    """An instruction that exists for vectors of 4, 8 and 16 floats."""

    def write(at: Site) -> None:
        kind = at.result.kind
        mask = "i16 -1" if kind.lanes == 16 else "i8 -1"
        arguments = [*_typed(kind, at.texts), f"{_text(kind)} zeroinitializer", mask]
        whole = f"llvm.x86.avx512.{name}.ps.{kind.lanes * 32}"
        call(at.printer, at.name, kind, whole, arguments)

    return write


_PACKS = {
    4: ("llvm.x86.sse2.packssdw.128", "llvm.x86.sse2.packsswb.128"),
    8: ("llvm.x86.avx2.packssdw", "llvm.x86.avx2.packsswb"),
    16: ("llvm.x86.avx512.packssdw.512", "llvm.x86.avx512.packsswb.512"),
}
"""int32 to int16 and int16 to int8, within blocks of 16 bytes, by int32 lanes."""

_BLOCK_LANES = 4
"""int32 lanes of such a block."""


def _pack(at: Site) -> None:
    kind = at.operands[0].kind
    if kind.lanes not in _PACKS or not at.printer.target.is_x86:
        _pack_by_narrowing(at)
        return
    words, bytes_ = _PACKS[kind.lanes]
    half = I16.of(kind.lanes * 2)
    low, high = at.printer.fresh("%h"), at.printer.fresh("%h")
    call(at.printer, low, half, words, _typed(kind, at.texts[:2]))
    call(at.printer, high, half, words, _typed(kind, at.texts[2:]))
    call(
        at.printer,
        at.name,
        at.result.kind,
        bytes_,
        _typed(half, [low, high]),
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
        vector, text = "poison", _text(kind.of(len(parts)))
        for lane, part in enumerate(parts):
            name = at.name if lane == len(parts) - 1 else at.printer.fresh("%j")
            scalar = f"{_text(kind)} {part}, i64 {lane}"
            at.printer.line(f"  {name} = insertelement {text} {vector}, {scalar}")
            vector = name
        return
    while len(parts) > 1:
        lanes = ", ".join(f"i32 {lane}" for lane in range(2 * kind.lanes))
        joined: list[str] = []
        for left, right in zip(parts[::2], parts[1::2], strict=True):
            name = at.name if len(parts) == 2 else at.printer.fresh("%j")
            at.printer.line(
                f"  {name} = shufflevector {_text(kind)} {left}, {_text(kind)} "
                f"{right}, <{2 * kind.lanes} x i32> <{lanes}>"
            )
            joined.append(name)
        parts, kind = joined, kind.of(2 * kind.lanes)


def _look_up(at: Site) -> None:
    """Two tables of 128 bytes, and the index's first bit to choose between them."""
    kind = at.result.kind
    text, index = _text(kind), at.texts[4]
    halves = [at.printer.fresh("%t"), at.printer.fresh("%t")]
    for name, low, high in zip(halves, at.texts[0:4:2], at.texts[1:4:2], strict=True):
        arguments = _typed(kind, [low, index, high])
        call(at.printer, name, kind, "llvm.x86.avx512.vpermi2var.qi.512", arguments)
    flag = at.printer.fresh("%t")
    at.printer.line(f"  {flag} = icmp slt {text} {index}, zeroinitializer")
    flags = _text(Kind("i1", kind.lanes))
    at.value(f"select {flags} {flag}, {text} {halves[1]}, {text} {halves[0]}")


INTRINSICS: Mapping[str, Write] = {
    "abs": _absolute,
    "bits": _cast("bitcast"),
    "ceil": _rounding("ceil"),
    "convert": _convert,
    "dot_pairs": _dot_pairs,
    "dot_quads": _dot_quads,
    "estimate_inverse_root": _estimate("rsqrt14"),
    "estimate_reciprocal": _estimate("rcp14"),
    "extract": _extract,
    "floor": _rounding("floor"),
    "fma": _same_type("fmuladd"),
    "look_up": _look_up,
    "max": _choose("ogt"),
    "min": _choose("olt"),
    "narrow": _narrow,
    "nearest": _nearest,
    "neg": _negate,
    "opaque": _opaque,
    "pack": _pack,
    "peak": _peak,
    "rint": _rounding("rint"),
    "select": _select,
    "shuffle": _shuffle,
    "smax": _same_type("smax"),
    "smin": _same_type("smin"),
    "splat": _splat,
    "sqrt": _same_type("sqrt"),
    "sum": _sum,
    "trunc": _rounding("trunc"),
    "ult": _unsigned_less,
    "umax": _same_type("umax"),
    "umin": _same_type("umin"),
    "unsigned": _cast("zext"),
}
