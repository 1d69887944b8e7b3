"""C programs around a library: compiled for its device, and run here or by QEMU."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

from gossamer.deploy.devices import System, device
from gossamer.deploy.micro import BOARDS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gossamer.deploy.build import Built

SOURCES = Path(__file__).parent / "programs"
NAME = "model"
"""What the libraries must be called, since the programs name their functions."""

_EMULATORS = {
    "linux-x86_64": ("qemu-x86_64", "-cpu", "max"),
    "linux-aarch64": ("qemu-aarch64",),
    "linux-armv7": ("qemu-arm",),
    "linux-riscv64": ("qemu-riscv64",),
}
_BARE = ("-ffreestanding", "-fno-tree-loop-distribute-patterns", "-nostdlib")
_SECONDS = 300


class MissingToolError(Exception):
    """A compiler or an emulator is not installed."""


def compiled(built: Built, source: str, made: Path, **defined: object) -> Path:
    """Compile a program of the folder `programs` with a library called `NAME`.

    Args:
        built: the library.
        source: a file's name.
        made: where the program goes.
        defined: macros beside FILLS.

    Raises:
        MissingToolError: there is no compiler for the device.
        RuntimeError: it refuses the program.
    """
    chosen = device(built.interface.target)
    folder = built.files[0].parent
    fills = " ".join(f"FILL({i})" for i in range(len(built.interface.inputs)))
    macros = [f"-D{name}={value}" for name, value in defined.items()]
    flags = ("-std=gnu11", "-O1", "-Wall", "-Wextra", f"-I{folder}", f"-DFILLS={fills}")
    files = [str(SOURCES / source), str(folder / f"lib{NAME}.a"), "-lgcc"]
    place = ("-static",)
    if chosen.system is System.BARE:
        board = folder / "board"
        place = (*chosen.flags, *_BARE, f"-I{board}", "-T", str(board / "board.ld"))
        files.insert(0, str(board / "start.c"))
        files.insert(0, "-Wl,-z,noexecstack")
    run((chosen.compilers[0], *flags, *macros, *place, "-o", str(made), *files))
    return made


def emulation(built: Built, program: Path, *options: str) -> tuple[str, ...]:
    """The command that has QEMU run a program for the library's device."""
    name = built.interface.target
    if name in BOARDS:
        return (*BOARDS[name].qemu.split(), *options, "-kernel", str(program))
    return (*_EMULATORS[name], *options, str(program))


def run(words: Sequence[str]) -> str:
    """What a command prints.

    Raises:
        MissingToolError: there is no such command.
        RuntimeError: it failed.
    """
    done = ended(words)
    if done.returncode:
        raise RuntimeError(
            f"{' '.join(words)} ended with {done.returncode}: "
            f"{done.stderr.strip()[-800:]}"
        )
    return done.stdout


def ended(words: Sequence[str]) -> subprocess.CompletedProcess[str]:
    """A command that has run, however it ended.

    Raises:
        MissingToolError: there is no such command.
    """
    if shutil.which(words[0]) is None:
        raise MissingToolError(
            f"{words[0]} is not installed; run scripts/install-edge.sh"
        )
    return subprocess.run(  # noqa: S603  (compilers and emulators of the user's own)
        words,
        capture_output=True,
        text=True,
        timeout=_SECONDS,
        check=False,
        stdin=subprocess.DEVNULL,
    )
