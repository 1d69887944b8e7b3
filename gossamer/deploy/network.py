"""What is compiled of a model: one of its graphs, for one shape of each input."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gossamer.deploy.shapes import input_shapes
from gossamer.runtime import mistakes

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gossamer.ir.graph import Model, Signature, Subgraph, Tensor
    from gossamer.ir.types import Shape


@dataclass(frozen=True, slots=True, eq=False)
class Network:
    """What is compiled.

    Attributes:
        model: where it is from.
        name: what functions' names begin with.
        signature: whose graph it is, and which names inputs and outputs; without one
            it is the model's main graph.
        shapes: of inputs; sizes that are left open are taken as 1.
    """

    model: Model
    name: str
    signature: Signature | None
    shapes: Mapping[Tensor, Shape]

    @classmethod
    def of(
        cls,
        model: Model,
        name: str,
        signature: str | None = None,
        shapes: Mapping[str, Sequence[int]] | None = None,
    ) -> Network:
        """The graph of a signature, or else the main one.

        Args:
            model: the model.
            name: what functions' names begin with.
            signature: a key of the model's.
            shapes: of inputs by their names.

        Raises:
            InputError: no such signature or input, or a shape that it cannot have.
        """
        found = _signature(model, signature)
        subgraph = found.subgraph if found else 0
        return cls(model, name, found, input_shapes(model, subgraph, shapes or {}))

    @property
    def graph(self) -> Subgraph:
        if self.signature is None:
            return self.model.main
        return self.model.subgraphs[self.signature.subgraph]

    @property
    def signatures(self) -> tuple[Signature, ...]:
        """All ways to call the graph."""
        graphs = self.model.subgraphs
        return tuple(
            x for x in self.model.signatures if graphs[x.subgraph] is self.graph
        )

    @property
    def is_main(self) -> bool:
        """Whether it is what an interpreter runs that is asked for no signature."""
        return self.graph is self.model.main

    @property
    def left_out(self) -> list[str]:
        """The keys of the signatures that belong to other graphs."""
        own = self.signatures
        return [each.key for each in self.model.signatures if each not in own]


def _signature(model: Model, key: str | None) -> Signature | None:
    if key is None:
        return next((x for x in model.signatures if x.subgraph == 0), None)
    found = {each.key: each for each in model.signatures}
    if key not in found:
        raise mistakes.unknown_signature(key, list(found))
    return found[key]
