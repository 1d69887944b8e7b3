"""Names for new tensors: readable, and taken by no other tensor of the subgraph."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gossamer.ir.graph import Subgraph


class Names:
    """The names taken in a subgraph."""

    def __init__(self, subgraph: Subgraph) -> None:
        self._taken = {tensor.name for tensor in subgraph.tensors}

    def unique(self, name: str) -> str:
        """`name`, with a number behind it where it is taken already."""
        candidate, count = name, 0
        while candidate in self._taken:
            count += 1
            candidate = f"{name}_{count}"
        self._taken.add(candidate)
        return candidate
