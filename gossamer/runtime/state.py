"""What an interpreter keeps from run to run: variables, tables, what ran once."""

from __future__ import annotations

from copy import copy
from typing import TYPE_CHECKING, Any

from gossamer.errors import ExecutionError, UnsupportedError
from gossamer.ir.types import DType, TensorType
from gossamer.memory import aligned
from gossamer.runtime.evaluate import run_subgraph

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from gossamer.ir.graph import Subgraph, Tensor
    from gossamer.ir.types import Array
    from gossamer.lowering.link import Key


VARIABLE = "variable"
"""The kind of the resources that VAR_HANDLE names."""


class State:
    """The resources of a model in use; an `Environment` for its operators.

    All subgraphs of one interpreter share it. A variable that compiled code works on
    has fixed memory, so that its shape can no longer change.
    """

    __slots__ = ("_done", "_find", "_fixed", "_handles", "_locals", "_values")

    def __init__(self, subgraphs: Callable[[], Sequence[Subgraph]] = tuple) -> None:
        """A state for the subgraphs that `subgraphs` gives when they are called."""
        self._find = subgraphs
        self._handles: dict[tuple[str, str, str], int] = {}
        self._values: dict[int, Any] = {}
        self._fixed: set[int] = set()
        self._done: dict[int, None] = {}
        self._locals: dict[Tensor, Array] = {}

    @property
    def subgraphs(self) -> Sequence[Subgraph]:
        return self._find()

    @property
    def done(self) -> frozenset[int]:
        """The subgraphs that CALL_ONCE has run."""
        return frozenset(self._done)

    def handle(self, kind: str, container: str, name: str) -> int:
        return self._handles.setdefault((kind, container, name), len(self._handles))

    def holds(self, handle: int) -> bool:
        return handle in self._values

    def value(self, handle: int) -> Any:
        try:
            return self._values[handle]
        except KeyError:
            name = self._name(handle)
            raise ExecutionError(
                f"{name} is read before anything was assigned to it"
            ) from None

    def assign(self, handle: int, value: Any) -> None:
        self._name(handle)
        if handle in self._fixed:
            self._overwrite(handle, value)
        else:
            self._values[handle] = copy(value)

    def _overwrite(self, handle: int, value: Array) -> None:
        memory: Array = self._values[handle]
        if memory.shape != value.shape or memory.dtype != value.dtype:
            raise ExecutionError(
                f"{self._name(handle)} holds {memory.dtype}{list(memory.shape)}, and "
                f"cannot take {value.dtype}{list(value.shape)}"
            )
        memory[...] = value

    def _name(self, handle: int) -> str:
        for (kind, container, name), number in self._handles.items():
            if number == handle:
                return f"the {kind} '{container + '/' if container else ''}{name}'"
        raise ExecutionError(f"{handle} is the handle of no variable and no table")

    def call(self, subgraph: int, inputs: Sequence[Array]) -> tuple[Array, ...]:
        graph = self.subgraphs[subgraph]
        return run_subgraph(graph, inputs, self, self._locals)

    def call_once(self, subgraph: int) -> None:
        if subgraph not in self._done:
            self._done[subgraph] = None
            self.call(subgraph, ())

    def types(self) -> dict[Key, TensorType]:
        """The types of the variables that hold a value."""
        found: dict[Key, TensorType] = {}
        for (kind, container, name), handle in self._handles.items():
            if kind == VARIABLE and handle in self._values:
                value: Array = self._values[handle]
                dtype = DType.of_numpy(value.dtype)
                found[container, name] = TensorType(dtype, value.shape)
        return found

    def memory(self, key: Key, type_: TensorType) -> Array:
        """The memory of a variable that compiled code works on.

        Raises:
            UnsupportedError: the variable holds values of another type.
        """
        handle = self.handle(VARIABLE, *key)
        value = self._values.get(handle)
        if handle in self._fixed and value is not None:
            fits = value.shape == type_.shape and value.dtype == type_.dtype.numpy
            if not fits:
                raise UnsupportedError(f"{self._name(handle)} has another shape")
            return value
        flat = aligned(max(type_.nbytes, 1))[: type_.nbytes]
        memory = flat.view(type_.dtype.numpy).reshape(type_.shape)
        if value is not None:
            memory[...] = value
        self._values[handle] = memory
        self._fixed.add(handle)
        return memory

    def begin(self, graph: Subgraph) -> None:
        """Run what a graph calls once, as far as it does so before all else."""
        from gossamer.ir.verify_calls import called_subgraphs  # noqa: PLC0415

        for node in graph.nodes:
            if node.op.name == "CALL_ONCE":
                self.call_once(*called_subgraphs(node).values())
            elif node.op.name != "VAR_HANDLE":
                return

    def reset(self) -> None:
        """Make all as it was before the first run."""
        done, self._done = list(self._done), {}
        for handle in list(self._values):
            if handle in self._fixed:
                self._values[handle][...] = 0
            else:
                del self._values[handle]
        self._locals.clear()
        for subgraph in done:
            self.call_once(subgraph)
