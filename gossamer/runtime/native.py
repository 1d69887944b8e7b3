"""Run a subgraph as machine code."""

from __future__ import annotations

import ctypes
from typing import TYPE_CHECKING

import numpy as np

from gossamer.codegen.compile import load_procedures
from gossamer.codegen.host import host
from gossamer.ir.graph import Node
from gossamer.lowering.layout import aligned
from gossamer.lowering.link import Linker
from gossamer.lowering.lower import lower
from gossamer.lowering.specialize import specialize
from gossamer.runtime.evaluate import run_node
from gossamer.runtime.procedures import Division, Rounds, Ways
from gossamer.runtime.state import State
from gossamer.runtime.workers import Workers

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from gossamer.codegen.load import LoadedCode
    from gossamer.ir.graph import Subgraph, Tensor
    from gossamer.ir.types import Array, Shape
    from gossamer.lowering.program import Address, Program
    from gossamer.nest.target import Target
    from gossamer.runtime.procedures import Part


class NativeExecutable:
    """A compiled subgraph with its memory.

    All results lie in one arena, at places that were fixed when it was laid out, or in
    the memory of the interpreter's variables. A run is one native call, unless there
    are nodes that no kernel exists for: these run through their meaning between calls.
    """

    __slots__ = (
        "_bases",
        "_code",
        "_context",
        "_invoke",
        "_moved",
        "_positions",
        "_state",
        "_workers",
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
        state: State | None = None,
        threads: int = 1,
    ) -> None:
        self._state = state or State(None)
        self._state.begin(subgraph)
        linker = Linker(self._state.subgraphs, self._state.types(), self._state.done)
        fixed, self._moved = specialize(
            subgraph, shapes, keep_all=keep_all, linker=linker
        )
        self.program: Program = lower(
            fixed,
            host() if target is None else target,
            keep_all=keep_all,
            variables=tuple(linker.variables.values()),
        )
        self.moving: frozenset[Tensor] = frozenset()
        self._positions = {
            node: index for index, node in enumerate(self.program.subgraph.nodes)
        }
        self._code: LoadedCode
        self._workers = Workers(threads) if threads > 1 else None
        self._bases = self._memory(linker)
        addresses = [memory.ctypes.data for memory in self._bases]
        self._context = (ctypes.c_void_p * len(addresses))(*addresses)
        self._invoke = self._load(threads)

    def _memory(self, linker: Linker) -> list[Array]:
        """What the places in the context point to."""
        sync = aligned(1) if self._workers is None else self._workers.memory
        bases = [aligned(self.program.arena_bytes), self.program.constants, sync]
        for key, tensor in linker.variables.items():
            memory = self._state.memory(key, tensor.type)
            bases.append(memory.reshape(-1).view(np.uint8))
        return bases

    def _load(self, threads: int) -> Callable[[], None]:
        """Load the code; returns what runs the whole program."""
        division = Division(threads)
        parts = division.parts(self.program.actions)
        self._code = load_procedures(
            self.program.target,
            division.procedures,
            ctypes.addressof(self._context),
            threads=threads,
        )
        if self._workers is not None and self._code.has_workers:
            self._workers.start(self._code, (self._context, self._bases))
        return self._run(parts)

    def _run(self, parts: Sequence[Part]) -> Callable[[], None]:
        """What runs the parts one after another."""
        runs = [self._part(part) for part in parts]
        if len(runs) == 1:
            return runs[0]

        def run() -> None:
            for each in runs:
                each()

        return run

    def _part(self, part: Part) -> Callable[[], None]:
        match part:
            case str():
                return self._code.function(part, brief=self.is_brief)
            case Node():
                return self._interpreted(part)
            case Rounds(condition, flag, body):
                return self._rounds(self._run(condition), flag, self._run(body))
            case Ways(flag, then, otherwise):
                return self._ways(flag, self._run(then), self._run(otherwise))

    def _rounds(
        self, condition: Callable[[], None], flag: Address, body: Callable[[], None]
    ) -> Callable[[], None]:
        byte = self._bytes(flag, 1)

        def run() -> None:
            condition()
            while byte[0]:
                body()
                condition()

        return run

    def _ways(
        self, flag: Address, then: Callable[[], None], otherwise: Callable[[], None]
    ) -> Callable[[], None]:
        byte = self._bytes(flag, 1)
        return lambda: then() if byte[0] else otherwise()

    def _interpreted(self, node: Node) -> Callable[[], None]:
        """A node without a kernel, on the same memory."""
        index = self._positions.get(node, -1)
        inputs = [None if x is None else self._array(x) for x in node.inputs]
        outputs = [self._array(y) for y in node.written]

        def run() -> None:
            results = run_node(index, node, inputs, self._state)
            for view, result in zip(outputs, results, strict=True):
                view[...] = np.asarray(result).reshape(view.shape)

        return run

    @property
    def is_brief(self) -> bool:
        """Whether `invoke` keeps other Python threads out while it runs.

        Where it waits for workers it must not: they come in through Python.
        """
        return self.program.is_brief and not self._code.has_workers

    @property
    def invoke(self) -> Callable[[], None]:
        """What computes the outputs: the native function itself, where it can be."""
        return self._invoke

    def view(self, tensor: Tensor) -> Array | None:
        """The live memory of a tensor's value; None where it is not kept."""
        made = self._moved.get(tensor, tensor)
        if made.data is None and made not in self.program.places:
            return None
        return self._array(made)

    def shape(self, tensor: Tensor) -> Shape:
        """The shape of a tensor's value."""
        return self._moved.get(tensor, tensor).shape

    def _array(self, tensor: Tensor) -> Array:
        if tensor.data is not None:
            return tensor.data
        memory = self._bytes(self.program.places[tensor], tensor.type.nbytes)
        return memory.view(tensor.dtype.numpy).reshape(tensor.shape)

    def _bytes(self, address: Address, count: int) -> Array:
        base, offset = address
        return self._bases[base][offset : offset + count]
