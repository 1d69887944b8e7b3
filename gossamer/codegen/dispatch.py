"""A library that asks the processor what it can do, and calls the code made for it.

`init` asks once and leaves the answer at the beginning of the caller's memory; all
other functions read it there. Nothing is kept elsewhere, as in every library.
"""

from __future__ import annotations

import platform
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gossamer.codegen.library import function_names, memory_check
from gossamer.errors import CompilationError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gossamer.nest.target import Target

_V8_2 = 1 << 7 | 1 << 8 | 1 << 9 | 1 << 10 | 1 << 12 | 1 << 20
"""CRC32, atomics, half floats as scalars and vectors, rounding products, dot products.

The bits are Linux's HWCAP_CRC32 to HWCAP_ASIMDDP (arch/arm64/include/uapi/asm/hwcap.h).
"""
_PLACES = {
    "fma": (0, 12),
    "f16c": (0, 29),
    "bmi": (1, 3),
    "avx2": (1, 5),
    "bmi2": (1, 8),
    "avx512f": (1, 16),
    "avx512dq": (1, 17),
    "avx512cd": (1, 28),
    "avx512bw": (1, 30),
    "avx512vl": (1, 31),
    "avx512vbmi": (2, 1),
    "avx512vnni": (2, 11),
}
"""Features of x86 by the word of `cpuid` that tells of them, and the bit in it.

Words are ECX of leaf 1, EBX and ECX of leaf 7 (Intel's manual, volume 2, CPUID).
"""
_CAPABILITIES = {
    "cortex-a53": 1 << 7,
    "cortex-a72": 1 << 7,
    "cortex-a55": _V8_2,
    "cortex-a76": _V8_2,
    "cortex-a78": _V8_2,
}
"""What Linux must say that 64-bit ARM has for the code of a processor to run there."""
_AT_HWCAP = 16
"""The number by which `getauxval` gives the capabilities."""
_SAVES = 27
"""The bit of ECX of leaf 1 that lets programs ask what the system saves."""
_SAVED_AVX, _SAVED_AVX512 = 0x06, 0xE6
"""Registers that the system must save, as `xgetbv` tells."""


@dataclass(frozen=True, slots=True)
class Variant:
    """A library for one kind of processor.

    Attributes:
        name: what its functions' names begin with.
        target: the machine that it needs.
    """

    name: str
    target: Target


@dataclass(frozen=True, slots=True)
class Dispatch:
    """What becomes a module.

    Attributes:
        name: what its functions' names begin with.
        variants: the last one that the processor can run is taken; the first one runs
            on all.
        memory_bytes: of the caller's block.
        alignment: of that block, in bytes; a variant's own memory begins so far in it.
        description: a text about the library, for programs.
    """

    name: str
    variants: Sequence[Variant]
    memory_bytes: int
    alignment: int
    description: str

    @property
    def functions(self) -> tuple[str, ...]:
        """The names that a linker sees."""
        return function_names(self.name)


def can_dispatch(target: Target) -> bool:
    """Whether programs for a machine can ask what it can do.

    x86 is asked in assembly, which LLVM reads for the machine that it runs on only;
    64-bit ARM by a function of the C library that Linux and Android have.
    """
    if target.is_x86:
        return platform.machine() in ("x86_64", "AMD64")
    return target.triple.startswith("aarch64-") and "linux" in target.triple


def print_dispatch(dispatch: Dispatch) -> str:
    """The module that chooses, in LLVM IR.

    Raises:
        CompilationError: it is not known how to ask for a feature.
    """
    target = dispatch.variants[0].target
    size = f"i{8 * target.pointer_bytes}"
    text = dispatch.description.encode() + b"\0"
    escaped = "\\" + text.hex("\\")
    signatures = (
        ("init", "i32", f", {size} %bytes", f", {size} %room"),
        ("invoke", "i32", "", ""),
        ("input", "ptr", ", i32 %index", ", i32 %index"),
        ("output", "ptr", ", i32 %index", ", i32 %index"),
    )
    lines = [
        f'target triple = "{target.triple}"',
        f'@description = internal constant [{len(text)} x i8] c"{escaped}"',
        *_choice([each.target for each in dispatch.variants]),
    ]
    for word, result, given, handed in signatures:
        begin = _check(dispatch, size) if word == "init" else _CHOSEN
        lines += [
            *(
                f"declare hidden {result} @{each.name}_{word}(ptr{_types(given)})"
                for each in dispatch.variants
            ),
            f"define {result} @{dispatch.name}_{word}(ptr %memory{given}) #0 {{",
            *begin,
            f"  %network = getelementptr i8, ptr %memory, i64 {dispatch.alignment}",
            *_calls(dispatch, word, result, handed),
            "}",
        ]
    lines += [
        f"define ptr @{dispatch.name}_describe() #0 {{",
        "  ret ptr @description",
        "}",
        "attributes #0 = { nounwind }",
        "",
    ]
    return "\n".join(lines)


_CHOSEN = ("  %chosen = load i32, ptr %memory, align 4",)


def _types(given: str) -> str:
    return "".join(f", {part.split()[0]}" for part in given.split(",")[1:])


def _check(dispatch: Dispatch, size: str) -> list[str]:
    """Refuse what is too small or not aligned, then ask and remember."""
    return [
        *memory_check(size, dispatch.memory_bytes, dispatch.alignment),
        "  %chosen = call i32 @choose()",
        "  store i32 %chosen, ptr %memory, align 4",
        f"  %room = sub {size} %bytes, {dispatch.alignment}",
    ]


def _calls(dispatch: Dispatch, word: str, result: str, handed: str) -> list[str]:
    numbers = range(len(dispatch.variants))
    cases = " ".join(f"i32 {i}, label %variant{i}" for i in numbers[1:])
    lines = [f"  switch i32 %chosen, label %variant0 [{cases}]"]
    for i, variant in enumerate(dispatch.variants):
        function = f"@{variant.name}_{word}"
        lines += [
            f"variant{i}:",
            f"  %result{i} = call {result} {function}(ptr %network{handed})",
            f"  ret {result} %result{i}",
        ]
    return lines


_ASK = (
    'call { i32, i32, i32, i32 } asm sideeffect "cpuid", '
    '"={ax},={bx},={cx},={dx},{ax},{cx}"'
)
_SAVED = 'call { i32, i32 } asm sideeffect "xgetbv", "={ax},={dx},{cx}"(i32 0)'


def _choice(targets: Sequence[Target]) -> list[str]:
    """`choose`: the number of the last variant whose features are all there."""
    return (_x86_choice if targets[0].is_x86 else _arm_choice)(targets)


def _arm_choice(targets: Sequence[Target]) -> list[str]:
    lines = [
        "declare i64 @getauxval(i64)",
        "define internal i32 @choose() #0 {",
        f"  %word0 = call i64 @getauxval(i64 {_AT_HWCAP})",
    ]
    chosen = "0"
    for i, target in enumerate(targets[1:], 1):
        mask = _CAPABILITIES.get(target.cpu)
        if mask is None:
            raise CompilationError(_unknown(target.cpu))
        lines += [
            f"  %own{i} = and i64 %word0, {mask}",
            f"  %has{i} = icmp eq i64 %own{i}, {mask}",
            f"  %best{i} = select i1 %has{i}, i32 {i}, i32 {chosen}",
        ]
        chosen = f"%best{i}"
    return [*lines, f"  ret i32 {chosen}", "}"]


def _unknown(what: str) -> str:
    return f"how to ask a processor for '{what}' is not known; build for it alone"


def _x86_choice(targets: Sequence[Target]) -> list[str]:
    lines = [
        "define internal i32 @choose() #0 {",
        "entry:",
        f"  %leaf0 = {_ASK}(i32 0, i32 0)",
        "  %last = extractvalue { i32, i32, i32, i32 } %leaf0, 0",
        f"  %leaf1 = {_ASK}(i32 1, i32 0)",
        "  %word0 = extractvalue { i32, i32, i32, i32 } %leaf1, 2",
        f"  %saves = and i32 %word0, {1 << _SAVES}",
        "  %old = icmp ult i32 %last, 7",
        "  %mute = icmp eq i32 %saves, 0",
        "  %least = or i1 %old, %mute",
        "  br i1 %least, label %first, label %more",
        "first:",
        "  ret i32 0",
        "more:",
        f"  %leaf7 = {_ASK}(i32 7, i32 0)",
        "  %word1 = extractvalue { i32, i32, i32, i32 } %leaf7, 1",
        "  %word2 = extractvalue { i32, i32, i32, i32 } %leaf7, 2",
        f"  %registers = {_SAVED}",
        "  %word3 = extractvalue { i32, i32 } %registers, 0",
    ]
    chosen = "0"
    for i, target in enumerate(targets[1:], 1):
        flags: list[str] = []
        for word, mask in enumerate(_masks(target)):
            name = f"{i}_{word}"
            lines += [
                f"  %own{name} = and i32 %word{word}, {mask}",
                f"  %has{name} = icmp eq i32 %own{name}, {mask}",
            ]
            flags.append(f"%has{name}")
        every = "true"
        for word, flag in enumerate(flags):
            lines.append(f"  %all{i}_{word} = and i1 {every}, {flag}")
            every = f"%all{i}_{word}"
        lines.append(f"  %best{i} = select i1 {every}, i32 {i}, i32 {chosen}")
        chosen = f"%best{i}"
    return [*lines, f"  ret i32 {chosen}", "}"]


def _masks(target: Target) -> list[int]:
    """The bits that a machine needs, of three words of `cpuid` and of `xgetbv`."""
    words = [0, 0, 0, 0]
    for feature in filter(None, target.features.split(",")):
        place = _PLACES.get(feature.removeprefix("+"))
        if place is None:
            raise CompilationError(_unknown(feature))
        word, bit = place
        words[word] |= 1 << bit
    if words[1]:
        is_wide = "+avx512f" in target.features
        words[3] = _SAVED_AVX512 if is_wide else _SAVED_AVX
    return words
