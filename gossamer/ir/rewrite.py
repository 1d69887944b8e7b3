"""Change a subgraph: the only way in which passes make a new one."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from gossamer.ir.graph import Model, Node, Subgraph, Tensor


def substitute(subgraph: Subgraph, tensors: Mapping[Tensor, Tensor]) -> Subgraph:
    """The same graph with some tensors replaced wherever they are mentioned."""
    if not tensors:
        return subgraph

    def of(tensor: Tensor) -> Tensor:
        return tensors.get(tensor, tensor)

    nodes = tuple(
        replace(
            node,
            inputs=tuple(None if x is None else of(x) for x in node.inputs),
            outputs=tuple(of(y) for y in node.outputs),
            intermediates=tuple(of(t) for t in node.intermediates),
        )
        for node in subgraph.nodes
    )
    return with_nodes(
        replace(
            subgraph,
            inputs=tuple(of(x) for x in subgraph.inputs),
            outputs=tuple(of(y) for y in subgraph.outputs),
        ),
        nodes,
    )


def with_nodes(subgraph: Subgraph, nodes: Iterable[Node]) -> Subgraph:
    """The subgraph with other nodes; its tensors are those still mentioned."""
    kept = tuple(nodes)
    mentioned: dict[Tensor, None] = dict.fromkeys(subgraph.inputs)
    for node in kept:
        mentioned.update(dict.fromkeys(x for x in node.inputs if x is not None))
        mentioned.update(dict.fromkeys(node.intermediates))
        mentioned.update(dict.fromkeys(node.outputs))
    mentioned.update(dict.fromkeys(subgraph.outputs))
    for tensor in tuple(mentioned):
        mentioned.update(dict.fromkeys(_parameters(tensor)))
    return replace(subgraph, nodes=kept, tensors=tuple(mentioned))


def _parameters(tensor: Tensor) -> Iterator[Tensor]:
    """The tensors that hold a tensor's scales and zero points, where some do."""
    quantization = tensor.quantization
    if quantization is None:
        return
    for kind in (quantization.blockwise, quantization.multi_axis):
        if kind is not None:
            yield from (t for t in (kind.scales, kind.zero_points) if t is not None)


def with_subgraph(
    model: Model,
    index: int,
    subgraph: Subgraph,
    tensors: Mapping[Tensor, Tensor] | None = None,
) -> Model:
    """The model with one subgraph replaced, and its signatures led to new tensors."""
    moved = tensors or {}
    signatures = tuple(
        replace(
            signature,
            inputs={k: moved.get(t, t) for k, t in signature.inputs.items()},
            outputs={k: moved.get(t, t) for k, t in signature.outputs.items()},
        )
        if signature.subgraph == index
        else signature
        for signature in model.signatures
    )
    subgraphs = list(model.subgraphs)
    subgraphs[index] = subgraph
    return replace(model, subgraphs=tuple(subgraphs), signatures=signatures)
