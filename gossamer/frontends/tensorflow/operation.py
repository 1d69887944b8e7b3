"""One operation of a TensorFlow graph, as the conversion rules see it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from gossamer.frontends.emitter import Emitter
from gossamer.frontends.report import Unsupported
from gossamer.frontends.tensorflow.framework import as_array, dtype_of, shape_of
from gossamer.frontends.tensorflow.sizes import sizes_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gossamer.frontends.tensorflow.sizes import Sizes
    from gossamer.ir.graph import Tensor
    from gossamer.ir.types import Array, DType, Shape


class Values(Protocol):
    """What a rule may ask of the conversion that calls it."""

    def known(self, tensor: Any) -> Array | None:
        """A value that no input of the model changes, None where one does."""
        ...

    def tensor(self, tensor: Any) -> Tensor:
        """The value in our graph."""
        ...

    def shape(self, tensor: Any) -> Shape | None:
        """The shape with -1 for free sizes, None where the rank is not known."""
        ...

    def subgraph(self, name: str, handed: Sequence[Tensor]) -> int:
        """Convert a function of the graph's library; its subgraph's index."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class Operation(Emitter):
    """An operation with its inputs, and where its nodes go.

    Attributes:
        node: the `tf.Operation`.
        values: of its inputs.
    """

    node: Any
    values: Values

    @property
    def kind(self) -> str:
        return str(self.node.type)

    @property
    def count(self) -> int:
        """How many inputs there are."""
        return len(self.node.inputs)

    def array(self, value: Any) -> Array:
        return as_array(value)

    def attribute(self, name: str) -> Any:
        value = self.node.get_attr(name)
        return value.decode() if isinstance(value, bytes) else value

    def tensor(self, index: int = 0) -> Tensor:
        """An input in our graph; one that is known becomes a constant."""
        source = self.node.inputs[index]
        value = self.values.known(source)
        if value is None:
            return self.values.tensor(source)
        return self.weight(str(source.op.name).rpartition("/")[2], value)

    def tensors(self, begin: int = 0, end: int | None = None) -> list[Tensor]:
        return [self.tensor(index) for index in range(self.count)[begin:end]]

    def maybe(self, index: int) -> Array | None:
        """The value of an input that is known before the model runs, or None."""
        return self.values.known(self.node.inputs[index])

    def known(self, index: int, what: str) -> Array:
        """The value of an input that must be known before the model runs.

        Raises:
            Unsupported: it is computed from the model's inputs.
        """
        value = self.maybe(index)
        if value is None:
            raise Unsupported(
                f"its {what} is computed while the model runs, from "
                f"'{self.node.inputs[index].name}'",
                f"Make the {what} a constant, for instance by fixing the sizes of the "
                "inputs.",
            )
        return value

    def sizes(self, index: int, free: int = -1) -> Sizes | None:
        """The numbers of an input as far as they follow from shapes.

        `free` stands for the sizes that are free; with -1 they are not known.
        """
        source = self.node.inputs[index]

        def shape_of_value(tensor: Any) -> Shape | None:
            found = self.values.shape(tensor)
            return found and tuple(free if size < 0 else size for size in found)

        return sizes_of(source, self.values.known, shape_of_value)

    def numbers(self, index: int, what: str) -> list[int]:
        """The same for whole numbers, which may follow from shapes."""
        sizes = self.sizes(index)
        if sizes is None or None in sizes:
            return [int(number) for number in self.known(index, what).reshape(-1)]
        return [size for size in sizes if size is not None]

    def shape(self, index: int = 0) -> Shape:
        """The static shape of an output.

        Raises:
            Unsupported: not even its rank is known.
        """
        found = shape_of(self.node.outputs[index])
        if found is None:
            raise Unsupported(
                "the rank of its result is not known",
                "Fix the shapes of the model's inputs (tf.TensorSpec).",
            )
        return found

    def input_shape(self, index: int = 0) -> Shape:
        """The static shape of an input, with the same errors."""
        found = self.values.shape(self.node.inputs[index])
        if found is None:
            raise Unsupported(
                f"the rank of '{self.node.inputs[index].name}' is not known",
                "Fix the shapes of the model's inputs (tf.TensorSpec).",
            )
        return found

    @property
    def dtype(self) -> DType:
        """The element type of the first output."""
        return dtype_of(self.node.outputs[0].dtype)
