"""What a measurement needs around it: quiet, and the name of the machine."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Generator


@contextlib.contextmanager
def without_native_log() -> Generator[None]:
    """LiteRT's native code greets on file descriptor 2, amid progress bars."""
    kept = os.dup(2)
    with Path(os.devnull).open("w") as nowhere:
        os.dup2(nowhere.fileno(), 2)
        try:
            yield
        finally:
            os.dup2(kept, 2)
            os.close(kept)


def machine() -> str:
    """The processor's name and how many of them this program may use."""
    count = len(os.sched_getaffinity(0))
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        title, _, value = line.partition(":")
        if title.strip() == "model name":
            return f"{value.strip()}, {count} CPUs"
    return f"{count} CPUs"
