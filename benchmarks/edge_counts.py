"""How many instructions a library executes for an inference, and its stack, by QEMU.

Two programs are run that differ in one call of the library's `invoke`; the difference
of their counts is what the call took. This is no time: instructions take as long as a
processor makes them. It is the same on every run, which a time under emulation is not.

    python -m benchmarks.edge_counts digits.tflite --target cortex-m4

says how many of them each kernel takes.
"""

from __future__ import annotations

import argparse
import os
import tempfile
from functools import cache
from typing import TYPE_CHECKING

import gossamer
from benchmarks.edge_programs import NAME, SOURCES, compiled, emulation, ended, run
from benchmarks.models import ROOT

if TYPE_CHECKING:
    from pathlib import Path

    from gossamer.deploy.build import Built

_STACK_UNIT = 32
_STACK_LIMIT = 250


def instructions(built: Built) -> int:
    """Instructions of one inference of a library called `model`.

    Raises:
        MissingToolError: a compiler or an emulator is not installed.
        RuntimeError: one of them failed, or the network did.
    """
    return sum(by_function(built).values())


def by_function(built: Built) -> dict[str, int]:
    """Instructions of one inference in each function, in the order of first calls.

    A kernel is a function of its own; what it calls of the compiler's is another.

    Raises:
        MissingToolError: a compiler or an emulator is not installed.
        RuntimeError: one of them failed, or the network did.
    """
    without, once = (_executed(built, times) for times in (0, 1))
    found = {name: count - without.get(name, 0) for name, count in once.items()}
    return {name: count for name, count in found.items() if count}


def _executed(built: Built, invocations: int) -> dict[str, int]:
    """Instructions of a whole program, by function."""
    folder = built.files[0].parent
    path, made = folder / "count.txt", folder / "counted"
    compiled(built, "counted.c", made, INVOCATIONS=invocations)
    run(emulation(built, made, *counting(path)))
    return counts(path)


def counts(path: Path) -> dict[str, int]:
    """What the plugin wrote: instructions by function."""
    rows = (line.split(" ", 1) for line in path.read_text().splitlines())
    return {name: int(count) for count, name in rows}


def counting(path: Path) -> tuple[str, str]:
    """What tells an emulator to write the instructions of each function to a file."""
    return "-plugin", f"file={_counter()},to={path}"


def stack_bytes(built: Built) -> int:
    """Bytes of stack that an inference takes on a board, at most 31 too many.

    Raises:
        MissingToolError: a compiler or an emulator is not installed.
        RuntimeError: one of them failed, the network did, or the stack is deeper
            than 8000 bytes.
    """
    made = compiled(built, "stack.c", built.files[0].parent / "stack")
    code = ended(emulation(built, made)).returncode
    if not 0 < code < _STACK_LIMIT:
        raise RuntimeError(f"the stack of {built.interface.target} was not found")
    return code * _STACK_UNIT


@cache
def _counter() -> Path:
    """The plugin, compiled for this process."""
    folder = ROOT / "build" / "edge"
    folder.mkdir(parents=True, exist_ok=True)
    # Several processes may do so at once, and none must find half a file.
    draft = folder / f"counter{os.getpid()}.so"
    run(("cc", "-O1", "-shared", "-fPIC", "-o", str(draft), str(SOURCES / "counter.c")))
    return draft.replace(folder / "counter.so")


def main() -> None:
    """Print the kernels of a model by the instructions that they take."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.edge_counts",
        description="Instructions of each kernel, in the order in which they run.",
    )
    parser.add_argument("model", help="a .tflite file")
    parser.add_argument("--target", default="linux-aarch64")
    parser.add_argument("--cpu")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        built = gossamer.build(
            given.model, given.target, folder, name=NAME, cpu=given.cpu
        )
        found = by_function(built)
    total = sum(found.values())
    for name, count in found.items():
        print(f"{count:>15,} {count / total:>6.1%}  {name}")
    print(f"{total:>15,} {1:>6.0%}  in all")


if __name__ == "__main__":
    main()
