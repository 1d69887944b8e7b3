"""The machines that a model can be built for, by the names that users give."""

from __future__ import annotations

import difflib
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import TYPE_CHECKING

from gossamer.codegen.host import host, x86_target
from gossamer.errors import InputError
from gossamer.nest.target import Dot, Target

if TYPE_CHECKING:
    from collections.abc import Mapping


class System(Enum):
    """What a library meets on a device."""

    LINUX = "linux"
    ANDROID = "android"
    APPLE = "apple"
    BARE = "bare"
    """None: a microcontroller, whose program is linked as one."""
    WEB = "web"
    """A browser, or what else runs WebAssembly."""


@dataclass(frozen=True, slots=True)
class Device:
    """A kind of device.

    Attributes:
        name: what users call it.
        system: what runs on it.
        target: the least machine of the kind.
        compilers: C compilers that make programs for it, the usual one first.
        zig: what `zig cc -target` calls it; None where zig has no C library for it.
        flags: what a C compiler must be told for objects to fit ours.
        cpus: machines that can do more, by what they are called.
    """

    name: str
    system: System
    target: Target
    compilers: tuple[str, ...]
    zig: str | None = None
    flags: tuple[str, ...] = ()
    cpus: Mapping[str, Target] = field(default_factory=dict[str, Target])

    def on(self, cpu: str | None) -> Target:
        """The machine with that processor; the least one where it is None.

        Raises:
            InputError: the device has no such processor.
        """
        if cpu is None:
            return self.target
        if cpu == "native" and self.name == "linux-x86_64":
            # The matrix unit is left out: programs must ask the system for it.
            return replace(host(), tiles=None)
        if cpu not in self.cpus:
            known = ", ".join(self.cpus) or "none"
            raise InputError(f"--cpu '{cpu}' is not known for {self.name}; of {known}")
        return self.cpus[cpu]


_AVX2 = frozenset(("avx2", "fma", "f16c", "bmi1", "bmi2"))
_AVX512 = _AVX2 | {"avx512f", "avx512bw", "avx512dq", "avx512vl", "avx512cd"}
_VNNI = _AVX512 | {"avx512_vnni"}


def _x86(triple: str, flags: frozenset[str] = frozenset()) -> Target:
    return replace(x86_target(flags), triple=triple)


def _x86_cpus(triple: str) -> dict[str, Target]:
    return {
        "x86-64": _x86(triple),
        "x86-64-v3": _x86(triple, _AVX2),
        "x86-64-v4": _x86(triple, _AVX512),
        "avx512vnni": _x86(triple, _VNNI),
    }


_ARM64_BASELINE = "cortex-a72"
"""A processor without additions to ARMv8.0 that LLVM would make use of by itself.

For a generic one it puts instructions in an order that registers do not suffice for.
"""


def _arm64(triple: str, cpu: str = _ARM64_BASELINE) -> Target:
    dot = Dot.SIGNED_QUADS if cpu in _WITH_DOT_PRODUCTS else Dot.SHORT_QUADS
    return Target(triple, cpu, "", 16, 32, dot)


_ARM64_CPUS = ("cortex-a53", "cortex-a72", "cortex-a55", "cortex-a76", "cortex-a78")
_WITH_DOT_PRODUCTS = ("cortex-a55", "cortex-a76", "cortex-a78", "apple-m1")


def _arm64_cpus(triple: str) -> dict[str, Target]:
    return {cpu: _arm64(triple, cpu) for cpu in _ARM64_CPUS}


def _arm32(triple: str, cpu: str) -> Target:
    """An ARMv7 with NEON."""
    return Target(triple, cpu, "+neon", 16, 16, Dot.SHORT_QUADS, pointer_bytes=4)


def _scalar(triple: str, cpu: str, features: str, pointer_bytes: int) -> Target:
    """A machine without vectors."""
    return Target(
        triple, cpu, features, 4, 12, Dot.WIDEN, 1 << 16, None, pointer_bytes, 16
    )


def _board(triple: str, cpu: str, features: str) -> Target:
    """A microcontroller, whose flash is small."""
    return replace(_scalar(triple, cpu, features, 4), saves_flash=True)


def _linux_x86() -> Device:
    triple = "x86_64-unknown-linux-gnu"
    compilers = ("cc", "gcc", "clang", "x86_64-linux-gnu-gcc")
    zig = "x86_64-linux-gnu"
    cpus = _x86_cpus(triple)
    return Device("linux-x86_64", System.LINUX, _x86(triple), compilers, zig, cpus=cpus)


def _linux_arm64() -> Device:
    triple = "aarch64-unknown-linux-gnu"
    compilers = ("aarch64-linux-gnu-gcc",)
    cpus = _arm64_cpus(triple)
    return Device(
        "linux-aarch64",
        System.LINUX,
        _arm64(triple),
        compilers,
        "aarch64-linux-gnu",
        cpus=cpus,
    )


def _linux_arm32() -> Device:
    triple = "armv7-unknown-linux-gnueabihf"
    cpus = {cpu: _arm32(triple, cpu) for cpu in ("cortex-a7", "cortex-a9")}
    return Device(
        "linux-armv7",
        System.LINUX,
        _arm32(triple, "generic"),
        ("arm-linux-gnueabihf-gcc",),
        "arm-linux-gnueabihf",
        cpus=cpus,
    )


def _linux_riscv() -> Device:
    triple = "riscv64-unknown-linux-gnu"
    target = _scalar(triple, "generic-rv64", "+m,+a,+f,+d,+c,+unaligned-scalar-mem", 8)
    return Device(
        "linux-riscv64",
        System.LINUX,
        replace(target, registers=32),
        ("riscv64-linux-gnu-gcc",),
        "riscv64-linux-gnu",
    )


def _android() -> tuple[Device, ...]:
    """Android from version 5.0 on (API 21)."""
    arm64, arm32, x86 = (
        "aarch64-linux-android21",
        "armv7a-linux-androideabi21",
        "x86_64-linux-android21",
    )
    return (
        Device(
            "android-arm64",
            System.ANDROID,
            _arm64(arm64),
            (f"{arm64}-clang",),
            cpus=_arm64_cpus(arm64),
        ),
        Device(
            "android-armv7",
            System.ANDROID,
            _arm32(arm32, "generic"),
            (f"{arm32}-clang",),
        ),
        Device(
            "android-x86_64",
            System.ANDROID,
            _x86(x86),
            (f"{x86}-clang",),
            cpus=_x86_cpus(x86),
        ),
    )


def _apple() -> tuple[Device, ...]:
    mac, phone = "arm64-apple-macosx11.0.0", "arm64-apple-ios13.0.0"
    intel = "x86_64-apple-macosx11.0.0"
    return (
        Device(
            "macos-arm64", System.APPLE, _arm64(mac, "apple-m1"), (), "aarch64-macos"
        ),
        Device(
            "macos-x86_64",
            System.APPLE,
            _x86(intel, _AVX2),
            (),
            "x86_64-macos",
            cpus=_x86_cpus(intel),
        ),
        Device("ios-arm64", System.APPLE, _arm64(phone, "apple-a12"), ()),
    )


_CORTEX = {
    "cortex-m4": ("thumbv7em", "+vfp4d16sp", ("-mfpu=fpv4-sp-d16",)),
    "cortex-m7": ("thumbv7em", "+fp-armv8d16", ("-mfpu=fpv5-d16",)),
    "cortex-m33": ("thumbv8m.main", "+fp-armv8d16sp", ("-mfpu=fpv5-sp-d16",)),
    "cortex-m55": ("thumbv8.1m.main", "+fp-armv8d16,-mve", ()),
}


def _bare() -> tuple[Device, ...]:
    arm = tuple(
        Device(
            name,
            System.BARE,
            _board(f"{family}-unknown-none-eabihf", name, features),
            ("arm-none-eabi-gcc",),
            flags=("-mthumb", f"-mcpu={name}", "-mfloat-abi=hard", *flags),
        )
        for name, (family, features, flags) in _CORTEX.items()
    )
    riscv = _board("riscv32-unknown-none-elf", "generic-rv32", "+m,+a,+c")
    return (
        *arm,
        Device(
            "riscv32",
            System.BARE,
            replace(riscv, registers=24),
            ("riscv64-unknown-elf-gcc", "riscv32-unknown-elf-gcc"),
            flags=("-march=rv32imac", "-mabi=ilp32"),
        ),
    )


def _wasm() -> tuple[Device, ...]:
    """Every browser since 2017; since 2021 (Safari: 2023) they have vectors too."""
    triple = "wasm32-unknown-unknown"
    plain = _scalar(triple, "mvp", "", 4)
    return (
        Device("wasm32", System.WEB, plain, ()),
        Device(
            "wasm32-simd",
            System.WEB,
            Target(triple, "generic", "+simd128", 16, 16, Dot.PAIRS, 1 << 18, None, 4),
            (),
        ),
    )


_ALL = (
    _linux_x86(),
    _linux_arm64(),
    _linux_arm32(),
    _linux_riscv(),
    *_android(),
    *_apple(),
    *_bare(),
    *_wasm(),
)
DEVICES: Mapping[str, Device] = {device.name: device for device in _ALL}
"""All devices by name."""
PACKAGES: Mapping[str, tuple[str, ...]] = {
    "java": ("linux-x86_64",),
    "android": ("android-arm64", "android-armv7", "android-x86_64"),
    "web": ("wasm32-simd", "wasm32"),
}
"""What is built for several devices, or with another language's files around it."""


def device(name: str) -> Device:
    """The device of that name.

    Raises:
        InputError: there is none.
    """
    if name in DEVICES:
        return DEVICES[name]
    names = (*DEVICES, *PACKAGES)
    near = difflib.get_close_matches(name, names, 1)
    hint = f"; did you mean '{near[0]}'?" if near else "."
    raise InputError(
        f"no target is called '{name}'{hint} Targets are {', '.join(names)}"
    )
