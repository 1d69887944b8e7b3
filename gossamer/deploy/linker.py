"""Find a linker on this computer, and make shared libraries with it."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from gossamer.deploy.devices import System
from gossamer.errors import CompilationError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gossamer.deploy.devices import Device

_SECONDS = 300


def find_linker(device: Device) -> list[str] | None:
    """The command of a C compiler that links for a device; None if there is none.

    A compiler on the PATH or in the NDK comes first, then Zig's, which is a Python
    package (`pip install ziglang`).
    """
    if device.system is System.BARE:
        return None
    if device.name == "linux-x86_64" and not _is_here(device):
        compilers = device.compilers[1:]
    else:
        compilers = device.compilers
    for name in compilers:
        found = shutil.which(name) or _in_ndk(name)
        if found:
            return [found]
    if device.zig and importlib.util.find_spec("ziglang"):
        return [sys.executable, "-m", "ziglang", "cc", "-target", device.zig]
    return None


def _is_here(device: Device) -> bool:
    machine = os.uname().machine if hasattr(os, "uname") else ""
    return sys.platform == "linux" and device.name == f"linux-{machine}"


def _in_ndk(name: str) -> str | None:
    """A compiler of Android's NDK, where one of its variables says that it is."""
    for variable in ("ANDROID_NDK_HOME", "ANDROID_NDK_ROOT", "NDK_HOME"):
        home = os.environ.get(variable)
        if home:
            for path in Path(home).glob(f"toolchains/llvm/prebuilt/*/bin/{name}"):
                return str(path)
    return None


def link_shared(
    command: list[str], device: Device, given: Sequence[Path], made: Path, *sources: str
) -> None:
    """Make a shared library of objects.

    `sources` are C files that belong to it, and what the compiler must be told of them.

    Raises:
        CompilationError: the linker refuses it.
    """
    flags = [
        "-shared",
        "-nostartfiles",
        "-nodefaultlibs",
        "-o",
        str(made),
        *sources,
        *map(str, given),
        "-lgcc",
    ]
    if device.system is System.APPLE:
        flags += [f"-Wl,-install_name,@rpath/{made.name}"]
    else:
        flags += [f"-Wl,-soname,{made.name}", "-Wl,-z,noexecstack"]
        # There is nothing to relocate, and to protect that takes up to 64 KB.
        flags += ["-Wl,-z,norelro"]
    if device.system is System.ANDROID:
        flags += ["-Wl,-z,max-page-size=16384"]
    done = subprocess.run(  # noqa: S603  (a compiler of the user's own)
        [*command, *flags],
        capture_output=True,
        text=True,
        timeout=_SECONDS,
        check=False,
    )
    if done.returncode:
        raise CompilationError(
            f"{command[0]} cannot link {made.name}: {done.stderr.strip()[-800:]}"
        )
