"""Run what was compiled: its memory, and the calls of its parts."""

from __future__ import annotations

import ctypes
from typing import TYPE_CHECKING

import numpy as np

from gossamer.codegen.load import LoadedCode
from gossamer.ir.graph import Node
from gossamer.memory import ALARMS, aligned
from gossamer.runtime.compiled import Rounds, Ways
from gossamer.runtime.evaluate import failed, run_node, store

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from gossamer.ir.graph import Tensor
    from gossamer.ir.types import Array
    from gossamer.runtime.compiled import Address, Compiled, Part, Place
    from gossamer.runtime.state import State
    from gossamer.runtime.workers import Workers

_ALARM_BYTES = 8


class Runner:
    """A compiled subgraph with memory of its own.

    All results lie in one arena, at places that were fixed when it was laid out, or in
    the memory of the interpreter's variables. A run is one native call, unless there
    are nodes that no kernel exists for: these run through their meaning between calls.
    """

    __slots__ = (
        "_context",
        "_state",
        "_workers",
        "bases",
        "code",
        "compiled",
        "invoke",
    )

    def __init__(self, compiled: Compiled, state: State, threads: int) -> None:
        self.compiled = compiled
        self._state = state
        self._workers = _workers(threads) if compiled.has_workers else None
        self.bases = self._memory()
        addresses = [memory.ctypes.data for memory in self.bases]
        self._context = (ctypes.c_void_p * len(addresses))(*addresses)
        self.code = LoadedCode(compiled.image, ctypes.addressof(self._context))
        if self._workers is not None:
            self._workers.start(self.code, (self._context, self.bases))
        run = self.run_of(compiled.parts)
        self.invoke: Callable[[], None] = self.alarmed(run) if compiled.alarms else run

    def _memory(self) -> list[Array]:
        """What the places in the context point to."""
        sync = aligned(1) if self._workers is None else self._workers.memory
        alarms = aligned(len(self.compiled.alarms) * _ALARM_BYTES)
        arena = aligned(self.compiled.arena_bytes)
        bases = [arena, self.compiled.constants, sync, alarms]
        for key, type_ in self.compiled.variables:
            memory = self._state.memory(key, type_)
            bases.append(memory.reshape(-1).view(np.uint8))
        return bases

    def alarmed(self, run: Callable[[], None]) -> Callable[[], None]:
        """A run after which an error is raised if a kernel has reported one."""
        array = self.bases[ALARMS].view(np.int64)
        words = array.data  # a look at it takes less time than one at the array

        def checked() -> None:
            run()
            if any(words):
                index = int(np.flatnonzero(array)[0])
                alarm, value = self.compiled.alarms[index], words[index]
                array[:] = 0
                raise failed(alarm.node, alarm.name, alarm.text.format(value=value))

        return checked

    @property
    def is_brief(self) -> bool:
        """Whether `invoke` keeps other Python threads out while it runs.

        Where it waits for workers it must not: they come in through Python.
        """
        return self.compiled.is_brief and self._workers is None

    def view(self, index: int) -> Array | None:
        """The live memory of a tensor's value; None where it is not kept."""
        place = self.compiled.places.get(index)
        return None if place is None else self._array(place)

    def _array(self, place: Place) -> Array:
        memory = self._bytes(place.address, place.type.nbytes)
        return memory.view(place.type.dtype.numpy).reshape(place.type.shape)

    def _bytes(self, address: Address, count: int) -> Array:
        base, offset = address
        return self.bases[base][offset : offset + count]

    def run_of(self, parts: Sequence[Part]) -> Callable[[], None]:
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
                return self.code.function(part, brief=self.is_brief)
            case Node():
                return self._interpreted(part)
            case Rounds(condition, flag, body):
                return self._rounds(self.run_of(condition), flag, self.run_of(body))
            case Ways(flag, then, otherwise):
                return self._ways(flag, self.run_of(then), self.run_of(otherwise))

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
        index = self.compiled.positions.get(node, -1)
        inputs = [None if x is None else self._value(x) for x in node.inputs]
        outputs = [self._value(y) for y in node.written]

        def run() -> None:
            results = run_node(index, node, inputs, self._state)
            for view, result in zip(outputs, results, strict=True):
                store(result, view, node)

        return run

    def _value(self, tensor: Tensor) -> Array:
        if tensor.data is not None:
            return tensor.data
        return self._array(self.compiled.inner[tensor])


def _workers(threads: int) -> Workers:
    from gossamer.runtime.workers import Workers  # noqa: PLC0415  (not for one thread)

    return Workers(threads)
