"""Where a rule of any front end puts the nodes that it makes."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal, Self, TypeAlias

import numpy as np

from gossamer.ir.build import Builder, free_shape
from gossamer.ir.types import DType
from gossamer.ops.cast import Cast

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

    from numpy.typing import ArrayLike

    from gossamer.ir.graph import Subgraph, Tensor
    from gossamer.ir.op import Op
    from gossamer.ir.types import Array, Shape

Recurrence: TypeAlias = Literal["fused", "while"]
"""An LSTM as one operator, or as a loop over time."""


@dataclass(slots=True)
class Store:
    """What all rules of one conversion share.

    `subgraphs` are those called by operators of others, after the first, which is
    built last. `weights` maps a weight's identity and arrangement to its constant, so
    that a layer used twice stores its weights once; it also keeps the weight alive,
    and with it its identity. `recurrence` is how an LSTM is expressed where there is a
    choice, and `transient` names the variables that are to be zero before each run.
    `first` holds each resource variable's first value, by name. `made` remembers what
    is computed once in a graph, such as a size; `notes` tell the user of choices.
    """

    subgraphs: list[Subgraph] = field(default_factory=list["Subgraph"])
    recurrence: Recurrence = "fused"
    transient: list[str] = field(default_factory=list[str])
    first: dict[str, Array] = field(default_factory=dict[str, "Array"])
    notes: list[str] = field(default_factory=list[str])
    made: dict[Hashable, Tensor] = field(default_factory=dict["Hashable", "Tensor"])
    weights: dict[tuple[int, Shape | None, str], tuple[Any, Tensor]] = field(
        default_factory=dict[tuple[int, "Shape | None", str], tuple[Any, "Tensor"]]
    )

    def add_subgraph(self, subgraph: Subgraph) -> int:
        """Its index in the model."""
        self.subgraphs.append(subgraph)
        return len(self.subgraphs)


@dataclass(frozen=True, slots=True, eq=False)
class Emitter:
    """Adds nodes and constants under one name.

    Attributes:
        path: where the rule's subject stands; the prefix of its tensors' names.
        builder: the subgraph that the nodes go to.
    """

    path: str
    builder: Builder
    store: Store

    def under(self, name: str) -> Self:
        """The same with a name of its own below the path."""
        return replace(self, path=f"{self.path}/{name}")

    def emit(self, op: Op, *inputs: Tensor | None, name: str = "") -> Tensor:
        """Add a node and return its first output."""
        title = f"{self.path}/{name or op.name.lower()}"
        return self.builder.node(op, *inputs, name=title)

    def emit_all(self, op: Op, *inputs: Tensor | None) -> tuple[Tensor, ...]:
        """Add a node and return all of its outputs."""
        title = f"{self.path}/{op.name.lower()}"
        return self.builder.nodes(op, *inputs, names=(title,))

    def array(self, value: Any) -> Array:
        """A framework's value as an array, floats in float32."""
        made = np.asarray(value)
        return made.astype(np.float32) if made.dtype == np.float64 else made

    def constant(self, name: str, value: Any) -> Tensor:
        """A constant; floats in float32."""
        return self.builder.constant(f"{self.path}/{name}", self.array(value))

    def indices(self, name: str, values: ArrayLike) -> Tensor:
        """A constant of int32: axes, shapes, paddings."""
        return self.constant(name, np.asarray(values, np.int32))

    def scalar(self, name: str, value: float) -> Tensor:
        """A float32 constant without dimensions."""
        return self.constant(name, np.float32(value))

    def weight(
        self, name: str, value: Any, axes: Shape | None = None, shape: Shape = ()
    ) -> Tensor:
        """A weight as a constant, its axes permuted, then reshaped.

        The same weight in the same arrangement is stored once in the whole model.
        """
        key = (id(value), axes, str(shape))
        if key not in self.store.weights:
            array = self.array(value)
            arranged = array if axes is None else np.transpose(array, axes)
            if shape:
                arranged = arranged.reshape(shape)
            self.store.weights[key] = (value, self.constant(name, arranged))
        return self.store.weights[key][1]

    def once(self, key: Hashable, make: Callable[[], Tensor]) -> Tensor:
        """What `make` gives; the same tensor whenever this graph asks for `key`."""
        place = (self.builder, key)
        if place not in self.store.made:
            self.store.made[place] = make()
        return self.store.made[place]

    def cast(self, x: Tensor, dtype: DType) -> Tensor:
        """`x` in `dtype`, through a CAST where it has another."""
        if x.dtype is dtype:
            return x
        return self.emit(Cast(x.dtype, dtype), x)

    def real(self, x: Tensor) -> Tensor:
        """`x` in float32."""
        return self.cast(x, DType.FLOAT32)


def dims(x: Tensor) -> Shape:
    """The shape with -1 where the size is free."""
    return free_shape(x)


def axis_of(axis: int, rank: int) -> int:
    """An axis counted from the front."""
    return axis + rank if axis < 0 else axis
