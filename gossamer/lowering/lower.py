"""Subgraph to program: ask every node for its steps, then lay out the memory."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from gossamer.ir.graph import Node, Subgraph, Tensor
from gossamer.kernels.step import Alarm, Constant, Scratch, Step
from gossamer.lowering.arena import ALIGNMENT, Block, align, place
from gossamer.lowering.program import (
    ARENA,
    CONSTANTS,
    Part,
    PlacedAlarm,
    PlacedStep,
    Program,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from gossamer.nest.target import Target

_Work: TypeAlias = tuple[Node, Step | None]
"""A step of a node, or None where the node runs through its reference."""

_SLACK = 64
"""Bytes behind arena and constants that vector loads may touch."""


def lower(subgraph: Subgraph, target: Target, *, keep_all: bool = False) -> Program:
    """The program of a subgraph whose shapes are all known.

    Args:
        subgraph: see `specialize`.
        target: the machine.
        keep_all: give every tensor memory of its own, so that all can be looked at.
    """
    shared = _shared_memory(subgraph, keep_all=keep_all)
    work: list[_Work] = []
    for node in subgraph.nodes:
        if node.outputs[0] in shared:
            continue
        steps = node.op.lower(node, target)
        if steps is None:
            work.append((node, None))
        else:
            work.extend((node, step) for step in steps)
    layout = _lay_out(subgraph, work, shared, keep_all=keep_all)
    return Program(
        subgraph,
        target,
        _parts(work, layout),
        layout.arena_bytes,
        layout.constant_bytes(),
        layout.tensor_places(subgraph),
        tuple(_alarms(work, layout)),
    )


def _alarms(work: Sequence[_Work], layout: _Layout) -> Iterator[PlacedAlarm]:
    """The words that steps may report failure by, each once."""
    seen: set[Alarm] = set()
    for node, step in work:
        for argument in () if step is None else step.arguments:
            if isinstance(argument, Alarm) and argument not in seen:
                seen.add(argument)
                yield PlacedAlarm(layout.arena[argument], argument.text, node)


def _shared_memory(subgraph: Subgraph, *, keep_all: bool) -> dict[Tensor, Tensor]:
    """Outputs that are their input with another shape, and whose memory they share."""
    if keep_all:
        return {}
    shared: dict[Tensor, Tensor] = {}
    for node in subgraph.nodes:
        x = node.inputs[0] if node.inputs else None
        if not node.op.only_reshapes or x is None or x.is_constant:
            continue
        root = shared.get(x, x)
        if root.is_variable:
            continue
        outside = root in subgraph.inputs or root in subgraph.outputs
        if outside and node.output in subgraph.outputs:
            continue
        shared[node.output] = root
    return shared


@dataclass(slots=True)
class _Layout:
    """Where everything lies."""

    shared: dict[Tensor, Tensor]
    arena: dict[object, int] = field(default_factory=dict[object, int])
    arena_bytes: int = 0
    constants: dict[object, int] = field(default_factory=dict[object, int])
    chunks: list[np.ndarray] = field(default_factory=list[np.ndarray])
    size: int = 0
    known: dict[bytes, int] = field(default_factory=dict[bytes, int])

    def constant(self, key: object, array: np.ndarray) -> int:
        if key in self.constants:
            return self.constants[key]
        data = np.ascontiguousarray(array).reshape(-1).view(np.uint8)
        small = data.tobytes() if data.size <= 1 << 16 else b""
        if small and small in self.known:
            self.constants[key] = self.known[small]
            return self.constants[key]
        offset = self.size
        if small:
            self.known[small] = offset
        self.constants[key] = offset
        self.chunks.append(data)
        self.size = offset + align(data.size)
        return offset

    def address(self, argument: object) -> tuple[int, int]:
        if isinstance(argument, Constant):
            return CONSTANTS, self.constant(argument, argument.data)
        if isinstance(argument, Tensor):
            if argument.data is not None:
                return CONSTANTS, self.constant(argument, argument.data)
            return ARENA, self.arena[self.shared.get(argument, argument)]
        return ARENA, self.arena[argument]

    def constant_bytes(self) -> np.ndarray:
        """All constants in one aligned block."""
        block = aligned(self.size + _SLACK)
        position = 0
        for chunk in self.chunks:
            block[position : position + chunk.size] = chunk
            position += align(chunk.size)
        return block

    def tensor_places(self, subgraph: Subgraph) -> dict[Tensor, int]:
        roots = ((t, self.shared.get(t, t)) for t in subgraph.tensors)
        return {t: self.arena[root] for t, root in roots if root in self.arena}


def aligned(nbytes: int) -> np.ndarray:
    """Zeroed bytes that begin at a cache line."""
    memory = np.zeros(nbytes + ALIGNMENT, np.uint8)
    start = -memory.ctypes.data % ALIGNMENT
    return memory[start : start + nbytes]


def _lay_out(
    subgraph: Subgraph,
    work: Sequence[_Work],
    shared: dict[Tensor, Tensor],
    *,
    keep_all: bool,
) -> _Layout:
    uses = _uses(work, shared)
    end = len(work)
    for tensor in (*subgraph.inputs, *subgraph.outputs):
        if tensor.is_constant:
            continue
        root = shared.get(tensor, tensor)
        first = 0 if tensor in subgraph.inputs else uses.get(root, (0, end))[0]
        uses[root] = (first, end)
    uses.update((key, (0, end)) for key in uses if _is_variable(key))
    uses.update((k, (uses[k][0], end)) for k in uses if isinstance(k, Alarm))
    keys = list(uses)
    blocks = [
        Block(_nbytes(key), *((0, end) if keep_all else uses[key])) for key in keys
    ]
    offsets, total = place(blocks)
    return _Layout(shared, dict(zip(keys, offsets, strict=True)), total + _SLACK)


def _is_variable(key: object) -> bool:
    """Whether memory keeps what a run leaves in it until the next run."""
    return isinstance(key, Tensor) and key.is_variable


def _nbytes(key: object) -> int:
    if isinstance(key, Scratch):
        return key.nbytes
    if isinstance(key, Alarm):
        return 8
    assert isinstance(key, Tensor)
    return max(key.type.nbytes, 1)


def _uses(
    work: Sequence[_Work], shared: dict[Tensor, Tensor]
) -> dict[object, tuple[int, int]]:
    """First and last step at which each block of memory is in use."""
    uses: dict[object, tuple[int, int]] = {}

    def use(key: object, time: int) -> None:
        if isinstance(key, Constant) or (isinstance(key, Tensor) and key.is_constant):
            return
        root = shared.get(key, key) if isinstance(key, Tensor) else key
        first, _ = uses.get(root, (time, time))
        uses[root] = (first, time)

    for time, (node, step) in enumerate(work):
        arguments = (*node.inputs, *node.outputs) if step is None else step.arguments
        for argument in arguments:
            if argument is not None:
                use(argument, time)
    return uses


def _parts(work: Sequence[_Work], layout: _Layout) -> tuple[Part, ...]:
    parts: list[Part] = []
    run: list[PlacedStep] = []
    for node, step in work:
        if step is not None:
            addresses = tuple(layout.address(a) for a in step.arguments)
            run.append(PlacedStep(step.kernel, addresses, step.units, node))
            continue
        if run:
            parts.append(tuple(run))
            run = []
        parts.append(node)
    if run:
        parts.append(tuple(run))
    return tuple(parts)
