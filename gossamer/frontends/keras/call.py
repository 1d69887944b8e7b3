"""One use of a Keras layer or operation, as the conversion rules see it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from gossamer.frontends.keras.framework import dtype_of, to_numpy
from gossamer.frontends.keras.trace import flatten
from gossamer.ir.build import Builder, free_shape
from gossamer.ir.graph import Tensor
from gossamer.ir.types import DType
from gossamer.ops.cast import Cast

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import ArrayLike

    from gossamer.ir.op import Op
    from gossamer.ir.types import Shape


class Walk(Protocol):
    """What a rule may ask of the conversion that calls it."""

    def function(self, path: str, function: Any, x: Tensor, dtype: str) -> Tensor:
        """Convert a Python function of one tensor, such as a custom activation."""
        ...


@dataclass(slots=True)
class Store:
    """What all the calls of one conversion share.

    `weights` maps a variable's identity and axes to its constant, so that a layer used
    twice stores its weights once; it also keeps the variable alive, and with it its
    identity.
    """

    builder: Builder = field(default_factory=Builder)
    weights: dict[tuple[int, Shape | None, str], tuple[Any, Tensor]] = field(
        default_factory=dict[tuple[int, "Shape | None", str], tuple[Any, Tensor]]
    )


@dataclass(frozen=True, slots=True, eq=False)
class Call:
    """A layer or operation with its inputs, and where its nodes go.

    Attributes:
        operation: the Keras object; rules read its hyperparameters and weights.
        path: where it stands in the model; the prefix of its tensors' names.
        arguments: by name, with our tensors in the place of Keras's.
        outputs: the Keras tensors that it returned.
    """

    operation: Any
    path: str
    arguments: Mapping[str, Any]
    outputs: tuple[Any, ...]
    store: Store
    walk: Walk

    @property
    def inputs(self) -> list[Tensor]:
        """Every tensor argument, in order."""
        leaves = flatten(list(self.arguments.values()))
        return [leaf for leaf in leaves if isinstance(leaf, Tensor)]

    @property
    def x(self) -> Tensor:
        """The first tensor argument."""
        return self.inputs[0]

    @property
    def dtype(self) -> DType:
        """The element type in which the first output is computed."""
        return dtype_of(self.outputs[0].dtype)

    def under(self, name: str) -> Call:
        """The same call with a name of its own below the path."""
        return replace(self, path=f"{self.path}/{name}")

    def emit(self, op: Op, *inputs: Tensor | None, name: str = "") -> Tensor:
        """Add a node and return its first output."""
        title = f"{self.path}/{name or op.name.lower()}"
        return self.store.builder.node(op, *inputs, name=title)

    def emit_all(self, op: Op, *inputs: Tensor | None) -> tuple[Tensor, ...]:
        """Add a node and return all of its outputs."""
        title = f"{self.path}/{op.name.lower()}"
        return self.store.builder.nodes(op, *inputs, names=(title,))

    def constant(self, name: str, value: Any) -> Tensor:
        """A constant; floats in float32."""
        return self.store.builder.constant(f"{self.path}/{name}", to_numpy(value))

    def indices(self, name: str, values: ArrayLike) -> Tensor:
        """A constant of int32: axes, shapes, paddings."""
        return self.constant(name, np.asarray(values, np.int32))

    def weight(
        self, name: str, value: Any, axes: Shape | None = None, shape: Shape = ()
    ) -> Tensor:
        """A layer's variable as a constant, its axes permuted, then reshaped.

        The same variable in the same arrangement is stored once in the whole model.
        """
        key = (id(value), axes, str(shape))
        if key not in self.store.weights:
            array = to_numpy(value)
            arranged = array if axes is None else np.transpose(array, axes)
            if shape:
                arranged = arranged.reshape(shape)
            self.store.weights[key] = (value, self.constant(name, arranged))
        return self.store.weights[key][1]

    def argument(self, name: str, dtype: DType | None = None) -> Tensor:
        """An argument as a tensor: arrays and numbers become constants of `dtype`."""
        value = self.arguments[name]
        if isinstance(value, Tensor):
            return value if dtype is None else self.cast(value, dtype)
        if dtype is None:
            return self.weight(name, value)
        return self.constant(name, to_numpy(value).astype(dtype.numpy))

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
