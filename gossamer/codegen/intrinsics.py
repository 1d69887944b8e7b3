"""How each operator of the loop language is written in LLVM IR."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from gossamer.nest.expr import I8, I16, I32, Kind

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from gossamer.codegen.llvm import Printer
    from gossamer.nest.expr import Value

    Write: TypeAlias = Callable[
        [Printer, Value, Sequence[Value], Sequence[str], object], None
    ]

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


def _same_type(intrinsic: str) -> Write:
    """An intrinsic whose operands and result are all of one type."""

    def write(
        printer: Printer,
        result: Value,
        operands: Sequence[Value],
        texts: Sequence[str],
        attribute: object,
    ) -> None:
        del operands, attribute
        kind = result.kind
        types = ", ".join([_text(kind)] * len(texts))
        name = f"llvm.{intrinsic}.{_suffix(kind)}"
        printer.declare(f"declare {_text(kind)} @{name}({types})")
        arguments = ", ".join(_typed(kind, texts))
        printer.line(f"  %v{result.number} = call {_text(kind)} @{name}({arguments})")

    return write


def _choose(order: str) -> Write:
    """Minimum or maximum of floats as compare and select: one x86 instruction."""

    def write(
        printer: Printer,
        result: Value,
        operands: Sequence[Value],
        texts: Sequence[str],
        attribute: object,
    ) -> None:
        del operands, attribute
        text = _text(result.kind)
        flag = printer.fresh("%c")
        bits = _text(Kind("i1", result.kind.lanes))
        printer.line(f"  {flag} = fcmp {order} {text} {texts[0]}, {texts[1]}")
        printer.line(
            f"  %v{result.number} = select {bits} {flag}, {text} {texts[0]}, "
            f"{text} {texts[1]}"
        )

    return write


def _absolute(
    printer: Printer,
    result: Value,
    operands: Sequence[Value],
    texts: Sequence[str],
    attribute: object,
) -> None:
    if result.kind.is_float:
        _same_type("fabs")(printer, result, operands, texts, attribute)
        return
    arguments = [f"{_text(result.kind)} {texts[0]}", "i1 false"]
    name = f"llvm.abs.{_suffix(result.kind)}"
    call(printer, f"%v{result.number}", result.kind, name, arguments)


def _negate(
    printer: Printer,
    result: Value,
    operands: Sequence[Value],
    texts: Sequence[str],
    attribute: object,
) -> None:
    del operands, attribute
    text = _text(result.kind)
    word = f"fneg {text}" if result.kind.is_float else f"sub {text} zeroinitializer,"
    printer.line(f"  %v{result.number} = {word} {texts[0]}")


def _unsigned_less(
    printer: Printer,
    result: Value,
    operands: Sequence[Value],
    texts: Sequence[str],
    attribute: object,
) -> None:
    del attribute
    text = _text(operands[0].kind)
    printer.line(f"  %v{result.number} = icmp ult {text} {texts[0]}, {texts[1]}")


def _select(
    printer: Printer,
    result: Value,
    operands: Sequence[Value],
    texts: Sequence[str],
    attribute: object,
) -> None:
    del attribute
    kind = _text(result.kind)
    bits = _text(operands[0].kind)
    printer.line(
        f"  %v{result.number} = select {bits} {texts[0]}, {kind} {texts[1]}, "
        f"{kind} {texts[2]}"
    )


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
    def write(
        printer: Printer,
        result: Value,
        operands: Sequence[Value],
        texts: Sequence[str],
        attribute: object,
    ) -> None:
        del attribute
        source = operands[0].kind
        chosen = word or _conversion(source, result.kind)
        printer.line(
            f"  %v{result.number} = {chosen} {_text(source)} {texts[0]} "
            f"to {_text(result.kind)}"
        )

    return write


def _splat(
    printer: Printer,
    result: Value,
    operands: Sequence[Value],
    texts: Sequence[str],
    attribute: object,
) -> None:
    del attribute
    text = _text(result.kind)
    one = printer.fresh("%s")
    scalar = _text(operands[0].kind)
    printer.line(f"  {one} = insertelement {text} poison, {scalar} {texts[0]}, i64 0")
    printer.line(
        f"  %v{result.number} = shufflevector {text} {one}, {text} poison, "
        f"<{result.kind.lanes} x i32> zeroinitializer"
    )


def _extract(
    printer: Printer,
    result: Value,
    operands: Sequence[Value],
    texts: Sequence[str],
    attribute: object,
) -> None:
    text = _text(operands[0].kind)
    printer.line(
        f"  %v{result.number} = extractelement {text} {texts[0]}, i64 {attribute}"
    )


def _shuffle(
    printer: Printer,
    result: Value,
    operands: Sequence[Value],
    texts: Sequence[str],
    attribute: object,
) -> None:
    assert isinstance(attribute, tuple)
    text = _text(operands[0].kind)
    lanes = ", ".join(f"i32 {lane}" for lane in attribute)
    printer.line(
        f"  %v{result.number} = shufflevector {text} {texts[0]}, {text} {texts[1]}, "
        f"<{len(attribute)} x i32> <{lanes}>"
    )


def _sum(
    printer: Printer,
    result: Value,
    operands: Sequence[Value],
    texts: Sequence[str],
    attribute: object,
) -> None:
    del attribute
    kind = operands[0].kind
    vector = f"{_text(kind)} {texts[0]}"
    if kind.is_float:
        name = f"llvm.vector.reduce.fadd.{_suffix(kind)}"
        scalar = _text(result.kind)
        printer.declare(f"declare {scalar} @{name}({scalar}, {_text(kind)})")
        printer.line(
            f"  %v{result.number} = call reassoc {scalar} "
            f"@{name}({scalar} 0.0, {vector})"
        )
        return
    name = f"llvm.vector.reduce.add.{_suffix(kind)}"
    call(printer, f"%v{result.number}", result.kind, name, [vector])


def _peak(
    printer: Printer,
    result: Value,
    operands: Sequence[Value],
    texts: Sequence[str],
    attribute: object,
) -> None:
    del attribute
    kind = operands[0].kind
    word = "fmax" if kind.is_float else "smax"
    name = f"llvm.vector.reduce.{word}.{_suffix(kind)}"
    printer.declare(f"declare {_text(result.kind)} @{name}({_text(kind)})")
    flags = "nnan nsz " if kind.is_float else ""
    printer.line(
        f"  %v{result.number} = call {flags}{_text(result.kind)} "
        f"@{name}({_text(kind)} {texts[0]})"
    )


def _dot_quads(
    printer: Printer,
    result: Value,
    operands: Sequence[Value],
    texts: Sequence[str],
    attribute: object,
) -> None:
    del operands, attribute
    kind = result.kind
    quads = I8.of(kind.lanes * 4)
    bytes_ = [printer.fresh("%q"), printer.fresh("%q")]
    for name, text in zip(bytes_, texts[1:], strict=True):
        printer.line(f"  {name} = bitcast {_text(kind)} {text} to {_text(quads)}")
    arguments = [f"{_text(kind)} {texts[0]}", *_typed(quads, bytes_)]
    name = f"llvm.x86.avx512.vpdpbusd.{kind.lanes * 32}"
    call(printer, f"%v{result.number}", kind, name, arguments)


def _dot_pairs(
    printer: Printer,
    result: Value,
    operands: Sequence[Value],
    texts: Sequence[str],
    attribute: object,
) -> None:
    """Even and odd products added: selected as one instruction where there is one."""
    del operands, attribute
    kind = result.kind
    pairs = I16.of(kind.lanes * 2)
    halves = I16.of(kind.lanes)
    wide = I32.of(kind.lanes)
    products: list[str] = []
    words: list[str] = []
    for text in texts:
        word = printer.fresh("%p")
        printer.line(f"  {word} = bitcast {_text(kind)} {text} to {_text(pairs)}")
        words.append(word)
    for odd in (0, 1):
        lanes = ", ".join(f"i32 {2 * lane + odd}" for lane in range(kind.lanes))
        factors: list[str] = []
        for word in words:
            half, full = printer.fresh("%p"), printer.fresh("%p")
            printer.line(
                f"  {half} = shufflevector {_text(pairs)} {word}, {_text(pairs)} "
                f"poison, <{kind.lanes} x i32> <{lanes}>"
            )
            printer.line(f"  {full} = sext {_text(halves)} {half} to {_text(wide)}")
            factors.append(full)
        product = printer.fresh("%p")
        printer.line(f"  {product} = mul {_text(wide)} {factors[0]}, {factors[1]}")
        products.append(product)
    printer.line(
        f"  %v{result.number} = add {_text(wide)} {products[0]}, {products[1]}"
    )


def _narrow(
    printer: Printer,
    result: Value,
    operands: Sequence[Value],
    texts: Sequence[str],
    attribute: object,
) -> None:
    del attribute
    kind = operands[0].kind
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

    clamp(low, texts[0], "smax", -128)
    clamp(high, low, "smin", 127)
    printer.line(f"  %v{result.number} = trunc {text} {high} to {_text(result.kind)}")


_PACKS = {
    4: ("llvm.x86.sse2.packssdw.128", "llvm.x86.sse2.packsswb.128"),
    8: ("llvm.x86.avx2.packssdw", "llvm.x86.avx2.packsswb"),
    16: ("llvm.x86.avx512.packssdw.512", "llvm.x86.avx512.packsswb.512"),
}
"""int32 to int16 and int16 to int8, within blocks of 16 bytes, by int32 lanes."""


def _pack(
    printer: Printer,
    result: Value,
    operands: Sequence[Value],
    texts: Sequence[str],
    attribute: object,
) -> None:
    del attribute
    kind = operands[0].kind
    words, bytes_ = _PACKS[kind.lanes]
    half = I16.of(kind.lanes * 2)
    low, high = printer.fresh("%h"), printer.fresh("%h")
    call(printer, low, half, words, _typed(kind, texts[:2]))
    call(printer, high, half, words, _typed(kind, texts[2:]))
    call(printer, f"%v{result.number}", result.kind, bytes_, _typed(half, [low, high]))


INTRINSICS: Mapping[str, Write] = {
    "abs": _absolute,
    "bits": _cast("bitcast"),
    "ceil": _same_type("ceil"),
    "convert": _cast(""),
    "dot_pairs": _dot_pairs,
    "dot_quads": _dot_quads,
    "extract": _extract,
    "floor": _same_type("floor"),
    "fma": _same_type("fmuladd"),
    "max": _choose("ogt"),
    "min": _choose("olt"),
    "narrow": _narrow,
    "neg": _negate,
    "pack": _pack,
    "peak": _peak,
    "rint": _same_type("rint"),
    "select": _select,
    "shuffle": _shuffle,
    "smax": _same_type("smax"),
    "smin": _same_type("smin"),
    "splat": _splat,
    "sqrt": _same_type("sqrt"),
    "sum": _sum,
    "trunc": _same_type("trunc"),
    "ult": _unsigned_less,
    "umax": _same_type("umax"),
    "umin": _same_type("umin"),
    "unsigned": _cast("zext"),
}
