"""How products of several numbers a lane are written, and rounded high halves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gossamer.codegen.site import Site, call, suffix, type_text, typed
from gossamer.nest.expr import I8, I16, I32, Kind

if TYPE_CHECKING:
    from collections.abc import Sequence

_BYTES = I8.of(16)
_HALF = I8.of(8)
_SHORTS = I16.of(8)
_WASM_LANES = 4


def print_pairs(at: Site) -> None:
    """Even and odd products added: selected as one instruction where there is one."""
    if at.printer.target.family == "wasm32" and at.result.kind.lanes == _WASM_LANES:
        pairs = I16.of(2 * _WASM_LANES)
        words = [_cast(at, at.result.kind, text, pairs) for text in at.texts]
        call(at.printer, at.name, at.result.kind, "llvm.wasm.dot", typed(pairs, words))
        return
    even, odd = _pair_products(at, at.texts)
    at.value(f"add {type_text(at.result.kind)} {even}, {odd}")


def print_more_pairs(at: Site) -> None:
    """One product after the other onto the total: two instructions of NEON."""
    total, kind = at.texts[0], type_text(at.result.kind)
    even, odd = _pair_products(at, at.texts[1:])
    at.value(f"add {kind} {_line(at, f'add {kind} {total}, {even}')}, {odd}")


def _pair_products(at: Site, texts: Sequence[str]) -> list[str]:
    """The even and the odd products of int16, in 32 bits."""
    kind = at.result.kind
    pairs = I16.of(kind.lanes * 2)
    wide = type_text(I32.of(kind.lanes))
    words = [_named(at, "%p", _bitcast(kind, text, pairs)) for text in texts]
    products: list[str] = []
    for odd in (0, 1):
        factors = [_every_other(at, word, pairs, odd) for word in words]
        text = f"mul {wide} {factors[0]}, {factors[1]}"
        products.append(_named(at, "%p", text))
    return products


def _every_other(at: Site, word: str, pairs: Kind, odd: int) -> str:
    """The even or the odd ones of int16 lanes, as int32."""
    half, full = at.printer.fresh("%p"), at.printer.fresh("%p")
    count = pairs.lanes // 2
    if count == 1:
        picked = f"extractelement {type_text(pairs)} {word}, i64 {odd}"
    else:
        lanes = ", ".join(f"i32 {2 * lane + odd}" for lane in range(count))
        picked = (
            f"shufflevector {type_text(pairs)} {word}, {type_text(pairs)} "
            f"poison, <{count} x i32> <{lanes}>"
        )
    at.printer.line(f"  {half} = {picked}")
    narrow, wide = type_text(I16.of(count)), type_text(I32.of(count))
    at.printer.line(f"  {full} = sext {narrow} {half} to {wide}")
    return full


def print_signed_quads(at: Site) -> None:
    """One instruction, `sdot`."""
    kind = at.result.kind
    bytes_ = [_cast(at, kind, text, _BYTES) for text in at.texts[1:]]
    arguments = [f"{type_text(kind)} {at.texts[0]}", *typed(_BYTES, bytes_[::-1])]
    family = _family(at)
    name = f"llvm.{family}.neon.sdot.{suffix(kind)}.{suffix(_BYTES)}"
    call(at.printer, at.name, kind, name, arguments)


def print_short_quads(at: Site) -> None:
    """Two products in each of eight int16, then neighbours into int32.

    The lower bytes of `right` meet `left` as it is, the upper ones `left` with the
    halves of each word exchanged: a lane's four products are in one word then.
    """
    kind = at.result.kind
    left = _cast(at, kind, at.texts[1], _BYTES)
    shorts = _cast(at, kind, at.texts[1], _SHORTS)
    turned = _cast(at, _SHORTS, _pick(at, _SHORTS, shorts, _TURNED), _BYTES)
    right = _cast(at, kind, at.texts[2], _BYTES)
    low = _product(at, (left, right), range(8))
    high = _product(at, (turned, right), range(8, 16))
    both = at.printer.fresh("%q")
    at.printer.line(f"  {both} = add {type_text(_SHORTS)} {low}, {high}")
    if _family(at) == "arm":
        arguments = [f"{type_text(kind)} {at.texts[0]}", *typed(_SHORTS, [both])]
        call(at.printer, at.name, kind, "llvm.arm.neon.vpadals.v4i32.v8i16", arguments)
        return
    added = at.printer.fresh("%q")
    name = "llvm.aarch64.neon.saddlp.v4i32.v8i16"
    call(at.printer, added, kind, name, typed(_SHORTS, [both]))
    at.value(f"add {type_text(kind)} {at.texts[0]}, {added}")


def print_doubled_high(at: Site) -> None:
    """One instruction, `sqrdmulh`."""
    name = {"aarch64": "aarch64.neon.sqrdmulh", "arm": "arm.neon.vqrdmulh"}
    _same_kind(at, name[_family(at)])


def print_rounded_shift(at: Site) -> None:
    """One instruction, `srshl`."""
    name = {"aarch64": "aarch64.neon.srshl", "arm": "arm.neon.vrshifts"}
    _same_kind(at, name[_family(at)])


def _same_kind(at: Site, name: str) -> None:
    kind = at.result.kind
    whole = f"llvm.{name}.{suffix(kind)}"
    call(at.printer, at.name, kind, whole, typed(kind, at.texts))


_TURNED = (1, 0, 3, 2, 5, 4, 7, 6)


def _family(at: Site) -> str:
    """LLVM's word for the machine's instructions."""
    return "aarch64" if at.printer.target.pointer_bytes == I32.bytes * 2 else "arm"


def _product(at: Site, factors: tuple[str, str], lanes: Sequence[int]) -> str:
    """int8 by int8 as int16, of the lanes given."""
    wide = [
        _line(at, f"sext {type_text(_HALF)} {half} to {type_text(_SHORTS)}")
        for half in (_pick(at, _BYTES, factor, lanes) for factor in factors)
    ]
    return _line(at, f"mul {type_text(_SHORTS)} {wide[0]}, {wide[1]}")


def _pick(at: Site, kind: Kind, value: str, lanes: Sequence[int]) -> str:
    order = ", ".join(f"i32 {lane}" for lane in lanes)
    text = type_text(kind)
    return _line(
        at,
        f"shufflevector {text} {value}, {text} poison, <{len(lanes)} x i32> <{order}>",
    )


def _cast(at: Site, kind: Kind, value: str, other: Kind) -> str:
    return _line(at, _bitcast(kind, value, other))


def _bitcast(kind: Kind, value: str, other: Kind) -> str:
    return f"bitcast {type_text(kind)} {value} to {type_text(other)}"


def _line(at: Site, text: str) -> str:
    return _named(at, "%q", text)


def _named(at: Site, stem: str, text: str) -> str:
    """Print an instruction under a new name."""
    name = at.printer.fresh(stem)
    at.printer.line(f"  {name} = {text}")
    return name
