"""What old x86 machines lack, by instructions that they have.

Without SSE4.1 nothing rounds a float in place, without F16C nothing reads half floats;
LLVM would call a library for either, and generated code calls nothing outside itself.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from gossamer.nest.expr import F32, I16, I32, Kind

if TYPE_CHECKING:
    from gossamer.codegen.llvm import Printer
    from gossamer.nest.target import Target

_NAMES = {"i16": "i16", "i32": "i32", "f16": "half", "f32": "float", "f64": "double"}
_INTEGERS = {"f32": 1 << 23, "f64": 1 << 52}
"""From here on a float has no fraction; adding it rounds smaller ones."""

_HALVING = ("aarch64", "arm64")
_ROUNDING = (*_HALVING, "riscv64", "wasm32")
"""Families of machines that have instructions for it."""

_HALF_INFINITY = 0x7C00
_HALF_QUIET = 0x7E00
_INFINITY = 0x7F800000
_SIGN = -0x80000000
_REBIAS = float(2**112)
"""Half and single precision differ by this factor in their exponents' bias."""
_TOO_LARGE = 0x47800000
"""The bits of 2**16, which half floats do not reach."""
_LEAST_NORMAL = 0x38800000
"""The bits of 2**-14, the least half float of full precision."""
_ONE_HALF = 0x3F000000
"""The bits of 0.5, whose last place is that of half floats below 2**-14."""
_ROUND = (15 - 127) * (1 << 23) + 0xFFF
"""The bias for half floats, and what rounds the 13 bits that go."""


def rounds(target: Target, kind: Kind) -> bool:
    """Whether the machine rounds floats of a kind to whole numbers."""
    features = target.features.split(",")
    if target.is_x86:
        return "+avx" in target.features
    if target.family.startswith(("arm", "thumb")) and target.pointer_bytes < 8:
        single = "+fp-armv8d16sp" in features and kind.base == "f32"
        return single or "+fp-armv8d16" in features
    return target.family in _ROUNDING


def halves(target: Target) -> bool:
    """Whether the machine converts half floats."""
    if target.is_x86:
        return "+f16c" in target.features
    return target.family in _HALVING


class _Lines:
    """Prints one expression after another, all of `lanes` lanes."""

    def __init__(self, printer: Printer, lanes: int) -> None:
        self.printer = printer
        self.lanes = lanes

    def type(self, kind: Kind) -> str:
        name = _NAMES[kind.base]
        return name if self.lanes == 1 else f"<{self.lanes} x {name}>"

    def constant(self, kind: Kind, number: float) -> str:
        name = _NAMES[kind.base]
        if kind.is_float:
            scalar = f"0x{struct.unpack('<Q', struct.pack('<d', number))[0]:016X}"
        else:
            scalar = str(int(number))
        return scalar if self.lanes == 1 else f"splat ({name} {scalar})"

    def put(self, text: str, name: str = "") -> str:
        name = name or self.printer.fresh("%o")
        self.printer.line(f"  {name} = {text}")
        return name

    def op(self, word: str, kind: Kind, left: str, right: str | float) -> str:
        if not isinstance(right, str):
            right = self.constant(kind, right)
        return self.put(f"{word} {self.type(kind)} {left}, {right}")

    def select(self, flag: str, kind: Kind, yes: str, no: str, name: str = "") -> str:
        bits = "i1" if self.lanes == 1 else f"<{self.lanes} x i1>"
        text = self.type(kind)
        return self.put(f"select {bits} {flag}, {text} {yes}, {text} {no}", name)

    def cast(
        self, word: str, source: Kind, value: str, to: Kind, name: str = ""
    ) -> str:
        text = f"{word} {self.type(source)} {value} to {self.type(to)}"
        return self.put(text, name)

    def call(self, intrinsic: str, kind: Kind, *values: str, name: str = "") -> str:
        suffix = kind.base if self.lanes == 1 else f"v{self.lanes}{kind.base}"
        text, whole = self.type(kind), f"@llvm.{intrinsic}.{suffix}"
        types = ", ".join([text] * len(values))
        self.printer.declare(f"declare {text} {whole}({types})")
        arguments = ", ".join(f"{text} {value}" for value in values)
        return self.put(f"call {text} {whole}({arguments})", name)


def print_rounding(
    printer: Printer, op: str, kind: Kind, value: str, result: str
) -> None:
    """`rint`, `floor`, `ceil` or `trunc`: the nearest whole number, then corrected."""
    lines, element = _Lines(printer, kind.lanes), kind.element
    size = lines.call("fabs", element, value)
    source = size if op == "trunc" else value
    least = lines.constant(element, _INTEGERS[kind.base])
    magic = lines.call("copysign", element, least, source)
    moved = lines.op("fadd", element, source, magic)
    whole = lines.op("fsub", element, moved, magic)
    if op != "rint":
        order, word = ("olt", "fadd") if op == "ceil" else ("ogt", "fsub")
        misses = lines.op(f"fcmp {order}", element, whole, source)
        other = lines.op(word, element, whole, 1.0)
        whole = lines.select(misses, element, other, whole)
    has_fraction = lines.op("fcmp olt", element, size, least)
    chosen = lines.select(has_fraction, element, whole, source)
    lines.call("copysign", element, chosen, value, name=result)


def print_from_half(printer: Printer, lanes: int, value: str, result: str) -> None:
    """Half floats as float32: the bits moved, the exponent's bias by a product."""
    lines = _Lines(printer, lanes)
    short = lines.cast("bitcast", Kind("f16"), value, I16)
    wide = lines.cast("zext", I16, short, I32)
    size = lines.op("and", I32, wide, 0x7FFF)
    scaled = lines.cast("bitcast", I32, lines.op("shl", I32, size, 13), F32)
    product = lines.op("fmul", F32, scaled, _REBIAS)
    finite = lines.cast("bitcast", F32, product, I32)
    endless = lines.op("or", I32, finite, _INFINITY)
    is_endless = lines.op("icmp uge", I32, size, _HALF_INFINITY)
    chosen = lines.select(is_endless, I32, endless, finite)
    sign = lines.op("shl", I32, lines.op("and", I32, wide, 0x8000), 16)
    lines.cast("bitcast", I32, lines.op("or", I32, chosen, sign), F32, result)


def print_to_half(printer: Printer, lanes: int, value: str, result: str) -> None:
    """float32 as half floats, rounded to the nearest, ties to even."""
    lines = _Lines(printer, lanes)
    bits = lines.cast("bitcast", F32, value, I32)
    sign = lines.op("and", I32, bits, _SIGN)
    size = lines.op("xor", I32, bits, sign)
    odd = lines.op("and", I32, lines.op("lshr", I32, size, 13), 1)
    rounded = lines.op("add", I32, lines.op("add", I32, size, _ROUND), odd)
    normal = lines.op("lshr", I32, rounded, 13)
    small = lines.cast("bitcast", I32, size, F32)
    moved = lines.cast("bitcast", F32, lines.op("fadd", F32, small, 0.5), I32)
    subnormal = lines.op("sub", I32, moved, _ONE_HALF)
    is_small = lines.op("icmp ult", I32, size, _LEAST_NORMAL)
    finite = lines.select(is_small, I32, subnormal, normal)
    is_number = lines.op("icmp ule", I32, size, _INFINITY)
    infinity = lines.constant(I32, _HALF_INFINITY)
    endless = lines.select(is_number, I32, infinity, lines.constant(I32, _HALF_QUIET))
    is_large = lines.op("icmp uge", I32, size, _TOO_LARGE)
    chosen = lines.select(is_large, I32, endless, finite)
    signed = lines.op("or", I32, chosen, lines.op("lshr", I32, sign, 16))
    short = lines.cast("trunc", I32, signed, I16)
    lines.cast("bitcast", I16, short, Kind("f16"), result)
