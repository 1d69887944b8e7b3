"""Memory as machine code wants it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

ARENA, CONSTANTS, SYNC, ALARMS, VARIABLES = range(5)
"""Places in the context that a program is invoked with: base addresses of all
intermediate tensors, of what is only read, of what threads agree by, of the words by
which kernels report failure, and from `VARIABLES` on one for each variable that has
memory of its own."""

ALIGNMENT = 64
"""Bytes: a cache line, and the widest vector."""


def aligned(nbytes: int) -> npt.NDArray[np.uint8]:
    """Zeroed bytes that begin at a cache line."""
    memory = np.zeros(nbytes + ALIGNMENT, np.uint8)
    start = -memory.ctypes.data % ALIGNMENT
    return memory[start : start + nbytes]
