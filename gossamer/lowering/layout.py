"""Where everything lies that a program works on: arena, constants, variables."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from gossamer.ir.graph import Tensor
from gossamer.kernels.step import Alarm, Constant, Scratch
from gossamer.lowering.arena import Block, align, place
from gossamer.lowering.program import ALARM_BYTES, Address, PlacedAlarm
from gossamer.memory import ALARMS, ARENA, CONSTANTS, VARIABLES, aligned

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gossamer.lowering.schedule import Lifetimes
    from gossamer.lowering.share import Sharing

_SAMPLED = 512
"""Bytes of a constant by which it is compared with others, before all of it is."""


@dataclass(slots=True)
class Layout:
    """Addresses of tensors, scratch memory and constants.

    `variables` have memory of their own, outside the arena.
    """

    sharing: Sharing
    variables: tuple[Tensor, ...]
    alignment: int
    """Of what lies in arena and constants; as many bytes may be read behind them."""
    arena: dict[object, int] = field(default_factory=dict[object, int])
    arena_bytes: int = 0
    alarms: dict[Alarm, PlacedAlarm] = field(default_factory=dict[Alarm, PlacedAlarm])
    _constants: dict[object, int] = field(default_factory=dict[object, int])
    _chunks: list[np.ndarray] = field(default_factory=list[np.ndarray])
    _size: int = 0
    _known: dict[object, list[tuple[int, np.ndarray]]] = field(
        default_factory=dict[object, "list[tuple[int, np.ndarray]]"]
    )
    _uniform: dict[int, tuple[int, int]] = field(
        default_factory=dict[int, tuple[int, int]]
    )
    """Where the longest run of one byte lies, and its length, by the byte."""

    def address(self, argument: object) -> Address:
        if isinstance(argument, Constant):
            return CONSTANTS, self._constant(argument, argument.data)
        if isinstance(argument, Alarm):
            return ALARMS, list(self.alarms).index(argument) * ALARM_BYTES
        if not isinstance(argument, Tensor):
            return ARENA, self.arena[argument]
        if argument.data is not None:
            return CONSTANTS, self._constant(argument, argument.data)
        root = self.sharing.root(argument)
        if root in self.variables:
            return VARIABLES + self.variables.index(root), 0
        return ARENA, self.arena[root]

    def _constant(self, key: object, array: np.ndarray) -> int:
        if key not in self._constants:
            data = np.ascontiguousarray(array).reshape(-1).view(np.uint8)
            self._constants[key] = self._stored(data)
        return self._constants[key]

    def _stored(self, data: np.ndarray) -> int:
        """Where bytes lie: once, however many steps have them as a constant.

        An unrolled loop that reads one copy of its weights finds them in the cache.
        """
        sample = data[:: max(data.size // _SAMPLED, 1)].tobytes()
        alike = self._known.setdefault((data.size, sample), [])
        for offset, other in alike:
            if np.array_equal(other, data):
                return offset
        is_uniform = data.size > 0 and bool((data == data[0]).all())
        if is_uniform:
            # Rows of zeros of all widths begin where the longest one does.
            offset, size = self._uniform.get(int(data[0]), (0, 0))
            if data.size <= size:
                return offset
            self._uniform[int(data[0])] = self._size, data.size
        offset = self._size
        alike.append((offset, data))
        self._chunks.append(data)
        self._size = offset + align(data.size, self.alignment)
        return offset

    def constant_bytes(self) -> np.ndarray:
        """All constants in one aligned block."""
        block = aligned(self._size + self.alignment)
        position = 0
        for chunk in self._chunks:
            block[position : position + chunk.size] = chunk
            position += align(chunk.size, self.alignment)
        return block

    def places(self, tensors: Sequence[Tensor]) -> dict[Tensor, Address]:
        """Where the tensors lie that have memory."""
        roots = ((t, self.sharing.root(t)) for t in tensors)
        return {
            t: self.address(t)
            for t, root in roots
            if root in self.arena or root in self.variables
        }


def lay_out(
    lifetimes: Lifetimes,
    sharing: Sharing,
    variables: tuple[Tensor, ...],
    alignment: int,
    *,
    keep_all: bool,
) -> Layout:
    """Place everything that is not constant; `keep_all`: nothing shares memory."""
    keys = [key for key in lifetimes.uses if key not in variables]
    everything = (0, lifetimes.end)
    blocks = [
        Block(_nbytes(key), *(everything if keep_all else lifetimes.uses[key]))
        for key in keys
    ]
    offsets, total = place(blocks, alignment)
    arena = dict(zip(keys, offsets, strict=True))
    return Layout(sharing, variables, alignment, arena, total + alignment)


def _nbytes(key: object) -> int:
    return max(size_of(key), 1)


def size_of(argument: object) -> int:
    """Bytes of what a step's argument is."""
    match argument:
        case Constant(data):
            return data.nbytes
        case Scratch(nbytes):
            return nbytes
        case Alarm():
            return ALARM_BYTES
        case _:
            assert isinstance(argument, Tensor)
            return argument.type.nbytes
