"""What lies around a node while it runs: other subgraphs, and state with a name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gossamer.ir.types import Array


class Environment(Protocol):
    """The interpreter, as an operator sees it that does more than compute.

    A *resource* is a variable or a table. It is known by its kind and the names that
    the model gives it; tensors of type `resource` hold its handle, a whole number.
    """

    def handle(self, kind: str, container: str, name: str) -> int:
        """The number that stands for a resource, the same for the same names."""
        ...

    def value(self, handle: int) -> Any:
        """What a resource holds.

        Raises:
            ExecutionError: nothing was assigned yet, or there is no such handle.
        """
        ...

    def assign(self, handle: int, value: Any) -> None:
        """Put a value into a resource.

        Raises:
            ExecutionError: there is no such handle, or its memory has another shape.
        """
        ...

    def holds(self, handle: int) -> bool:
        """Whether a value was assigned to a resource."""
        ...

    def call(self, subgraph: int, inputs: Sequence[Array]) -> tuple[Array, ...]:
        """The outputs of another subgraph of the model for the given inputs."""
        ...

    def call_once(self, subgraph: int) -> None:
        """Run a subgraph without inputs, unless it ran before."""
        ...
