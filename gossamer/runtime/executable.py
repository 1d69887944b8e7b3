"""What runs a subgraph: the protocol, and the choice between its implementations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from gossamer.runtime.reference import ReferenceExecutable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from gossamer.ir.graph import Model, Tensor
    from gossamer.ir.types import Array, Shape


class Executable(Protocol):
    """A subgraph that is ready to run with fixed input shapes.

    `invoke` takes no arguments, so that it can be the native function itself.
    """

    invoke: Callable[[], None]
    moving: frozenset[Tensor]
    """Tensors whose array is another one after each `invoke`."""

    def view(self, tensor: Tensor) -> Array | None:
        """The live memory of a tensor's value; None where it is not kept.

        Inputs, outputs and variables always have one.
        """
        ...

    def shape(self, tensor: Tensor) -> Shape:
        """The shape of a tensor's value, -1 where only running can tell."""
        ...


def prepare(
    model: Model,
    subgraph: int,
    shapes: Mapping[Tensor, Shape],
    *,
    threads: int,  # noqa: ARG001
    keep_all: bool,
    reference: bool,  # noqa: ARG001
) -> Executable:
    """Make one subgraph of a model ready to run.

    Args:
        model: the whole model; operators may call its other subgraphs.
        subgraph: the index of the subgraph to run.
        shapes: the shape of every input tensor of that subgraph.
        threads: how many threads `invoke` may use, at least 1.
        keep_all: whether every intermediate result can be read after `invoke`.
        reference: whether to run the operators' meaning instead of machine code.

    Raises:
        GraphError: an operator cannot take the shapes that reach it.
        UnsupportedError: there is no kernel for an operator.
    """
    return ReferenceExecutable(model.subgraphs[subgraph], shapes, keep_all=keep_all)
