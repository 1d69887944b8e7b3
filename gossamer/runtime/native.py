"""Run a subgraph as machine code."""

from __future__ import annotations

import ctypes
from typing import TYPE_CHECKING, Any

import numpy as np

from gossamer.codegen.compile import load_procedures
from gossamer.codegen.host import host
from gossamer.codegen.llvm import Call
from gossamer.lowering.lower import aligned, lower
from gossamer.lowering.specialize import specialize
from gossamer.runtime.node import failed, run_node

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from gossamer.codegen.load import LoadedCode
    from gossamer.ir.graph import Node, Subgraph, Tensor
    from gossamer.ir.types import Array, Shape
    from gossamer.lowering.program import Program
    from gossamer.nest.target import Target


class NativeExecutable:
    """A compiled subgraph with its memory.

    All results lie in one arena, at places that were fixed when it was laid out. A
    run is one native call, unless there are nodes that no kernel exists for: these
    run through their reference between calls.
    """

    __slots__ = (
        "_arena",
        "_code",
        "_constants",
        "_context",
        "_invoke",
        "_moved",
        "moving",
        "program",
    )

    def __init__(
        self,
        subgraph: Subgraph,
        shapes: Mapping[Tensor, Shape],
        *,
        keep_all: bool = False,
        target: Target | None = None,
    ) -> None:
        fixed, self._moved = specialize(subgraph, shapes, keep_all=keep_all)
        machine = host() if target is None else target
        self.program: Program = lower(fixed, machine, keep_all=keep_all)
        self.moving: frozenset[Tensor] = frozenset()
        self._arena = aligned(self.program.arena_bytes)
        self._constants = self.program.constants
        addresses = [self._arena.ctypes.data, self._constants.ctypes.data]
        self._context = (ctypes.c_void_p * len(addresses))(*addresses)
        self._code = load(self.program, ctypes.addressof(self._context))
        self._invoke = self._entry()

    @property
    def is_brief(self) -> bool:
        """Whether `invoke` keeps other Python threads out while it runs."""
        return self.program.is_brief

    @property
    def invoke(self) -> Callable[[], None]:
        """What computes the outputs: the native function itself, where it can be."""
        return self._invoke

    def view(self, tensor: Tensor) -> Array | None:
        """The live memory of a tensor's value; None where it is not kept."""
        made = self._moved.get(tensor, tensor)
        if made.data is not None:
            return made.data
        offset = self.program.places.get(made)
        if offset is None:
            return None
        memory = self._arena[offset : offset + made.type.nbytes]
        return memory.view(made.dtype.numpy).reshape(made.shape)

    def shape(self, tensor: Tensor) -> Shape:
        """The shape of a tensor's value."""
        return self._moved.get(tensor, tensor).shape

    def _entry(self) -> Callable[[], None]:
        parts = [self._part(index) for index in range(len(self.program.parts))]
        if self.program.alarms:
            parts.append(self._alarm_check())
        if len(parts) == 1:
            return parts[0]

        def run() -> None:
            for part in parts:
                part()

        return run

    def _alarm_check(self) -> Callable[[], None]:
        """What raises the error that a kernel has reported, if any has."""
        words = [
            (self._arena[alarm.offset : alarm.offset + 8].view(np.int64), alarm)
            for alarm in self.program.alarms
        ]

        def check() -> None:
            for word, alarm in words:
                if word[0]:
                    text = alarm.text.format(value=int(word[0]))
                    raise failed(self._number(alarm.node), alarm.node, text)

        return check

    def _number(self, node: Node) -> int:
        return next(
            index
            for index, each in enumerate(self.program.subgraph.nodes)
            if each is node
        )

    def _part(self, index: int) -> Callable[[], None]:
        part = self.program.parts[index]
        if isinstance(part, tuple):
            return self._code.function(f"part{index}", brief=self.is_brief)
        return self._reference(part)

    def _reference(self, node: Node) -> Callable[[], None]:
        """A node without a kernel, on the same memory."""
        inputs = [None if x is None else self._memory(x) for x in node.inputs]
        outputs = [self._memory(y) for y in node.written]
        number = self._number(node)

        def run() -> None:
            results = run_node(number, node, inputs)
            for view, result in zip(outputs, results, strict=True):
                view[...] = np.asarray(result).reshape(view.shape)

        return run

    def _memory(self, tensor: Tensor) -> Any:
        if tensor.data is not None:
            return tensor.data
        offset = self.program.places[tensor]
        memory = self._arena[offset : offset + tensor.type.nbytes]
        return memory.view(tensor.dtype.numpy).reshape(tensor.shape)


def load(program: Program, context: int) -> LoadedCode:
    """The machine code of a program: one procedure per compiled part.

    `context` is the address of the table of base pointers.
    """
    procedures = {
        f"part{index}": [Call(s.kernel, s.addresses, s.units) for s in part]
        for index, part in enumerate(program.parts)
        if isinstance(part, tuple)
    }
    return load_procedures(program.target, procedures, context)
