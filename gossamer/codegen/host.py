"""The machine that this process runs on, as a `Target`."""

from __future__ import annotations

import ctypes
import platform
import sys
from dataclasses import replace
from functools import cache

from gossamer.errors import CompilationError
from gossamer.nest.target import Dot, Target, Tiles
from gossamer.settings import settings

_AVX512 = ("avx512f", "avx512bw", "avx512dq", "avx512vl", "avx512cd")
_AVX2 = ("avx2", "fma", "f16c", "bmi1", "bmi2")
_TILES = ("amx_tile", "amx_int8", "amx_bf16", "avx512_bf16")
_LLVM_NAMES = {
    "bmi1": "bmi",
    "avx512_vnni": "avx512vnni",
    "avx512_bf16": "avx512bf16",
    "amx_tile": "amx-tile",
    "amx_int8": "amx-int8",
    "amx_bf16": "amx-bf16",
}
_FLOAT_PARTS = {"exact": 0, "fast": 2}
_ARCH_PRCTL = 158
_REQUEST_PERMISSION = 0x1023
_TILE_DATA = 18


def is_supported() -> bool:
    """Whether code can be generated and run here: x86-64 Linux so far."""
    machine = platform.machine().lower()
    return machine in ("x86_64", "amd64") and sys.platform == "linux"


def host(*, exact: bool = False) -> Target:
    """This machine, as far as the settings let it be used.

    Args:
        exact: never split the factors of float products into shorter ones, whatever
            the settings say; weights then take two thirds of the memory.

    Raises:
        CompilationError: there is no code generator for it yet.
    """
    machine = _machine()
    choice = "exact" if exact else settings().float
    if machine.tiles is None or choice not in _FLOAT_PARTS:
        return machine
    parts = _FLOAT_PARTS[choice]
    return replace(machine, tiles=replace(machine.tiles, float_parts=parts))


@cache
def _machine() -> Target:
    if not is_supported():
        raise CompilationError(
            f"machine code for '{platform.machine()}' on {sys.platform} is not "
            "supported yet; OpResolverType.BUILTIN_REF runs models without it"
        )
    return x86_target(_x86_flags())


def _x86_flags() -> frozenset[str]:
    """The CPU's features by Linux's names; none elsewhere, which is always safe."""
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as lines:
            line = next((line for line in lines if line.startswith("flags")), "")
    except OSError:
        return frozenset()
    flags = frozenset(line.partition(":")[2].split())
    return flags if _may_use_tiles(flags) else flags - set(_TILES)


def _may_use_tiles(flags: frozenset[str]) -> bool:
    """Ask the system for the matrix unit, whose registers it must save and restore."""
    if not flags.issuperset(_TILES):
        return False
    system_call = ctypes.CDLL(None).syscall
    return system_call(_ARCH_PRCTL, _REQUEST_PERMISSION, _TILE_DATA) == 0


def x86_target(flags: frozenset[str]) -> Target:
    """An x86-64 machine with the features `flags`, by Linux's names."""
    triple = "x86_64-unknown-linux-gnu"
    if flags.issuperset((*_AVX2, *_AVX512)):
        vnni = "avx512_vnni" in flags
        tiles = Tiles() if vnni and flags.issuperset(_TILES) else None
        names = (*_AVX2, *_AVX512, *(("avx512_vnni",) if vnni else ()))
        names = (*names, *(_TILES if tiles else ()))
        dot = Dot.UNSIGNED_QUADS if vnni else Dot.PAIRS
        cpu = "cascadelake" if vnni else "skylake-avx512"
        if vnni and "avx512vbmi" in flags:
            names = (*names, "avx512vbmi")
            cpu = "icelake-server"
        return Target(triple, cpu, _features(names), 64, 32, dot, tiles=tiles)
    if flags.issuperset(_AVX2):
        return Target(triple, "haswell", _features(_AVX2), 32, 16, Dot.PAIRS)
    return Target(triple, "x86-64", "", 16, 16, Dot.PAIRS)


def _features(names: tuple[str, ...]) -> str:
    return ",".join(f"+{_LLVM_NAMES.get(name, name)}" for name in names)
