"""One block of memory for all intermediate tensors: who lies where.

Blocks whose lifetimes do not meet may share memory. Larger blocks are placed first,
each at the lowest offset at which it disturbs none that is placed already.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gossamer.memory import ALIGNMENT

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, slots=True)
class Block:
    """`nbytes` of memory that are in use from step `first` to step `last`."""

    nbytes: int
    first: int
    last: int

    def meets(self, other: Block) -> bool:
        return self.first <= other.last and other.first <= self.last


def align(nbytes: int, alignment: int = ALIGNMENT) -> int:
    return -(-nbytes // alignment) * alignment


def place(blocks: Sequence[Block], alignment: int = ALIGNMENT) -> tuple[list[int], int]:
    """An offset for each block, and the bytes that all of them need together.

    Example:
        >>> place([Block(64, 0, 1), Block(64, 1, 2), Block(64, 2, 3)])
        ([0, 64, 0], 128)
    """
    offsets = [0] * len(blocks)
    placed: list[int] = []
    sizes = [align(block.nbytes, alignment) for block in blocks]
    order = sorted(range(len(blocks)), key=lambda i: (-blocks[i].nbytes, i))
    for index in order:
        block = blocks[index]
        taken = sorted(
            (offsets[i], offsets[i] + sizes[i])
            for i in placed
            if blocks[i].meets(block)
        )
        offset = 0
        for start, end in taken:
            if offset + sizes[index] <= start:
                break
            offset = max(offset, end)
        offsets[index] = offset
        placed.append(index)
    total = max((offsets[i] + sizes[i] for i in range(len(blocks))), default=0)
    return offsets, total
