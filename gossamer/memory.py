"""Memory as machine code wants it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

ALIGNMENT = 64
"""Bytes: a cache line, and the widest vector."""


def aligned(nbytes: int) -> npt.NDArray[np.uint8]:
    """Zeroed bytes that begin at a cache line."""
    memory = np.zeros(nbytes + ALIGNMENT, np.uint8)
    start = -memory.ctypes.data % ALIGNMENT
    return memory[start : start + nbytes]
