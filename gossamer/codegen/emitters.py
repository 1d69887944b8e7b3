"""Emit the objects of a large module side by side, in processes of their own.

LLVM does one thing at a time in a process, whatever its threads, and takes 70 MB. A
process that stands by loads it while this one still reads and lowers the model.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from gossamer.codegen.object import emit_object

if TYPE_CHECKING:
    from gossamer.codegen.module import Module
    from gossamer.nest.target import Target

    Child = subprocess.Popen[bytes]

_LARGE_TEXT = 1 << 19
"""Bytes of a module that are worth to be parted."""
_MOST = 4
_lock = threading.Lock()
_waiting: list[Child] = []


def stand_by() -> None:
    """Start what `emit_objects` will need, where there are processors for it."""
    count = min(len(os.sched_getaffinity(0)), _MOST)
    if count < 2 or not _is_python():
        return
    with _lock:
        if not _waiting:
            with contextlib.suppress(OSError):
                _waiting.extend(_start() for _ in range(count))


def emit_objects(module: Module, target: Target) -> list[bytes]:
    """The object files of a module, of its parts if others stand by to emit them.

    Raises:
        CompilationError: LLVM does not accept the text.
    """
    with _lock:
        children = _waiting[:]
        _waiting.clear()
    try:
        if len(module.text) >= _LARGE_TEXT and len(children) > 1:
            found = _emit_apart(module.parts(len(children)), target, children)
            if found is not None:
                return found
    finally:
        _dismiss(children)
    return [emit_object(module.text, target)]


def _is_python() -> bool:
    """Whether the program can be started anew as Python: not one that is frozen."""
    name = Path(sys.executable or "").name
    return name.startswith("python") and not getattr(sys, "frozen", False)


def _start() -> Child:
    """A process that imports what this one would."""
    paths = os.pathsep.join(path or os.curdir for path in sys.path)
    return subprocess.Popen(
        [sys.executable, "-m", "gossamer.codegen.emitter"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": paths},
    )


def _emit_apart(
    parts: list[str], target: Target, children: list[Child]
) -> list[bytes] | None:
    """The parts' objects; None if any of them could not be made."""
    head = f"{target.triple}\n{target.cpu}\n{target.features}\n"
    found: dict[int, bytes] = {}

    def emit(index: int) -> None:
        with contextlib.suppress(OSError, ValueError):
            found[index], _ = children[index].communicate(
                (head + parts[index]).encode()
            )

    threads = [threading.Thread(target=emit, args=(i,)) for i in range(len(parts))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    made = [found.get(index, b"") for index in range(len(parts))]
    return made if all(made) else None


def _dismiss(children: list[Child]) -> None:
    for child in children:
        child.kill()
        with contextlib.suppress(OSError, ValueError):
            child.communicate()


@atexit.register
def _dismiss_all() -> None:
    _dismiss(_waiting)
