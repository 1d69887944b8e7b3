"""The machine that this process runs on, as a `Target`."""

from __future__ import annotations

import platform
import sys
from functools import cache
from pathlib import Path

from gossamer.errors import CompilationError
from gossamer.nest.target import Dot, Target

_AVX512 = ("avx512f", "avx512bw", "avx512dq", "avx512vl", "avx512cd")
_AVX2 = ("avx2", "fma", "f16c", "bmi1", "bmi2")
_LLVM_NAMES = {
    "bmi1": "bmi",
    "avx512_vnni": "avx512vnni",
    "abm": "lzcnt",
}


def is_supported() -> bool:
    """Whether code can be generated and run here: x86-64 Linux so far."""
    machine = platform.machine().lower()
    return machine in ("x86_64", "amd64") and sys.platform == "linux"


@cache
def host() -> Target:
    """This machine.

    Raises:
        CompilationError: there is no code generator for it yet.
    """
    if not is_supported():
        raise CompilationError(
            f"machine code for '{platform.machine()}' on {sys.platform} is not "
            "supported yet; OpResolverType.BUILTIN_REF runs models without it"
        )
    return x86_target(_x86_flags())


def _x86_flags() -> frozenset[str]:
    """The CPU's features by Linux's names; none elsewhere, which is always safe."""
    path = Path("/proc/cpuinfo")
    if not path.exists():
        return frozenset()
    for line in path.read_text().splitlines():
        if line.startswith("flags"):
            return frozenset(line.partition(":")[2].split())
    return frozenset()


def x86_target(flags: frozenset[str]) -> Target:
    """An x86-64 machine with the features `flags`, by Linux's names."""
    triple = "x86_64-unknown-linux-gnu"
    if flags.issuperset((*_AVX2, *_AVX512)):
        vnni = "avx512_vnni" in flags
        names = (*_AVX2, *_AVX512, *(("avx512_vnni",) if vnni else ()))
        dot = Dot.UNSIGNED_QUADS if vnni else Dot.PAIRS
        cpu = "cascadelake" if vnni else "skylake-avx512"
        if vnni and "avx512vbmi" in flags:
            names = (*names, "avx512vbmi")
            cpu = "icelake-server"
        return Target(triple, cpu, _features(names), 64, 32, dot)
    if flags.issuperset(_AVX2):
        return Target(triple, "haswell", _features(_AVX2), 32, 16, Dot.PAIRS)
    return Target(triple, "x86-64", "", 16, 16, Dot.PAIRS)


def _features(names: tuple[str, ...]) -> str:
    return ",".join(f"+{_LLVM_NAMES.get(name, name)}" for name in names)
