"""A subgraph within another: what it takes from around it becomes an input."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from gossamer.ir.build import Builder, free_shape
from gossamer.ir.types import TensorType

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gossamer.ir.graph import Subgraph, Tensor
    from gossamer.ir.op import Op
    from gossamer.ir.quantization import Quantization


class Inner(Builder):
    """Builds the subgraph of a loop or a branch.

    Nodes may be given tensors of the graph around it. Constants among them are
    repeated, with the same array, which a file stores once; others are captured.
    """

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self._known: dict[Tensor, Tensor] = {}
        self._captured: dict[Tensor, Tensor] = {}

    @property
    def captured(self) -> list[Tensor]:
        """The tensors of the graph around it that it reads."""
        return list(self._captured)

    def own(self, tensor: Tensor) -> Tensor:
        """The tensor that stands for `tensor` in this graph."""
        if tensor not in self._known:
            self._known[tensor] = (
                replace(tensor, name=self.unique(tensor.name))
                if tensor.is_constant
                else self._capture(tensor)
            )
        return self._known[tensor]

    def variable(self, name: str, like: Tensor) -> Tensor:
        """An input of the type of a tensor around it."""
        made = self.input(name, TensorType(like.dtype, free_shape(like)))
        self._known[made] = made
        return made

    def _capture(self, tensor: Tensor) -> Tensor:
        made = self.variable(tensor.name, tensor)
        self._inputs.remove(made)  # captured tensors follow all variables
        self._captured[tensor] = made
        return made

    def nodes(
        self,
        op: Op,
        *inputs: Tensor | None,
        names: Sequence[str] = (),
        quantization: Quantization | None = None,
        types: Sequence[TensorType] | None = None,
    ) -> tuple[Tensor, ...]:
        """See `Builder.nodes`; the inputs may be tensors of the graph around."""
        given = (None if x is None else self.own(x) for x in inputs)
        made = super().nodes(
            op, *given, names=names, quantization=quantization, types=types
        )
        self._known.update((y, y) for y in made)
        return made

    def close(self, outputs: Sequence[Tensor], captured: Sequence[Tensor]) -> Subgraph:
        """The subgraph; after its variables, its inputs are those of `captured`."""
        given = [self.own(x) for x in captured]
        results = [self.own(y) for y in outputs]
        self._inputs += given
        return self.finish(results)
