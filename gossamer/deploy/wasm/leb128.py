"""Whole numbers as WebAssembly writes them: seven bits a byte, the lowest first."""

from __future__ import annotations

from dataclasses import dataclass

PADDED = 5
"""Bytes that a linker finds reserved for a number of 32 bits."""


def unsigned(number: int, padded: int = 0) -> bytes:
    """A number from 0 on, in as many bytes as it takes, or `padded` bytes."""
    made = bytearray()
    while True:
        low, number = number & 0x7F, number >> 7
        more = number or len(made) + 1 < padded
        made.append(low | (0x80 if more else 0))
        if not more:
            return bytes(made)


def signed(number: int, padded: int = 0) -> bytes:
    """A number whose highest bit is its sign."""
    made = bytearray()
    while True:
        low, number = number & 0x7F, number >> 7
        is_whole = number == (-1 if low & 0x40 else 0)
        more = not is_whole or len(made) + 1 < padded
        made.append(low | (0x80 if more else 0))
        if not more:
            return bytes(made)


@dataclass(slots=True)
class Reader:
    """Reads one thing after another from `position` on."""

    content: bytes
    position: int = 0

    @property
    def is_at_end(self) -> bool:
        return self.position >= len(self.content)

    def byte(self) -> int:
        self.position += 1
        return self.content[self.position - 1]

    def number(self) -> int:
        """A number from 0 on."""
        found = shift = 0
        while True:
            byte = self.byte()
            found |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return found

    def signed(self) -> int:
        """A number that may be below 0."""
        found = shift = 0
        while True:
            byte = self.byte()
            found |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return found - (1 << shift) if byte & 0x40 else found

    def bytes(self) -> bytes:
        """Bytes behind their number."""
        size = self.number()
        self.position += size
        return self.content[self.position - size : self.position]

    def text(self) -> str:
        return self.bytes().decode()
