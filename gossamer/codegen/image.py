"""Machine code that is ready to be loaded."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

CONTEXT = "context"
"""The symbol of the place that holds the address of the context."""


class Image(NamedTuple):
    """Machine code and its constants, position-independent.

    `symbols` are offsets of the entry points in `code`.
    """

    code: bytes
    symbols: Mapping[str, int]
