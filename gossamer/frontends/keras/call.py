"""One use of a Keras layer or operation, as the conversion rules see it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from gossamer.frontends.emitter import Emitter
from gossamer.frontends.keras.framework import dtype_of, to_numpy
from gossamer.frontends.keras.trace import flatten
from gossamer.ir.graph import Tensor

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gossamer.ir.types import Array, DType


class Walk(Protocol):
    """What a rule may ask of the conversion that calls it."""

    def function(self, path: str, function: Any, x: Tensor, dtype: str) -> Tensor:
        """Convert a Python function of one tensor, such as a custom activation."""
        ...

    def traced(
        self, place: Emitter, function: Any, arguments: Any, *, hoists: bool = False
    ) -> Any:
        """Convert a Python function of several tensors; see `Conversion.traced`."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class Call(Emitter):
    """A layer or operation with its inputs, and where its nodes go.

    Attributes:
        operation: the Keras object; rules read its hyperparameters and weights.
        arguments: by name, with our tensors in the place of Keras's.
        outputs: the Keras tensors that it returned.
        walk: the conversion, for what is inside of it.
    """

    operation: Any
    arguments: Mapping[str, Any]
    outputs: tuple[Any, ...]
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

    def array(self, value: Any) -> Array:
        return to_numpy(value)

    def argument(self, name: str, dtype: DType | None = None) -> Tensor:
        """An argument as a tensor: arrays and numbers become constants of `dtype`."""
        value = self.arguments[name]
        if isinstance(value, Tensor):
            return value if dtype is None else self.cast(value, dtype)
        if dtype is None:
            return self.weight(name, value)
        return self.constant(name, to_numpy(value).astype(dtype.numpy))
