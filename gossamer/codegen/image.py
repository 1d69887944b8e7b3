"""Machine code that is ready to be loaded."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

CONTEXT = "context"
"""The symbol of the place that holds the address of the context."""


@dataclass(frozen=True, slots=True)
class Image:
    """Machine code and its constants, position-independent.

    `symbols` are offsets of the entry points in `code`.
    """

    code: bytes
    symbols: Mapping[str, int]
