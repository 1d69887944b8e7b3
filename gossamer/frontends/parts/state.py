"""Variables that keep their values from one run of a model to the next."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gossamer.ir.build import Builder
from gossamer.ir.graph import Node
from gossamer.ir.types import DType, TensorType
from gossamer.ops.control import CallOnce
from gossamer.ops.variable import AssignVariable, ReadVariable, VarHandle

if TYPE_CHECKING:
    from gossamer.frontends.emitter import Emitter, Store
    from gossamer.ir.graph import Tensor
    from gossamer.ir.types import Array

_HANDLE = TensorType(DType.RESOURCE, (1,))


@dataclass(frozen=True, slots=True)
class Variable:
    """A resource variable: what it holds as a run begins, and how to change it."""

    emitter: Emitter
    handle: Tensor
    value: Tensor

    def assign(self, value: Tensor) -> None:
        """Let the variable hold `value` from now on."""
        self.emitter.builder.nodes(AssignVariable(), self.handle, value)


def variable(emitter: Emitter, name: str, first: Array) -> Variable:
    """The variable `name`, which holds `first` before the first run."""
    emitter.store.first.setdefault(name, first)
    handle = _handle(emitter.builder, name)
    kind = TensorType(DType.of_numpy(first.dtype), first.shape)
    value = emitter.builder.nodes(ReadVariable(), handle, names=(name,), types=(kind,))[
        0
    ]
    return Variable(emitter, handle, value)


def first_values(store: Store) -> Node | None:
    """A CALL_ONCE of a new subgraph that gives all variables their first values.

    None where there are none. It must be the first node of the graph.
    """
    if not store.first:
        return None
    builder = Builder("first_values")
    for name, array in store.first.items():
        value = builder.constant(f"{name}/first", array)
        builder.nodes(AssignVariable(), _handle(builder, name), value)
    return Node(CallOnce(store.add_subgraph(builder.finish([]))), (), ())


def _handle(builder: Builder, name: str) -> Tensor:
    return builder.nodes(
        VarHandle("", name), names=(f"{name}/handle",), types=(_HANDLE,)
    )[0]
